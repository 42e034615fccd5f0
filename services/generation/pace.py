"""How long pictures take, alone and together, from the batches that were painted."""

from __future__ import annotations

UNKNOWN_S = 1.0
"""Believed of a picture until one was painted."""
SMOOTHING = 0.2
FORGETTING = 0.98
"""What a batch counts for when the next one is noted: about the last fifty matter."""


class Pace:
    """Measured times of whole batches, and the line through them: a batch takes a start and as much again for each of
    its pictures (least squares, weighted exponentially by age). Seconds."""

    def __init__(self) -> None:
        self._waited_s: float | None = None
        self._weight = self._pictures = self._seconds = self._squares = self._products = 0.0

    def waited(self, pictures: int, seconds: float) -> None:
        """So many were waited for together, for so long."""
        each_s = seconds / pictures
        self._waited_s = each_s if self._waited_s is None else (1 - SMOOTHING) * self._waited_s + SMOOTHING * each_s

    def painted(self, pictures: int, seconds: float) -> None:
        """The model itself took so long for a batch of so many."""
        self._weight = FORGETTING * self._weight + 1
        self._pictures = FORGETTING * self._pictures + pictures
        self._seconds = FORGETTING * self._seconds + seconds
        self._squares = FORGETTING * self._squares + pictures * pictures
        self._products = FORGETTING * self._products + pictures * seconds

    @property
    def picture_s(self) -> float:
        """How long one picture was waited for within its batch: a moving average."""
        return UNKNOWN_S if self._waited_s is None else self._waited_s

    @property
    def alone_s(self) -> float:
        """What one picture takes in a batch of its own."""
        return self._batch_s(1) if self._weight else UNKNOWN_S

    def batch_gain(self, full: int) -> float:
        """The share of that which it takes in a batch of `full`, 1/`full` to 1. It is 1 while all batches had one size,
        so that nothing is counted on which was not seen."""
        if not self._weight or full < 1 or not self.alone_s:
            return 1.0
        return min(1.0, max(1 / full, self._batch_s(full) / (full * self.alone_s)))

    def _batch_s(self, pictures: int) -> float:
        mean, mean_s = self._pictures / self._weight, self._seconds / self._weight
        spread = self._squares / self._weight - mean * mean
        if spread < 1e-6:
            return pictures * mean_s / mean
        # Neither a batch that takes longer the smaller it is, nor a picture that takes less than nothing.
        slope = min(mean_s / mean, max(0.0, (self._products / self._weight - mean * mean_s) / spread))
        return mean_s + slope * (pictures - mean)
