"""Contexts count only for the viewer and post they were given out for."""

from __future__ import annotations

import pytest

from services.feed.cursors import FeedContext, read_context

SECRET = b"s" * 32
CONTEXT = FeedContext("session:3", 7, "explore", 0.0125)


def test_a_context_comes_back_as_it_was() -> None:
    assert read_context(CONTEXT.sign(SECRET, "bob", "post"), SECRET, "bob", "post") == CONTEXT


@pytest.mark.parametrize(
    ("secret", "viewer", "post"), [(b"t" * 32, "bob", "post"), (SECRET, "eve", "post"), (SECRET, "bob", "other")]
)
def test_a_context_of_another_key_viewer_or_post_is_not_believed(secret: bytes, viewer: str, post: str) -> None:
    assert read_context(CONTEXT.sign(SECRET, "bob", "post"), secret, viewer, post) is None


@pytest.mark.parametrize("text", [None, "", ".", "a.b", "ÿ.ÿ", "\ud800.\ud800", "x" * 100_000])
def test_what_we_did_not_write_is_not_believed(text: str | None) -> None:
    assert read_context(text, SECRET, "bob", "post") is None
    signed = CONTEXT.sign(SECRET, "bob", "post")
    assert read_context(signed + "0", SECRET, "bob", "post") is None
    assert read_context("A" + signed, SECRET, "bob", "post") is None
