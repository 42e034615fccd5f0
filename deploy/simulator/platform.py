"""A discrete-event model of Modal's autoscaler: requests, cold starts, batches and containers, in simulated time.

What it follows of Modal's documentation: a request that finds no free container has one started, up to
`max_containers`; `min_containers` are kept; an idle container leaves after `scaledown_window_s`; `buffer_containers`
more are kept while requests are served. A container costs from the moment its start begins.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol, cast

from deploy.simulator.traces import Trace
from services.generation.scaling.ports import Target

CONTROL_EVERY_S = 1.0
"""A policy is asked at most so often, as the service does it."""
BOOTED, DONE, EXPIRED, APPLY, LOOK = range(5)


@dataclass(frozen=True, slots=True)
class Platform:
    """How containers behave. Times in seconds, the price in dollars for a second of one container."""

    cold_start_s: float = 3.0
    jitter: float = 0.15
    failing_restores: float = 0.0
    fallback_factor: float = 4.0
    """A start whose snapshot can't be restored takes so many times as long."""
    max_batch: int = 4
    batch_share: float = 0.4
    """What each further request adds to a batch, as a share of its lone time."""
    overhead_s: float = 0.1
    """Between person and container, there and back."""
    control_s: float = 1.0
    """From a policy's wish until the platform follows it."""
    price: float = 0.000542
    """An NVIDIA L40S on Modal, per second, as listed in 2025."""

    @property
    def batch_gain(self) -> float:
        """The share of its lone time that a request takes in a full batch."""
        return (1 + self.batch_share * (self.max_batch - 1)) / self.max_batch

    @property
    def mean_start_s(self) -> float:
        """What a start takes on average, those whose snapshot can't be restored among them."""
        return self.cold_start_s * (1 + self.failing_restores * (self.fallback_factor - 1))


class Scaler(Protocol):
    """A policy that changes its wishes as it goes."""

    def intended(self, now: float) -> None: ...

    def arrived(self, now: float, work_s: float) -> None: ...

    def finished(self, now: float, work_s: float) -> None: ...

    def target(self, now: float) -> tuple[Target, float]: ...


@dataclass(slots=True)
class Outcome:
    """What one replay gave: seconds of each request, and of the containers."""

    latencies: list[float] = field(default_factory=list)
    alive_s: float = 0.0
    busy_s: float = 0.0
    starts: int = 0


