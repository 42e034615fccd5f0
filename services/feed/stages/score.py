"""One number a candidate, and how much of it each source can claim."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.feed.records import Source
from services.feed.stages.features import Column, Features

SOURCES: Final[tuple[Source, ...]] = ("taste", "followed", "co_liked", "remix", "trending", "fresh")
AVERSION = 2.0
FLOOR = 0.02


def score(features: Features) -> tuple[Column, NDArray[np.float32]]:
    """Scores, and the contributions they are made of: rows like `SOURCES`, columns like the candidates.

    score = (Σ contributions + quality) · welcome; what is nearest kin to a fresh "less like this" gets −∞.
    """
    contributions = np.stack(
        [
            2.0 * features.taste,
            0.8 * features.followed + 0.4 * features.affinity * (features.followed > 0),
            0.8 * features.co_liked,
            0.5 * features.remix,
            0.5 * features.trending,
            0.3 * features.fresh,
        ]
    )
    total = contributions.sum(axis=0) + 0.3 * features.quality + FLOOR
    scores = total * welcome(features)
    return np.where(features.banned, -np.inf, scores).astype(np.float32), contributions


def welcome(features: Features) -> Column:
    """What "less like this" leaves of each candidate, 0…1: e^(−2 · aversion)."""
    left: Column = np.exp(-AVERSION * features.aversion)
    return left
