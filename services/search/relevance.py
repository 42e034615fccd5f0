"""Which of the posts that came back answer the query, and in which order: rank fusion and a cutoff for each query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.search.points import Found, Signal, Vector

Matrix = NDArray[np.float32]

RRF_K = 60
WEIGHTS: Mapping[Signal, float] = {Signal.IMAGE: 1.0, Signal.PROMPT: 1.0, Signal.WORDS: 1.0}
DEVIATIONS: Mapping[Signal, float] = {Signal.IMAGE: 3.0, Signal.PROMPT: 3.0}
"""How far above the background a score must lie, in standard deviations."""
SHARE_OF_BEST_WORDS = 0.5
SMALLEST_BACKGROUND = 64


@dataclass
class Candidate:
    """A post with what each signal says of it."""

    found: Found
    score: float = 0.0
    matched: tuple[Signal, ...] = ()


def fuse(answers: Mapping[Signal, Sequence[Found]], cutoffs: Mapping[Signal, float]) -> list[Candidate]:
    """Merge rankings, best first: reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009, SIGIR).

    A signal matches a post when its score reaches the signal's cutoff.
    Posts that some signal matches come before all that none does.
    """
    candidates: dict[str, Candidate] = {}
    for signal, ranking in answers.items():
        for rank, found in enumerate(ranking, start=1):
            candidate = candidates.setdefault(found.post_id, Candidate(found))
            candidate.score += WEIGHTS[signal] / (RRF_K + rank)
            if found.score >= cutoffs[signal]:
                candidate.matched += (signal,)
    return sorted(candidates.values(), key=lambda one: (not one.matched, -one.score, one.found.post_id))


def cutoff(query: Vector, background: Matrix, signal: Signal) -> float:
    """The score from which a post is related to the query.

    Args:
        query: (d,), unit length.
        background: (n, d), unit vectors of things that were not asked for; a few that were do no harm.

    Returns:
        Median plus so many robust standard deviations (1.4826 times the median absolute deviation) of the
        background's scores; minus infinity for a background of less than `SMALLEST_BACKGROUND`.
    """
    if len(background) < SMALLEST_BACKGROUND:
        return -np.inf
    scores = background @ np.asarray(query, dtype=np.float32)
    middle = np.median(scores)
    deviation = 1.4826 * np.median(np.abs(scores - middle))
    return float(middle + DEVIATIONS[signal] * deviation)


def word_cutoff(ranking: Sequence[Found]) -> float:
    """Words match when they weigh at least half of what the best post's words do."""
    return SHARE_OF_BEST_WORDS * ranking[0].score if ranking else np.inf


def mean_vector(vectors: Sequence[Vector]) -> list[float]:
    """The unit vector in the middle of some."""
    mean = np.asarray(vectors, dtype=np.float32).mean(axis=0)
    length = float(np.linalg.norm(mean))
    unit: list[float] = (mean / length if length > 0 else mean).tolist()
    return unit


def matrix(vectors: Sequence[Vector]) -> Matrix:
    return np.asarray(vectors, dtype=np.float32)
