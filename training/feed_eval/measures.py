"""What a ranking is worth: accuracy with binary relevance, and how varied, wide and surprising it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Table = NDArray[np.intp]


def top(scores: Matrix, known: NDArray[np.bool_], size: int) -> Table:
    """The best `size` columns of each row, best first, without the known."""
    masked = np.where(known, -np.inf, scores)
    best = np.argpartition(-masked, size, axis=1)[:, :size]
    order = np.argsort(-np.take_along_axis(masked, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


def accuracy(ranked: Table, relevant: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """nDCG and recall at the length of the list, of each person with something to find."""
    size = ranked.shape[1]
    hits = np.take_along_axis(relevant, ranked, axis=1)
    count = relevant.sum(axis=1)
    there = count > 0
    discount = 1.0 / np.log2(np.arange(2, size + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(count, size)]
    return (hits @ discount)[there] / ideal[there], hits.sum(axis=1)[there] / count[there]


def variety(ranked: Table, vectors: Matrix) -> float:
    """Intra-list distance: mean 1 − cosine over the pairs of each list, averaged over lists."""
    size = ranked.shape[1]
    chosen = vectors[ranked]
    total = chosen.sum(axis=1)
    cosine = ((total**2).sum(axis=1) - (chosen**2).sum(axis=(1, 2))) / (size * (size - 1))
    return float(1.0 - cosine.mean())


def coverage(ranked: Table, items: int) -> float:
    """Share of all items that anybody is shown."""
    return len(np.unique(ranked)) / items


def novelty(ranked: Table, popularity: NDArray[np.float64]) -> float:
    """Mean −log2 of the share of people who know a shown item: higher is less obvious."""
    return float(-np.log2(np.maximum(popularity[ranked], 1e-6)).mean())
