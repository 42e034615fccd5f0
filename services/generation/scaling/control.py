"""The loop between demand and the fleet: notes requests as they come and go, asks the policy, has it carried out."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

import structlog

from services.generation.scaling.asleep import Asleep
from services.generation.scaling.forecast import Forecast
from services.generation.scaling.ports import Fleet
from shared import background

log = structlog.get_logger(__name__)
EVERY_S = 1.0
NEVER = Asleep(())


class Demand(Protocol):
    """Who wants to know of demand."""

    def intended(self) -> None:
        """Somebody is about to write a prompt."""

    def request(self, pictures: int) -> contextlib.AbstractContextManager[None]:
        """A prompt waits or is painted as long as the context is open."""


class Unscaled:
    """Where the model runs in this process there is nothing to scale."""

    def intended(self) -> None:
        """Nothing is asleep."""

    def request(self, pictures: int) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


class Autoscaler:
    """Scales one model's fleet. One process does it: two would each see half of the demand and overrule each other."""

    def __init__(
        self,
        policy: Forecast,
        fleet: Fleet,
        *,
        picture_s: Callable[[], float],
        batch_gain: Callable[[], float],
        cold_start_s: Callable[[], float],
        asleep: Asleep = NEVER,
        now: Callable[[], float] = time.monotonic,
        today: Callable[[], datetime] = datetime.now,
    ) -> None:
        """`picture_s` and `cold_start_s` are what one picture alone and one start take, and `batch_gain` the share of
        the former that a picture takes in a full batch, as measured by now. `asleep` is by the clock of `today`,
        the machine's own."""
        self._policy, self._fleet, self._asleep = policy, fleet, asleep
        self._now, self._today = now, today
        self._picture_s, self._batch_gain, self._cold_start_s = picture_s, batch_gain, cold_start_s

    def intended(self) -> None:
        self._policy.intended(self._now())

    @contextlib.contextmanager
    def request(self, pictures: int) -> Iterator[None]:
        work_s = pictures * self._picture_s()
        self._policy.arrived(self._now(), work_s)
        try:
            yield
        finally:
            self._policy.finished(self._now(), work_s)

    def running(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Scale until the context is left."""
        return background.running(self._scale())

    async def _scale(self) -> None:
        while True:
            self._policy.cold_start_s, self._policy.batch_gain = self._cold_start_s(), self._batch_gain()
            target, _ = self._policy.target(self._now())
            try:
                await self._fleet.apply(self._asleep.limit(target, self._today()))
            except Exception as error:
                log.warning("the fleet could not be scaled", error=str(error) or type(error).__name__)
            await asyncio.sleep(EVERY_S)
