"""How soon containers somewhere else would begin to paint, from what was seen of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from services.generation.ports import Readiness

COLD_START_S = 20.0
"""Believed until a cold start was seen: a restore from a snapshot, or less."""


class Warmth:
    """Learns from the calls that are made and from what the autoscaler asked for. Used from several threads."""

    def __init__(self, *, scaledown_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._scaledown_s = now, scaledown_s
        self._cold_start_s = COLD_START_S
        self._kept = False
        self._waking_since: float | None = None
        self._warm_until = float("-inf")
        self._lock = threading.Lock()

    @property
    def cold_start_s(self) -> float:
        """What a start takes, as far as has been seen."""
        return self._cold_start_s

    def asked(self) -> float | None:
        """A call was made; give to `answered` what this gives: when the wait for a cold container began, if it did."""
        with self._lock:
            if self._now() >= self._warm_until and self._waking_since is None:
                self._waking_since = self._now()
            return self._waking_since

    def answered(self, waking_since: float | None, paint_s: float) -> None:
        """A call came back; the model itself took `paint_s` of its time."""
        with self._lock:
            now = self._now()
            if waking_since is not None and waking_since == self._waking_since:
                cold_start_s = max(0.0, now - waking_since - paint_s)
                self._cold_start_s = 0.5 * self._cold_start_s + 0.5 * cold_start_s
            self._waking_since = None
            self._warm_until = now + self._scaledown_s

    def failed(self) -> None:
        """A call did not come back: whether anything is warm is no longer known."""
        with self._lock:
            self._waking_since = None
            self._warm_until = float("-inf")

    def keeping(self, min_containers: int, scaledown_s: float) -> None:
        """The autoscaler asked for so many containers at least."""
        with self._lock:
            self._scaledown_s = scaledown_s
            kept, self._kept = self._kept, min_containers > 0
            if self._kept and not kept and self._now() >= self._warm_until and self._waking_since is None:
                self._waking_since = self._now()

    def readiness(self) -> Readiness:
        """Whether a call made now would be painted at once."""
        with self._lock:
            now = self._now()
            if self._waking_since is not None:
                left_s = self._waking_since + self._cold_start_s - now
                if left_s > 0 or not self._kept:
                    return Readiness("waking", max(left_s, 1.0))
                return Readiness("warm")  # asked to be kept, and given the time
            if self._kept or now < self._warm_until:
                return Readiness("warm")
            return Readiness("asleep", self._cold_start_s)
