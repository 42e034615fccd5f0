"""How many containers were needed around this time one period ago, for every period that divides a day."""

from __future__ import annotations

import math

BIN_S = 15.0
DAY_S = 86_400
PERIODS = tuple(round(DAY_S / share / BIN_S) for share in (96, 72, 48, 36, 24, 16, 12, 8, 6, 4, 3, 2, 1))
"""In bins: from a quarter of an hour to a day."""
KEPT = 2 * PERIODS[-1]
EARLY, LATE = 1.5, 2
"""Containers are called for so many starts before they were needed, and stay so many bins after."""


class Schedule:
    """Remembers a day of demand. Times are seconds on any one clock."""

    def __init__(self) -> None:
        self.bins = 0
        """So many have begun."""
        self._first: float | None = None
        self._next_at = -math.inf
        self._needed: list[int] = []
        self._sum = self._count = 0

    def begins(self, now: float) -> bool:
        """Move on to this time; tells whether a bin has begun, and what was foretold may have changed."""
        if now < self._next_at:
            return False
        if self._first is None:
            self._first = now
        begun = max(1, int((now - self._first) / BIN_S) + 1 - self.bins)
        self._needed.extend([1] * min(begun, KEPT))
        if len(self._needed) > 2 * KEPT:
            del self._needed[:-KEPT]
        self.bins += begun
        self._next_at = self._first + self.bins * BIN_S
        self._sum = self._count = 0
        return True

    def note(self, needed: int) -> None:
        """So many are needed now."""
        self._sum += needed
        self._count += 1
        self._needed[-1] = max(1, math.ceil(self._sum / self._count - 0.5))

    def foretold(self, period: int, start_s: float) -> int:
        """What this time one period ago calls for; 1 when it is not known."""
        then = len(self._needed) - 1 - period
        ahead = math.ceil(EARLY * start_s / BIN_S) + 1
        return max(self._needed[max(0, then - LATE) : then + ahead], default=1) if then >= 0 else 1
