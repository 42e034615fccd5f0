"""Thirteen ways in which people hide words from filters, and padding; for measuring what they cost."""

from __future__ import annotations

import base64
import codecs
from collections.abc import Callable

PADDING = (
    "a wide landscape with rolling hills, scattered clouds and a small village by the river, soft morning light on the"
    " roofs, a wooden bridge with stone pillars, tall grass moving in the wind, a flock of birds above the trees, "
)


def _map(sources: str, targets: str) -> Callable[[str], str]:
    table = str.maketrans(sources, targets)
    return lambda text: text.translate(table)


def _letters(upper: int, lower: int) -> Callable[[str], str]:
    def change(text: str) -> str:
        return "".join(
            chr(upper + ord(c) - 65) if "A" <= c <= "Z" else chr(lower + ord(c) - 97) if "a" <= c <= "z" else c
            for c in text
        )

    return change


def _within_words(joiner: str, between: str) -> Callable[[str], str]:
    return lambda text: between.join(joiner.join(word) for word in text.split())


EVASIONS: dict[str, Callable[[str], str]] = {
    "leet": _map("aeiostAEIOST", "431057431057"),
    "homoglyphs": _map("aceopxyiACEOPXBHKMT", "асеорхуіАСЕОРХВНКМТ"),
    "zero-width": lambda text: "\u200b".join(text),
    "spacing": _within_words(" ", "  "),
    "dots": _within_words(".", " "),
    "fullwidth": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "math bold": _letters(0x1D400, 0x1D41A),
    "diacritics": lambda text: "".join(c + "\u0301" if c.isalpha() else c for c in text),
    "repeats": lambda text: "".join(c * 3 if c.lower() in "aeiou" else c for c in text),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "ROT13": lambda text: codecs.encode(text, "rot13"),
    "reversed": lambda text: text[::-1],
    "tag characters": lambda text: "".join(chr(0xE0000 + ord(c)) if " " <= c <= "~" else c for c in text),
}


def padded(text: str) -> str:
    """The text in the middle of harmless sentences."""
    return PADDING * 2 + text + ", " + PADDING * 2
