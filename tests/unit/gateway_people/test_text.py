"""What is kept of a text that people type."""

from __future__ import annotations

import pytest

from services.gateway.edge.text import one_line, several_lines

BLANK = ["\u200b", "\u200b \u00a0\u2060", "\ufeff", "\u00ad", "\ufe0f", "\u0301", "\u3164", "\u2800", "\U000e0020"]


@pytest.mark.parametrize("text", BLANK)
def test_a_text_that_nobody_sees_is_empty(text: str) -> None:
    assert one_line(text) == several_lines(f"{text}\n{text}") == ""


@pytest.mark.parametrize("text", ["a", "狐", "🦊", "👩\u200d🚀", "❤\ufe0f", "?", "a\u200bb", "é", "\U000107f9"])
def test_whatever_shows_is_kept_as_it_is(text: str) -> None:
    assert one_line(text) == text
