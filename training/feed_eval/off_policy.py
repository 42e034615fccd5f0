"""What another policy would have earned, from what this one logged.

Each draw of an explore slot has a known probability. Inverse propensity scoring weighs a reward by how much more often
the other policy would have drawn it; the doubly robust estimator (Dudík, Langford, Li 2011) weighs only what a model of
the reward did not foresee, and is right when either the model or the propensities are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Draw:
    """One explore slot. Columns have a row for each post that could be drawn; `expected` is a model's reward."""

    chosen: int
    propensity: float
    reward: float
    expected: Column


def direct(draws: Sequence[Draw], policy: Callable[[int], Column]) -> float:
    """The model's word alone. `policy` gives the other policy's probabilities in each draw."""
    return float(np.mean([policy(number) @ draw.expected for number, draw in enumerate(draws)]))


def inverse_propensity(draws: Sequence[Draw], policy: Callable[[int], Column]) -> float:
    """The log's word alone: no model, no bias, much variance."""
    return float(np.mean([_weight(draw, policy(number)) * draw.reward for number, draw in enumerate(draws)]))


def doubly_robust(draws: Sequence[Draw], policy: Callable[[int], Column]) -> float:
    """The model's word, set right by what the log says of its errors."""
    corrections = [
        _weight(draw, policy(number)) * (draw.reward - draw.expected[draw.chosen]) for number, draw in enumerate(draws)
    ]
    return direct(draws, policy) + float(np.mean(corrections))


def _weight(draw: Draw, probabilities: Column) -> float:
    return float(probabilities[draw.chosen] / draw.propensity)
