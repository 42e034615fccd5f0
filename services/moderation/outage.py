"""Telling a scorer that fails on one thing from one that fails on all, and waiting for the end of the latter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

PAUSE_S = 5.0

log = structlog.get_logger(__name__)


class ScorerDown(Exception):
    """A scorer fails on everything."""


class Outage:
    """Of one scorer. `works` has it score something harmless, and raises when it can't."""

    def __init__(self, scorer: str, works: Callable[[], Awaitable[None]]) -> None:
        self._scorer, self._works = scorer, works
        self._goes_on = False

    async def waited_for(self) -> bool:
        """After a failure: False at once when the scorer works, True when it did not and does again."""
        waited = False
        while not await self._over():
            waited = True
            await asyncio.sleep(PAUSE_S)
        return waited

    async def check(self) -> None:
        """Raises `ScorerDown` while the scorer is known to fail on everything."""
        if self._goes_on:
            raise ScorerDown(self._scorer)

    async def _over(self) -> bool:
        try:
            await self._works()
        except Exception as error:
            if not self._goes_on:
                log.error(
                    "a scorer fails on everything; what it should score waits", scorer=self._scorer, exc_info=error
                )
            self._goes_on = True
            return False
        if self._goes_on:
            log.warning("a scorer works again", scorer=self._scorer)
        self._goes_on = False
        return True
