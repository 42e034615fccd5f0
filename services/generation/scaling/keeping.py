"""How long a container is kept after the last request, and for how long a sign of a coming one is heeded.

Both are chosen by hindsight: every pair of a few is lived through on the demand that really came, and the one that
would have cost least is followed, of those that would have let few requests come late (following the best expert, with
full information; for the histogram of pauses alone see Shahrad et al., "Serverless in the Wild", USENIX ATC 2020).
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

LATE_SHARE = 0.006
"""Of the requests, how many each rule may let come late."""
KEPT_S = (2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 1280.0, 3600.0)
HEEDED_S = (12.0, 24.0, 48.0)
FIRST_KEPT_S = 300.0
"""Until enough requests were seen to choose."""
WAITS_S = 1.2
"""How long a request can wait for a container and still be in time."""
REMEMBERED, LEARNS_EVERY, MOST_SIGNS = 4000, 64, 1000


@dataclass(slots=True)
class _Choice:
    """One pair of times, and what it would have cost and let come late."""

    kept_s: float
    heeded_s: float
    cost_s: float = 0.0
    late: float = 0.0
    ready_at: float = -math.inf


class Keeping:
    """Learns from requests and from signs that one is about to come. Times are seconds on any one clock."""

    def __init__(self) -> None:
        self.kept_s, self.heeded_s = FIRST_KEPT_S, HEEDED_S[-1]
        self._choices = [_Choice(kept_s, heeded_s) for heeded_s in HEEDED_S for kept_s in KEPT_S]
        self._signs: deque[float] = deque(maxlen=MOST_SIGNS)
        self._while_idle: deque[float] = deque(maxlen=MOST_SIGNS)
        self._idle_since: float | None = None
        self._all_ready_at = -math.inf
        self._requests, self._unlearnt = 0.0, 0

    def signed(self, now: float) -> None:
        """Somebody is about to ask."""
        self._signs.append(now)
        if self._idle_since is not None:
            self._while_idle.append(now)

    def arrived(self, now: float, start_s: float) -> bool:
        """A request has come; a container that is asked for takes `start_s` until it serves. Tells whether a sign came
        before it."""
        if self._idle_since is not None:
            if now - self._idle_since > KEPT_S[0]:
                self._relive(self._idle_since, now, start_s)
            self._idle_since = None
        if now < self._all_ready_at:
            for choice in self._choices:
                choice.late += now + WAITS_S < choice.ready_at
        signed = bool(self._signs)
        if signed:
            self._signs.popleft()
        self._requests += 1
        self._unlearnt += 1
        if self._unlearnt >= LEARNS_EVERY:
            self._unlearnt = 0
            self._choose()
        return signed

    def idle(self, now: float) -> None:
        """Nothing is left to do."""
        self._idle_since = now
        self._while_idle = deque(self._signs, maxlen=MOST_SIGNS)

    def until(self, now: float) -> float:
        """Until when an idle container is worth keeping or starting if nothing happens; in the past if it is not."""
        while self._signs and now - self._signs[0] > HEEDED_S[-1]:
            self._signs.popleft()
        kept_until = -math.inf if self._idle_since is None else self._idle_since + self.kept_s
        return max(kept_until, self._signs[-1] + self.heeded_s if self._signs else -math.inf)

    def _relive(self, since: float, now: float, start_s: float) -> None:
        """What each choice would have paid for the pause that ends now, and when its container would be ready."""
        for choice in self._choices:
            up_from, up_until, ready_at, paid_s = since, since + choice.kept_s, -math.inf, 0.0
            for sign in self._while_idle:
                if sign >= up_until:
                    paid_s += up_until - up_from
                    up_from, ready_at = sign, sign + start_s
                heeded_until = sign + choice.heeded_s
                if heeded_until > up_until:
                    up_until = heeded_until
            if now >= up_until:
                paid_s += up_until - up_from + start_s
                ready_at = now + start_s
            else:
                paid_s += now - up_from
            choice.cost_s += paid_s
            choice.ready_at = ready_at
        self._all_ready_at = max(self._all_ready_at, *(choice.ready_at for choice in self._choices))

    def _choose(self) -> None:
        """What is long past counts less."""
        if self._requests > 2 * REMEMBERED:
            self._requests /= 2
            for choice in self._choices:
                choice.cost_s /= 2
                choice.late /= 2
        allowed = LATE_SHARE * self._requests
        if allowed < 1:
            return
        in_time = [choice for choice in self._choices if choice.late <= allowed]
        best = min(in_time, key=lambda each: each.cost_s) if in_time else min(self._choices, key=lambda each: each.late)
        self.kept_s, self.heeded_s = best.kept_s, best.heeded_s
