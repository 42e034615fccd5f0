"""Which parts of a long text are read closely: its beginning, and the windows whose words are most suspicious.

Embedding costs time by the token, and one phrase buried in padding hardly moves the embedding of the whole. So every
window of 20 words (in steps of 10) is weighed by its words alone, and only the worst goes to the encoder.
"""

from __future__ import annotations

import re
from itertools import chain

from services.moderation.text.normalise import Reading

WINDOW_WORDS = 20
STRIDE_WORDS = 10
MAX_TOKENS = 128
"""Tokens of one text that are embedded; the heads are trained on texts cut in the same place."""
WINDOW_TOKENS = 64
"""Of a window: three times what twenty words have. Only where words are no words would there be more to embed."""
_UNSPACED = re.compile(r"\S++")


def flatten(reading: Reading) -> Reading:
    """The reading with each run of blanks as one space and none at the ends."""
    if reading.text == " ".join(reading.text.split()):
        return reading
    text: list[str] = []
    origin: list[tuple[int, ...]] = []
    end = 0
    for match in _UNSPACED.finditer(reading.text):
        if text:
            text.append(" ")
            origin.append(reading.origin[end : end + 1])
        end = match.end()
        text.append(match[0])
        origin.append(reading.origin[match.start() : end])
    return Reading("".join(text), tuple(chain.from_iterable(origin)))


def windows(text: str) -> list[tuple[int, int]]:
    """Where overlapping windows of a flattened text begin and end; none is no longer than one and a half windows."""
    starts = [0] + [at + 1 for at, character in enumerate(text) if character == " "]
    if len(starts) <= WINDOW_WORDS + STRIDE_WORDS:
        return []
    ends = [start - 1 for start in starts[1:]] + [len(text)]
    firsts = range(0, len(starts) - STRIDE_WORDS, STRIDE_WORDS)
    return [(starts[first], ends[min(first + WINDOW_WORDS, len(starts)) - 1]) for first in firsts]
