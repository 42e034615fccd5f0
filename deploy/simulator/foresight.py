"""What those could do who know demand beforehand: a bound for all of it, and a policy for some seconds of it."""

from __future__ import annotations

import math
from bisect import bisect_right

from deploy.simulator.platform import Platform
from deploy.simulator.traces import Trace
from services.generation.scaling.ports import Target

AHEAD_S = 60.0
WINDOW_S = 0.5
PATIENCE_S = 1.2


def clairvoyant_s(arrivals: list[float], services: list[float], platform: Platform, *, promised_s: float) -> float:
    """A lower bound on container-seconds of anyone who knows the future and answers all within `promised_s`.

    The greater of two bounds: all work in full batches with every pause used as well as can be, as if containers were
    divisible; and at least one container whenever one is needed, as if it could do any amount of work.
    """
    return max(
        _packed_s(arrivals, services, platform, promised_s), _covered_s(arrivals, services, platform, promised_s)
    )


def _packed_s(arrivals: list[float], services: list[float], platform: Platform, promised_s: float) -> float:
    """Every request costs at least its share of a full batch. Between two pieces of work a container either idles or is
    started again, whichever is cheaper, and work may be put off as far as the promise allows."""
    total = platform.cold_start_s
    free_at = arrivals[0]
    for at, service in zip(arrivals, services, strict=True):
        slack = max(0.0, promised_s - platform.overhead_s - service)
        total += min(max(0.0, at - free_at - slack), platform.cold_start_s)
        total += service * platform.batch_gain
        free_at = max(free_at, at) + service * platform.batch_gain
    return total


def _covered_s(arrivals: list[float], services: list[float], platform: Platform, promised_s: float) -> float:
    """The cheapest way to cut demand into runs of requests, each served by one container that is started anew for it
    and stays from the latest moment at which its first request can begin to the earliest at which its last can end."""
    slacks = [max(0.0, promised_s - platform.overhead_s - service) for service in services]
    cheapest = [0.0]
    long_run_s, first = math.inf, 0  # of runs longer than their first request's slack: the least cost, without the end
    for last, (at, service) in enumerate(zip(arrivals, services, strict=True)):
        while first <= last and at - arrivals[first] >= slacks[first]:
            long_run_s = min(long_run_s, cheapest[first] - slacks[first] - arrivals[first])
            first += 1
        best = long_run_s + at + service
        if first <= last:
            best = min(best, cheapest[first] + service)
        cheapest.append(best + platform.cold_start_s)
    return cheapest[-1]


class Foresight:
    """A policy that is told each request `AHEAD_S` before it comes, longer than a start takes: no sign can be better.

    It starts a container just in time, keeps one over a pause that is shorter than a start, and plans for the load that
    it sees. What it can't know is how long the next start will take.
    """

    def __init__(self, trace: Trace, platform: Platform, *, most: int = 100) -> None:
        self._arrivals, self._services, self._platform = trace.arrivals, trace.services, platform
        self._most = most
        # Nearly all starts are over by then: three standard deviations, and none that fails to be restored.
        self._start_s = platform.cold_start_s * math.exp(3 * platform.jitter) + platform.control_s + 1.0
        self._in_flight = 0
        self._work_s = 0.0
        self._held, self._held_at = 1, 0.0

    def intended(self, now: float) -> None:
        """It knows better."""

    def arrived(self, now: float, work_s: float) -> None:
        self._in_flight += 1
        self._work_s += work_s

    def finished(self, now: float, work_s: float) -> None:
        self._in_flight -= 1
        self._work_s = max(0.0, self._work_s - work_s)

    def target(self, now: float) -> tuple[Target, float]:
        coming = bisect_right(self._arrivals, now)
        pause_s = self._arrivals[coming] - now if coming < len(self._arrivals) else math.inf
        if not self._in_flight and pause_s > self._start_s:
            return Target(0, 0, WINDOW_S, 1), now + pause_s - self._start_s
        count = self._count(now, coming)
        if count >= self._held or now - self._held_at > self._start_s:
            self._held, self._held_at = count, now
        return Target(self._held, 0, WINDOW_S, self._held), now + 1.0

    def _count(self, now: float, coming: int) -> int:
        """As many as keep what waits, and what is seen to come, below `PATIENCE_S` of work for each."""
        gain, count = self._platform.batch_gain, 1
        waiting_s, at = self._work_s * gain, now
        for index in range(coming, len(self._arrivals)):
            if self._arrivals[index] - now > min(AHEAD_S, self._start_s + WINDOW_S):
                break
            waiting_s = max(0.0, waiting_s - count * (self._arrivals[index] - at)) + self._services[index] * gain
            at = self._arrivals[index]
            if waiting_s > count * PATIENCE_S:
                count = min(self._most, math.ceil(waiting_s / PATIENCE_S))
        return count
