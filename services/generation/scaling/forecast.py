"""The policy: as few containers as answer in time, kept as long as somebody is likely to come back.

Three rules, each with its own measure of demand:

- **Load**: seconds of work that arrive in a second, smoothed over a short and a long time, and what those who are about
  to ask will bring; the highest counts. Modal starts a container for every request that finds none free; here a
  request may wait for a busy one, as long as that is sooner than a cold start and within what people wait for.
- **Keeping** (`keeping.py`): after the last request, and after a sign that one is about to come, one container stays
  for as long as would have been worth it lately.
- **Standing** (`standing.py`): where load at times grows faster than containers start, more stay while there is demand,
  or at the times at which it grew before.
"""

from __future__ import annotations

import math

from services.generation.scaling.keeping import LEARNS_EVERY, REMEMBERED, Keeping
from services.generation.scaling.ports import MOST_CONTAINERS, Target
from services.generation.scaling.standing import SLOW_START_S, Standing

SHORT_S, LONG_S, AHEAD_S = 6.0, 60.0, 6.0
SPARE = 0.5
"""Containers beyond the mean load, in its standard deviations (square-root staffing, Halfin and Whitt, 1981)."""
PATIENCE_S = 0.8
"""How much work may wait for one container before another is worth it."""
ENOUGH_SIGNS = 20
"""So many must have been seen before what they bring is counted on."""
STILL_RISING = 0.5
"""Where a start takes longer than signs warn: how much more comes, of the load by which signs exceed what is here."""
LOOKS_AGAIN_S = 2.0
HELD_S = 15.0
SHORTEST_WINDOW_S = 2.0


class Forecast:
    """Decides from what it is told. Times are seconds on any one clock; nothing here waits or asks the time."""

    def __init__(
        self, *, cold_start_s: float, batch_gain: float = 1.0, most: int = MOST_CONTAINERS, control_s: float = 1.0
    ) -> None:
        """`batch_gain` is the share of its lone time that a request takes in a full batch, 0…1.
        `control_s` is how long a wish takes until it is carried out."""
        self.cold_start_s, self.batch_gain = cold_start_s, batch_gain
        self._most, self._control_s = most, control_s
        self._short = self._long = self._ahead = 0.0
        self._seen_at = 0.0
        self._signs = self._followed_s = 0.0
        self._requests = 0
        self._in_flight = 0
        self._work_s = 0.0
        self._keeping, self._standing = Keeping(), Standing(most)
        self._held, self._held_at = 1, 0.0

    def intended(self, now: float) -> None:
        """Somebody is about to ask."""
        self._fade(now)
        self._keeping.signed(now)
        if self._signs > REMEMBERED:
            self._signs, self._followed_s = self._signs / 2, self._followed_s / 2
        self._signs += 1
        self._ahead += 1 / AHEAD_S
        self._standing.note(now, _staff(self._rising()), self._start_s)

    def arrived(self, now: float, work_s: float) -> None:
        """A request that takes `work_s` seconds alone has come."""
        self._fade(now)
        self._requests += 1
        self._short += work_s / SHORT_S
        self._long += work_s / LONG_S
        if self._keeping.arrived(now, self._start_s):
            self._followed_s += work_s
        self._standing.note(now, _staff(self._rising()), self._start_s, work_s * self.batch_gain)
        if self._requests % LEARNS_EVERY == 0:
            self._standing.learn()
        self._in_flight += 1
        self._work_s += work_s

    def finished(self, now: float, work_s: float) -> None:
        """A request has been answered, or given up."""
        self._in_flight = max(0, self._in_flight - 1)
        self._work_s = max(0.0, self._work_s - work_s) if self._in_flight else 0.0
        if not self._in_flight:
            self._keeping.idle(now)

    def target(self, now: float) -> tuple[Target, float]:
        """What is wanted now, and when to ask again if nothing happens before."""
        self._fade(now)
        count = self._count(now)
        kept_until = self._keeping.until(now)
        expected = self._in_flight > 0 or now < kept_until
        again = now + LOOKS_AGAIN_S
        if count == 1 and not self._in_flight:
            again = kept_until if expected else math.inf
        # A container that idles as long as a cold start takes has cost as much as starting it again.
        window_s = max(SHORTEST_WINDOW_S, self.cold_start_s)
        return Target(count if expected else 0, 0, window_s, count), again

    @property
    def _start_s(self) -> float:
        return self.cold_start_s + self._control_s

    def _rising(self) -> float:
        """Load as it is seen first, in containers' worth: the last seconds' work, or what signs say will come."""
        # As many requests after a sign, and as large, as there were lately.
        ahead = self._ahead * self._followed_s / self._signs if self._signs >= ENOUGH_SIGNS else 0.0
        if self._start_s > SLOW_START_S:
            ahead += STILL_RISING * max(0.0, ahead - self._short)
        return max(self._short, ahead) * self.batch_gain

    def _count(self, now: float) -> int:
        """Containers for the load and for what waits. A higher number holds for a while: starting again costs more."""
        lately = self._long * self.batch_gain
        needed = max(self._standing.count(now, self._start_s, lately), _staff(max(self._rising(), lately)))
        waiting = math.ceil(self._work_s * self.batch_gain / (PATIENCE_S + 0.1 * self.cold_start_s))
        count = min(self._most, max(1, needed, waiting))
        if count >= self._held or now - self._held_at > HELD_S + 2 * self.cold_start_s:
            self._held, self._held_at = count, now
        return self._held

    def _fade(self, now: float) -> None:
        passed = now - self._seen_at
        if passed > 0:
            self._short *= math.exp(-passed / SHORT_S)
            self._long *= math.exp(-passed / LONG_S)
            self._ahead *= math.exp(-passed / AHEAD_S)
            self._seen_at = now


def _staff(load: float) -> int:
    """Containers for so many containers' worth of load."""
    return math.ceil(load + SPARE * math.sqrt(load) - 0.2)
