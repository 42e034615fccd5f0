"""How sure a mean is: the bootstrap interval that every evaluation reports."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROUNDS = 1000


def interval(values: NDArray[np.float64], *, seed: int) -> tuple[float, float, float]:
    """Mean and its 95 % interval, by drawing `values` again with replacement (Efron, 1979)."""
    chance = np.random.default_rng(seed)
    means = values[chance.integers(len(values), size=(ROUNDS, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(values.mean()), float(low), float(high)
