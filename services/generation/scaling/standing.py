"""How many containers stand ready while there is demand, because load at times grows faster than one starts.

Each way of standing ready is lived through on the demand that really came: a number that always stands, what was
needed one period ago, and, as long as no period has proved itself, two and whatever any period foretells that has not
been wrong yet. The cheapest is followed of those that would have let few requests come late.
"""

from __future__ import annotations

import math

from services.generation.scaling.keeping import LATE_SHARE, REMEMBERED, WAITS_S
from services.generation.scaling.schedule import BIN_S, PERIODS, Schedule

CAUTIOUS, CAUTIOUS_BINS = 2, round(3600 / BIN_S)
"""So many stand in the first hour, of which nothing is known, where tenfold demand would outgrow one container."""
SLOW_START_S = 10.0
"""A start that takes longer can't wait for what has been seen."""
FEWEST = 170
"""Requests that a period is judged on at least."""


class Way:
    """One way of standing ready, and how many requests it would have let come late."""

    def __init__(self, ready: int, period: int = 0) -> None:
        self.ready, self.period = ready, period
        self.late = self.requests = self.bins = self.cost = 0.0
        self._outgrown_at = math.inf
        self._backlog_s = self._seen_at = 0.0

    def note(self, now: float, needed: int, start_s: float, work_s: float) -> bool:
        """Live through this moment; tells whether it was strained. More containers come as demand outgrows these."""
        pace = self.ready
        if needed <= pace:
            self._outgrown_at = math.inf
        elif self._outgrown_at == math.inf:
            self._outgrown_at = now
        elif self._outgrown_at <= now - start_s:
            pace = needed
        # Comparisons instead of `max`: this runs for two dozen ways at every request of a replay.
        left_s = self._backlog_s - pace * (now - self._seen_at)
        if left_s < 0.0:
            left_s = 0.0
        backlog_s = self._backlog_s = left_s + work_s
        self._seen_at = now
        if not left_s and self._outgrown_at == math.inf:
            return False
        if work_s and backlog_s > WAITS_S * pace:
            self.late += 1
        return True

    @property
    def timely(self) -> bool:
        return self.late <= LATE_SHARE * max(self.requests, FEWEST)

    @property
    def mean(self) -> float:
        """Containers that stood, on average."""
        return self.cost / self.bins if self.bins else float(self.ready)

    def forget(self) -> None:
        """What is long past counts less."""
        if self.requests > 2 * REMEMBERED:
            self.late, self.requests, self.bins, self.cost = (
                each / 2 for each in (self.late, self.requests, self.bins, self.cost)
            )


class Standing:
    """Lives through demand with each way, and follows the cheapest that would have let few come late."""

    def __init__(self, most: int) -> None:
        self._schedule = Schedule()
        self._always = [Way(count) for count in range(1, most + 1)]
        self._outgrowable = self._always[:-1]
        self._periods = [Way(1, period) for period in PERIODS]
        self._untried = Way(CAUTIOUS)
        self._known: list[Way] = []  # the periods, and the untried, that have something to go by
        self._unlearnt = 0
        self._strained = False
        self._followed = self._always[0]
        self._requests = 0.0

    def count(self, now: float, start_s: float, load: float) -> int:
        """How many stand now; one takes `start_s` until it serves, and `load` is the last minute's, in containers."""
        self._move_on(now, start_s)
        unknown = self._schedule.bins <= CAUTIOUS_BINS and start_s > SLOW_START_S and 10 * load > 1
        return max(self._followed.ready, CAUTIOUS if unknown else 1)

    def note(self, now: float, needed: int, start_s: float, work_s: float = 0.0) -> None:
        """So many are needed now, and one takes `start_s` until it serves; `work_s` has just been asked for, if any."""
        self._move_on(now, start_s)
        self._schedule.note(needed)
        if needed <= 1 and not work_s and not self._strained:
            return  # every way has one, and works off what it has with the next request as well
        self._strained = False
        for way in self._outgrowable:
            if not way.note(now, needed, start_s, work_s):
                break
            self._strained = True
        for way in self._known:
            if way.note(now, needed, start_s, work_s):
                self._strained = True
        self._requests += bool(work_s)
        self._unlearnt += bool(work_s)

    def learn(self) -> None:
        """Choose anew; what is long past counts less."""
        if self._requests > 2 * REMEMBERED:
            self._requests /= 2
            for way in self._always:
                way.late /= 2
        for way in (*self._periods, self._untried):
            way.forget()
        allowed = LATE_SHARE * self._requests
        best = next(way for way in self._always if way.late <= allowed or way is self._always[-1])
        cheapest = float(best.ready)
        if self._schedule.bins > CAUTIOUS_BINS and self._untried.timely and self._untried.mean < cheapest:
            best, cheapest = self._untried, self._untried.mean
        for way in self._periods:
            # A period is believed once it could have foretold a whole one.
            if 2 * way.period <= self._schedule.bins and way.timely and way.mean < cheapest:
                best, cheapest = way, way.mean
        self._followed = best

    def _move_on(self, now: float, start_s: float) -> None:
        if not self._schedule.begins(now):
            return
        for way in self._known:
            way.requests += self._unlearnt
        self._unlearnt = 0
        begun = [way for way in self._periods if way.period < self._schedule.bins]
        for way in begun:
            way.ready = self._schedule.foretold(way.period, start_s)
        self._untried.ready = max([CAUTIOUS, *(way.ready for way in begun if way.timely)])
        self._known = [*begun, self._untried] if self._schedule.bins > CAUTIOUS_BINS else begun
        for way in self._known:
            way.cost += way.ready
            way.bins += 1
