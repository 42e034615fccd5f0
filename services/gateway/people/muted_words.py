"""Which texts hold a word or phrase that somebody muted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai and Lao, Burmese, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"  # Kana, Han, Hangul
)
"""Letters of scripts that set no space between words, or hang particles on them: there a word ends anywhere."""


def pattern(entries: Iterable[Mapping[str, Any]], now: datetime) -> re.Pattern[str] | None:
    """What finds those of the words `{word, until?}` that have not expired in folded text; None when there are none."""
    words = [fold(entry["word"]) for entry in entries if entry.get("until") is None or entry["until"] > now]
    found = [_whole(parts) for word in words if (parts := word.removeprefix("#").split() or word.split())]
    return re.compile("|".join(found)) if found else None


def fold(text: str) -> str:
    """Text as it is compared: the case and the form of its letters say nothing."""
    return unicodedata.normalize("NFKC", text).casefold()


def _whole(parts: list[str]) -> str:
    """A phrase between word boundaries, with any space between its words."""
    before = "" if _UNSPACED.match(parts[0][0]) else r"(?<!\w)"
    after = "" if _UNSPACED.match(parts[-1][-1]) else r"(?!\w)"
    return before + r"\s+".join(map(re.escape, parts)) + after
