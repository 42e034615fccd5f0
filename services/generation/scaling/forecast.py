"""The policy: as few containers as answer in time, kept as long as somebody is likely to come back.

Three rules, each with its own measure of demand:

- **Load**: seconds of work that arrive in a second, smoothed over a short and a long time; the higher one counts. Modal
  starts a container for every request that finds none free; here a request may wait for a busy one, as long as that
  is sooner than a cold start and within what people wait for.
- **Keeping**: after the last request one container stays for so long that only `COLD_SHARE` of recent requests came
  after a longer pause (the histogram policy of Shahrad et al., "Serverless in the Wild", USENIX ATC 2020).
- **Intent**: somebody who has the prompt box in focus will ask soon. A container is woken for them, and pauses that
  such a sign covered do not make keeping longer.
"""

from __future__ import annotations

import math
from collections import deque

from services.generation.scaling.ports import MOST_CONTAINERS, Target

SHORT_S, LONG_S = 6.0, 60.0
SPARE = 0.8
"""Containers beyond the mean load, in its standard deviations (square-root staffing, Halfin and Whitt, 1981)."""
FULL = 1.1
"""How busy a container may be before a request waits too long."""
PATIENCE_S = 0.8
"""How much work may wait for one container before another is worth it."""
COLD_SHARE = 0.003
"""Of the requests, how many may meet a container that is only being started."""
LONGEST_KEPT_S, FIRST_KEPT_S, SHORTEST_KEPT_S = 3600.0, 300.0, 2.0
REMEMBERED = 4000
LEARNS_EVERY = 64
INTENT_LASTS_S, MOST_INTENTS = 45.0, 1000
LOOKS_AGAIN_S = 2.0
HELD_S = 15.0


class Forecast:
    """Decides from what it is told. Times are seconds on any one clock; nothing here waits or asks the time."""

    def __init__(
        self, *, cold_start_s: float, batch_gain: float = 1.0, most: int = MOST_CONTAINERS, control_s: float = 1.0
    ) -> None:
        """`batch_gain` is the share of its lone time that a request takes in a full batch, 0…1.
        `control_s` is how long a wish takes until it is carried out."""
        self.cold_start_s = cold_start_s
        self._gain, self._most, self._control_s = batch_gain, most, control_s
        self._short = self._long = 0.0
        self._seen_at = 0.0
        self._step = 0.0
        self._in_flight = 0
        self._work_s = 0.0
        self._active_at = -math.inf
        self._intents: deque[float] = deque(maxlen=MOST_INTENTS)
        self._pauses: deque[list[float]] = deque()
        self._held, self._held_at = 1, 0.0
        self._passed_at = [-math.inf] * most
        self._surprised = [0.0] * most
        self._standing = 1
        self._requests, self._unlearnt = 0.0, 0
        self._kept_s = FIRST_KEPT_S

    def intended(self, now: float) -> None:
        """Somebody is about to ask."""
        self._intents.append(now)

    def arrived(self, now: float, work_s: float) -> None:
        """A request that takes `work_s` seconds alone has come."""
        self._fade(now)
        self._step = self._gain * work_s / SHORT_S
        self._short += work_s / SHORT_S
        self._long += work_s / LONG_S
        intent = self._intents.popleft() if self._intents else math.inf
        covered = now - intent >= self.cold_start_s + self._control_s
        pause = 0.0 if self._in_flight or covered else now - self._active_at
        self._remember(now, 0.0 if math.isinf(pause) else pause)
        self._note_rise(now)
        self._in_flight += 1
        self._work_s += work_s
        self._active_at = now

    def finished(self, now: float, work_s: float) -> None:
        """A request has been answered, or given up."""
        self._in_flight = max(0, self._in_flight - 1)
        self._work_s = max(0.0, self._work_s - work_s) if self._in_flight else 0.0
        self._active_at = now

    def target(self, now: float) -> tuple[Target, float]:
        """What is wanted now, and when to ask again if nothing happens before."""
        self._fade(now)
        while self._intents and now - self._intents[0] > INTENT_LASTS_S:
            self._intents.popleft()
        count = self._count(now)
        kept_until = self._active_at + self._kept_s
        expected = self._in_flight > 0 or bool(self._intents) or now < kept_until
        again = now + LOOKS_AGAIN_S
        if count == 1 and not self._in_flight:
            again = self._intents[0] + INTENT_LASTS_S + 1e-3 if self._intents else kept_until
            again = again if again > now else math.inf
        # A container that idles as long as a cold start takes has cost as much as starting it again.
        window_s = max(SHORTEST_KEPT_S, self.cold_start_s)
        return Target(count if expected else 0, 0, window_s, count), again

    def _count(self, now: float) -> int:
        """Containers for the load and for what waits. A higher number holds for a while: starting again costs more."""
        load = max(self._short, self._long) * self._gain
        needed = max(self._standing, math.ceil(load + SPARE * math.sqrt(load) - 0.2))
        waiting = math.ceil(self._work_s * self._gain / (PATIENCE_S + 0.1 * self.cold_start_s))
        count = min(self._most, max(1, needed, waiting))
        if count >= self._held or now - self._held_at > HELD_S + 2 * self.cold_start_s:
            self._held, self._held_at = count, now
        return self._held

    def _fade(self, now: float) -> None:
        passed = now - self._seen_at
        if passed > 0:
            self._short *= math.exp(-passed / SHORT_S)
            self._long *= math.exp(-passed / LONG_S)
            self._seen_at = now

    def _note_rise(self, now: float) -> None:
        """Count, for each number of containers, the requests that came while load had just outgrown so many."""
        load = self._short * self._gain
        for count in range(1, self._most):
            if load <= count * FULL:
                break
            if now - self._passed_at[count] < self.cold_start_s + self._control_s:
                self._surprised[count] += 1
            elif load - self._step <= count * FULL:
                self._passed_at[count] = now
                self._surprised[count] += 1

    def _remember(self, now: float, pause: float) -> None:
        """Note the pause before a request, and with each longer one how many requests came while a start would last."""
        if pause > SHORTEST_KEPT_S:
            self._pauses.append([now, pause, 1.0])
        elif self._pauses and now - self._pauses[-1][0] < self.cold_start_s:
            self._pauses[-1][2] += 1.0
        self._requests += 1
        self._unlearnt += 1
        if self._unlearnt >= LEARNS_EVERY:
            self._unlearnt = 0
            self._learn()

    def _learn(self) -> None:
        """Keep as long, and as many, as leaves `COLD_SHARE` of requests late; what is long past counts less."""
        if self._requests > 2 * REMEMBERED:
            for _ in range(len(self._pauses) // 2):
                self._pauses.popleft()
            self._requests /= 2
            self._surprised = [count / 2 for count in self._surprised]
        allowed = COLD_SHARE * self._requests
        self._standing = next(
            (count for count in range(1, self._most) if self._surprised[count] <= allowed), self._most
        )
        kept_s, left = SHORTEST_KEPT_S, allowed
        for _, pause, late in sorted(self._pauses, key=lambda each: -each[1]):
            left -= late
            if left < 0:
                kept_s = pause * 1.05
                break
        if allowed < 1:
            # Little was seen so far: what is still unknown is more likely long than short.
            kept_s = max(kept_s, FIRST_KEPT_S)
        self._kept_s = min(LONGEST_KEPT_S, kept_s)
