"""A stand-in for Modal: every container is an asyncio worker that takes batches from one queue.

It follows Modal's published rules with means of its own (tasks, a queue, timers), so that it can contradict the
simulator. Faults are injected: restores that fail, containers that are taken away in the middle of a batch, a cap on
how many there are.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from dataclasses import dataclass, field

from deploy.simulator.platform import Platform
from deploy.simulator.traces import Trace
from services.generation.scaling.ports import Target


@dataclass
class Order:
    """A request on its way; given back to the queue when its container is taken away."""

    service_s: float
    done: asyncio.Future[None]


@dataclass
class StandIn:
    """A fleet that obeys `Target`, as Modal's autoscaler does."""

    platform: Platform
    target: Target
    seed: int = 0
    preempted: float = 0.0
    """The share of batches in whose middle the container is taken away."""
    alive_s: float = 0.0
    lost: int = 0
    _orders: list[Order] = field(default_factory=list)
    _workers: set[asyncio.Task[None]] = field(default_factory=set)
    _idle: list[asyncio.Event] = field(default_factory=list)
    _booting: int = 0

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)

    async def apply(self, target: Target) -> None:
        self.target = target
        for woken in self._idle:
            woken.set()
        self._grow()

    async def serve(self, service_s: float) -> None:
        """One request, from its arrival until it is answered."""
        order = Order(service_s, asyncio.get_running_loop().create_future())
        self._orders.append(order)
        if self._idle:
            self._idle.pop().set()
        else:
            self._grow()
        await order.done

    async def stop(self) -> None:
        for worker in list(self._workers):
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def _grow(self) -> None:
        wanted = math.ceil(len(self._orders) / self.platform.max_batch) - self._booting
        wanted = max(wanted, self.target.min_containers - len(self._workers))
        for _ in range(min(wanted, self.target.max_containers - len(self._workers))):
            worker = asyncio.create_task(self._container())
            self._booting += 1
            self._workers.add(worker)

    async def _container(self) -> None:
        loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        mine = asyncio.current_task()
        assert mine is not None
        booting = True
        try:
            cold_s = self.platform.cold_start_s * math.exp(self._rng.gauss(0.0, self.platform.jitter))
            if self._rng.random() < self.platform.failing_restores:
                cold_s *= self.platform.fallback_factor
            await asyncio.sleep(cold_s)
            self._booting -= 1
            booting = False
            while len(self._workers) <= self.target.max_containers:
                if self._orders:
                    if not await self._batch():
                        return
                elif await self._rested_too_long():
                    return
        finally:
            self._booting -= booting
            self._workers.discard(mine)
            self.alive_s += loop.time() - began

    async def _batch(self) -> bool:
        """Paint what waits; False when the container is taken away from under it."""
        batch = self._orders[: self.platform.max_batch]
        del self._orders[: self.platform.max_batch]
        times = [order.service_s for order in batch]
        taken = max(times) + self.platform.batch_share * (sum(times) - max(times))
        if self._rng.random() < self.preempted:
            await asyncio.sleep(taken / 2)
            self.lost += len(batch)
            self._orders[:0] = batch
            # It no longer counts as alive, so another may start at once.
            self._workers.discard(asyncio.current_task())  # type: ignore[arg-type]
            self._grow()
            return False
        await asyncio.sleep(taken)
        for order in batch:
            order.done.set_result(None)
        return True

    async def _rested_too_long(self) -> bool:
        loop = asyncio.get_running_loop()
        since = loop.time()
        while not self._orders:
            woken = asyncio.Event()
            self._idle.append(woken)
            left_s = since + self.target.scaledown_window_s - loop.time()
            try:
                async with asyncio.timeout(left_s if left_s > 0 else 1.0):
                    await woken.wait()
            except TimeoutError:
                pass
            finally:
                with contextlib.suppress(ValueError):
                    self._idle.remove(woken)
            if self._orders:
                return False
            over = loop.time() - since >= self.target.scaledown_window_s - 1e-9
            if over and len(self._workers) > self.target.min_containers:
                return True
        return False


async def replay(trace: Trace, fleet: StandIn) -> list[float]:
    """Send the trace's requests at their times; the seconds that each took."""
    loop = asyncio.get_running_loop()

    async def one(at: float, service_s: float) -> float:
        await asyncio.sleep(at - loop.time())
        await fleet.serve(service_s)
        return loop.time() - at + fleet.platform.overhead_s

    await fleet.apply(fleet.target)
    requests = [asyncio.create_task(one(*each)) for each in zip(trace.arrivals, trace.services, strict=True)]
    taken = list(await asyncio.gather(*requests))
    await fleet.stop()
    return taken
