"""Which of the posts that came back answer the query, and in which order: rank fusion and a cutoff for each query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.search.points import Found, Signal, Vector

Matrix = NDArray[np.float32]
Evidence = tuple[Mapping[Signal, Sequence[Found]], Mapping[Signal, float]]
"""Each signal's ranking, best first, and the score from which it matches."""

RRF_K = 60
UNRELATED = 1 / 512
"""Keeps the scores of unrelated posts below those of related ones; the worst of these has rank 500 in one signal."""
SAME_SCORE = 1e-6
WEIGHTS: Mapping[Signal, float] = {Signal.IMAGE: 1.0, Signal.PROMPT: 0.25, Signal.WORDS: 2.0}
"""What `make eval-search` chooses on its development half: who names exact words means them, see record 41."""
DEVIATIONS: Mapping[Signal, float] = {Signal.IMAGE: 3.5, Signal.PROMPT: 3.0}
"""How far above the background a score must lie, in standard deviations."""
SHARE_OF_BEST_WORDS = 0.5
SMALLEST_BACKGROUND = 64


@dataclass
class Candidate:
    """A post with what each signal says of it."""

    found: Found
    score: float = 0.0
    matched: tuple[Signal, ...] = ()


def fuse(
    answers: Mapping[Signal, Sequence[Found]],
    cutoffs: Mapping[Signal, float],
    weights: Mapping[Signal, float] = WEIGHTS,
) -> list[Candidate]:
    """Merge rankings, best first: reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009, SIGIR).

    A signal matches a post when its score reaches the signal's cutoff. Only signals that match count, for the rank of a
    post that a signal knows nothing about is chance. Posts that no signal matches follow, by all their ranks.
    """
    candidates: dict[str, Candidate] = {}
    for signal, ranking in answers.items():
        for rank, found in zip(_ranks(ranking), ranking, strict=True):
            candidate = candidates.setdefault(found.post_id, Candidate(found))
            share = weights[signal] / (RRF_K + rank)
            if found.score >= cutoffs[signal]:
                candidate.score = share + (candidate.score if candidate.matched else 0.0)
                candidate.matched += (signal,)
            elif not candidate.matched:
                candidate.score += share * UNRELATED
    return sorted(candidates.values(), key=lambda one: (not one.matched, -one.score, one.found.post_id))


def _ranks(ranking: Sequence[Found]) -> list[int]:
    """Ranks from 1; equal scores share the better one."""
    ranks: list[int] = []
    for place, found in enumerate(ranking, start=1):
        same = place > 1 and abs(found.score - ranking[place - 2].score) <= SAME_SCORE
        ranks.append(ranks[-1] if same else place)
    return ranks


def cutoff(query: Vector, background: Matrix, deviations: float) -> float:
    """The score from which a post is related to the query.

    Args:
        query: (d,), unit length.
        background: (n, d), unit vectors of things that were not asked for; a few that were do no harm.
        deviations: how far above the background a related score lies, see `DEVIATIONS`.

    Returns:
        The median plus so many robust standard deviations (1.4826 times the median absolute deviation) of the
        background's scores; minus infinity for a background of less than `SMALLEST_BACKGROUND`.
    """
    if len(background) < SMALLEST_BACKGROUND:
        return -np.inf
    scores = background @ np.asarray(query, dtype=np.float32)
    middle = np.median(scores)
    spread = 1.4826 * np.median(np.abs(scores - middle))
    return float(middle + deviations * spread)


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
