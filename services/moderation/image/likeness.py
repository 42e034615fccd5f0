"""When two fingerprints are of one picture, and by which parts of them it is found among many."""

from __future__ import annotations

from itertools import pairwise

SAME_WITHIN_BITS = 6
"""How many of the 64 bits of a picture's fingerprint scaling and recompression may change."""
BANDS = SAME_WITHIN_BITS + 1
_EDGES = [64 * band // BANDS for band in range(BANDS + 1)]


def alike(one: str, other: str) -> bool:
    """Whether two fingerprints, in hex digits, are of one picture."""
    return (int(one, 16) ^ int(other, 16)).bit_count() <= SAME_WITHIN_BITS


def bands(fingerprint: str) -> list[str]:
    """Parts of a fingerprint, each with its place: those of one picture share at least one, since there are more
    parts than bits that may differ. Of others one in seventy does.

    Source of the method: Norouzi, Punjani and Fleet, "Fast Search in Hamming Space with Multi-Index Hashing" (2012).
    """
    bits = int(fingerprint, 16)
    return [f"{start}:{bits >> start & (1 << end - start) - 1:x}" for start, end in pairwise(_EDGES)]
