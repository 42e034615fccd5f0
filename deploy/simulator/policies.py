"""The policies that are compared: Modal's defaults, fixed settings, Knative's, and ours."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from deploy.simulator.platform import Platform, Scaler
from services.generation.scaling.forecast import Forecast
from services.generation.scaling.ports import Target

MODAL_DEFAULT = Target(min_containers=0, buffer_containers=0, scaledown_window_s=60.0, max_containers=100)
ALWAYS_ONE = Target(min_containers=1, buffer_containers=0, scaledown_window_s=60.0, max_containers=1)
KEPT_ALIVE = Target(min_containers=1, buffer_containers=0, scaledown_window_s=300.0, max_containers=100)
STABLE_S, PANIC_S, PANIC_THRESHOLD = 60.0, 6.0, 2.0
TARGET_CONCURRENCY = 0.7


class KnativePodAutoscaler:
    """Knative's KPA: concurrency averaged over 60 s, or over 6 s while that calls for twice as many containers."""

    def __init__(self, platform: Platform, *, most: int = 100) -> None:
        self._capacity = platform.max_batch * TARGET_CONCURRENCY
        self._most = most
        self._in_flight = 0
        self._since = 0.0
        self._area = 0.0
        self._past: deque[tuple[float, float]] = deque([(0.0, 0.0)])
        self._panicking: deque[tuple[float, float]] = deque([(0.0, 0.0)])
        self._panic_until = -math.inf
        self._panicked = 0

    def intended(self, now: float) -> None:
        """It knows nothing of that."""

    def arrived(self, now: float, work_s: float) -> None:
        self._note(now)
        self._in_flight += 1

    def finished(self, now: float, work_s: float) -> None:
        self._note(now)
        self._in_flight -= 1

    def target(self, now: float) -> tuple[Target, float]:
        self._note(now)
        stable = math.ceil(self._average(now, self._past, STABLE_S) / self._capacity)
        panic = math.ceil(self._average(now, self._panicking, PANIC_S) / self._capacity)
        if panic >= PANIC_THRESHOLD * max(1, stable):
            self._panic_until = now + STABLE_S
        if now < self._panic_until:
            self._panicked = max(self._panicked, panic)
            count = max(self._panicked, stable)
        else:
            self._panicked, count = 0, stable
        count = min(self._most, count)
        busy = count > 0 or self._in_flight > 0
        return Target(count, 0, 2.0, max(1, count)), now + 2.0 if busy else math.inf

    def _note(self, now: float) -> None:
        self._area += (now - self._since) * self._in_flight
        self._since = now

    def _average(self, now: float, past: deque[tuple[float, float]], window_s: float) -> float:
        """Mean concurrency since about `window_s` ago, from the area under it at earlier looks."""
        past.append((now, self._area))
        while len(past) > 1 and past[1][0] <= now - window_s:
            past.popleft()
        at, area = past[0]
        return (self._area - area) / max(window_s, now - at)


def ours(platform: Platform) -> Forecast:
    """With one setting for every trace. It is told what a start takes and what a batch saves, on average: the service
    measures both."""
    return Forecast(
        cold_start_s=platform.mean_start_s, batch_gain=platform.batch_gain, most=100, control_s=platform.control_s
    )


POLICIES: dict[str, Callable[[Platform], Target | Scaler]] = {
    "Modal default": lambda _: MODAL_DEFAULT,
    "one, always": lambda _: ALWAYS_ONE,
    "one kept, 5 min": lambda _: KEPT_ALIVE,
    "Knative KPA": KnativePodAutoscaler,
    "ours": ours,
}
