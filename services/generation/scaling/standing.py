"""How many containers stand ready while there is demand, because load at times grows faster than one starts."""

from __future__ import annotations

import math

from services.generation.scaling.keeping import LATE_SHARE, REMEMBERED, WAITS_S


class Standing:
    """Relives demand with each number of containers, and tells the smallest that would have let few come late."""

    def __init__(self, most: int) -> None:
        self.count = 1
        self._most = most
        self._late = [0.0] * most
        self._outgrown_at = [math.inf] * most
        self._backlog_s = [0.0] * most
        self._seen_at = [0.0] * most
        self._requests = 0.0

    def note(self, now: float, needed: int, start_s: float, work_s: float = 0.0) -> None:
        """So many are needed now, and one takes `start_s` until it serves; `work_s` has just been asked for, if any."""
        for count in range(1, self._most):
            if needed <= count:
                self._outgrown_at[count] = math.inf
            elif math.isinf(self._outgrown_at[count]):
                self._outgrown_at[count] = now
            outgrown_at = self._outgrown_at[count]
            pace = max(count, needed) if outgrown_at <= now - start_s else count
            left_s = max(0.0, self._backlog_s[count] - pace * (now - self._seen_at[count]))
            self._backlog_s[count], self._seen_at[count] = left_s + work_s, now
            if not left_s and math.isinf(outgrown_at):
                break
            if work_s and left_s + work_s > WAITS_S * pace:
                self._late[count] += 1
        if work_s:
            self._requests += 1

    def learn(self) -> None:
        """Choose anew; what is long past counts less."""
        if self._requests > 2 * REMEMBERED:
            self._requests /= 2
            self._late = [late / 2 for late in self._late]
        allowed = LATE_SHARE * self._requests
        self.count = next((count for count in range(1, self._most) if self._late[count] <= allowed), self._most)