class Replay:
    """One trace against one policy: a `Target` that never changes, or a `Scaler`."""

    def __init__(self, trace: Trace, policy: Target | Scaler, platform: Platform, *, seed: int = 0) -> None:
        self._trace, self._platform = trace, platform
        self._scaler = None if isinstance(policy, Target) else policy
        self._target = policy if isinstance(policy, Target) else Target(scaledown_window_s=platform.cold_start_s)
        self._asked = self._target
        self._rng = random.Random(seed)
        self._events: list[tuple[float, int, int, int, object]] = []
        self._count = 0
        self._queue: deque[int] = deque()
        self._idle: list[int] = []
        self._since: list[float] = []
        self._born: list[float] = []
        self._batch: list[list[int]] = []
        self._alive = self._booting = self._busy = 0
        self._look_at, self._asked_at = math.inf, -math.inf
        self.outcome = Outcome([0.0] * len(trace.arrivals))

    def run(self) -> Outcome:
        """Until the last request is answered. The same arguments give the same outcome."""
        arrivals, intents, services = self._trace.arrivals, self._trace.intents, self._trace.services
        scaler, events = self._scaler, self._events
        handle = (self._freed, self._done, self._expired, self._apply, self._look)
        at = intent = 0
        now = 0.0
        self._grow(now)
        self._unanswered = len(arrivals)
        while self._unanswered:
            arrival = arrivals[at] if at < len(arrivals) else math.inf
            intended = intents[intent] if scaler and intent < len(intents) else math.inf
            event = events[0][0] if events else math.inf
            if event <= arrival and event <= intended:
                now, _, kind, container, data = heapq.heappop(events)
                handle[kind](now, container, data)
            elif intended <= arrival:
                now = intended
                intent += 1
                if scaler:
                    scaler.intended(now)
                    self._ask(now)
            else:
                now = arrival
                self._queue.append(at)
                if scaler:
                    scaler.arrived(now, services[at])
                at += 1
                if self._idle:
                    self._serve(now, self._idle.pop())
                else:
                    self._grow(now)
                self._ask(now)
        for container, born in enumerate(self._born):
            if not math.isnan(born):
                self._end(now, container)
        return self.outcome

    # ── the platform ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _push(self, at: float, kind: int, container: int = -1, data: object = None) -> None:
        self._count += 1
        heapq.heappush(self._events, (at, self._count, kind, container, data))

    def _grow(self, now: float) -> None:
        target, platform = self._target, self._platform
        wanted = math.ceil(len(self._queue) / platform.max_batch)
        if target.buffer_containers and (self._queue or self._busy):
            wanted += target.buffer_containers - len(self._idle)
        missing = max(wanted - self._booting, target.min_containers - self._alive)
        for _ in range(min(missing, target.max_containers - self._alive)):
            cold_s = platform.cold_start_s * math.exp(self._rng.gauss(0.0, platform.jitter))
            if platform.failing_restores and self._rng.random() < platform.failing_restores:
                cold_s *= platform.fallback_factor
            self._born.append(now)
            self._since.append(math.inf)
            self._batch.append([])
            self._alive += 1
            self._booting += 1
            self.outcome.starts += 1
            self._push(now + cold_s, BOOTED, len(self._born) - 1)

    def _serve(self, now: float, container: int) -> None:
        queue, services, platform = self._queue, self._trace.services, self._platform
        batch = [queue.popleft() for _ in range(min(platform.max_batch, len(queue)))]
        times = [services[each] for each in batch]
        longest = max(times)
        taken = longest + platform.batch_share * (sum(times) - longest)
        self._since[container] = math.inf
        self._batch[container] = batch
        self._busy += 1
        self.outcome.busy_s += taken
        self._push(now + taken, DONE, container)

    def _done(self, now: float, container: int, _: object) -> None:
        arrivals, services = self._trace.arrivals, self._trace.services
        latencies, overhead_s, scaler = self.outcome.latencies, self._platform.overhead_s, self._scaler
        for request in self._batch[container]:
            latencies[request] = now - arrivals[request] + overhead_s
            self._unanswered -= 1
            if scaler:
                scaler.finished(now, services[request])
        self._busy -= 1
        self._rest(now, container)
        self._ask(now)

    def _freed(self, now: float, container: int, _: object) -> None:
        self._booting -= 1
        self._rest(now, container)

    def _rest(self, now: float, container: int) -> None:
        if self._alive > self._target.max_containers:
            self._end(now, container)
        elif self._queue:
            self._serve(now, container)
        else:
            self._since[container] = now
            self._idle.append(container)
            self._push(now + self._target.scaledown_window_s, EXPIRED, container, now)

    def _expired(self, now: float, container: int, since: object) -> None:
        if self._since[container] != since or self._alive <= self._target.min_containers:
            return
        left_s = self._since[container] + self._target.scaledown_window_s - now
        if left_s > 1e-9:
            self._push(now + left_s, EXPIRED, container, since)
        else:
            self._idle.remove(container)
            self._end(now, container)

    def _end(self, now: float, container: int) -> None:
        self.outcome.alive_s += now - self._born[container]
        self._born[container] = math.nan
        self._since[container] = math.inf
        self._alive -= 1

    # ── the policy ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _ask(self, now: float) -> None:
        if self._scaler is None:
            return
        if now < self._asked_at + CONTROL_EVERY_S:
            self._look_later(now, self._asked_at + CONTROL_EVERY_S)
            return
        self._asked_at = now
        target, again = self._scaler.target(now)
        if target != self._asked:
            self._asked = target
            self._push(now + self._platform.control_s, APPLY, -1, target)
        self._look_later(now, again)

    def _look_later(self, now: float, again: float) -> None:
        if again < self._look_at or self._look_at <= now:
            self._look_at = again
            if again < math.inf:
                self._push(again, LOOK, -1, again)

    def _look(self, now: float, _: int, planned: object) -> None:
        if planned == self._look_at:
            self._look_at = math.inf
            self._ask(now)

    def _apply(self, now: float, _: int, target: object) -> None:
        self._target = target = cast("Target", target)
        for container in list(self._idle):
            since = self._since[container]
            if self._alive > target.min_containers:
                self._push(max(now, since + target.scaledown_window_s), EXPIRED, container, since)
        self._grow(now)
