"""Text that people type: normalised, and without characters that harm whoever reads or stores it."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and a symbol that show nothing: Hangul's fillers, and Braille without a dot."""


class StrictBody(BaseModel):
    """Base of request bodies: unknown fields and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _clean(text: str, allowed: str) -> str:
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    for character in text:
        if character in allowed:
            continue
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _BIDI_CONTROLS:
            raise ValueError(f"the character U+{ord(character):04X} is not allowed here")
    return text if any(map(_shows, text)) else ""


def _shows(character: str) -> bool:
    """Whether it is seen when it stands alone: no space, joiner, mark or filler."""
    return character not in _BLANK and unicodedata.category(character) not in ("Zs", "Cf", "Cc", "Mn", "Me")


def one_line(text: str) -> str:
    """NFC, trimmed, and empty when nothing of it shows.

    Raises `ValueError` for control characters, lone surrogates, line breaks and direction overrides.
    """
    return _clean(text, "")


def several_lines(text: str) -> str:
    """As `one_line`, with line breaks and tabs allowed."""
    return _clean(text, "\n\t")


Line = Annotated[str, AfterValidator(one_line)]
"""One line of text; add `Field(max_length=…)`, counted after normalising."""

Prose = Annotated[str, AfterValidator(several_lines)]
"""Text of several lines."""
