"""How the parts of the service are, as anybody may know it: pinged at most every few seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from pydantic import BaseModel, Field

from shared.bus import Bus
from shared.mongo import Mongo
from shared.queries import FeedPage, ListModels, ModerationQueue, SearchPosts

FRESH_S = 3.0
TIMEOUT_S = 1.5
State = Literal["ok", "down"]
Part = Literal["broker", "database", "moderation", "generation", "search", "feed"]


class PartStates(BaseModel):
    """Each part's state, with no word about why: that is in the logs."""

    broker: State
    database: State
    moderation: State
    generation: State
    search: State
    feed: State


class ModelState(BaseModel):
    """How soon a picture could be painted."""

    state: Literal["warm", "waking", "asleep"]
    eta_ms: int | None = Field(description="Until a prompt sent now would be painted; null when nobody knows.")


class HealthOfParts:
    """Asks each part something small; those who ask at the same time share the answer."""

    def __init__(self, mongo: Mongo, bus: Bus) -> None:
        self._pings: dict[Part, Callable[[], Awaitable[object]]] = {
            "broker": bus.ping,
            "database": mongo.ping,
            "moderation": lambda: bus.ask(ModerationQueue(limit=1), timeout_s=TIMEOUT_S),
            "generation": lambda: bus.ask(ListModels(), timeout_s=TIMEOUT_S),
            "search": lambda: bus.ask(SearchPosts(text="", limit=1), timeout_s=TIMEOUT_S),
            "feed": lambda: bus.ask(FeedPage(viewer_id=None, mode="explore", limit=1), timeout_s=TIMEOUT_S),
        }
        self._states: PartStates | None = None
        self._asked_at = 0.0
        self._asking = asyncio.Lock()

    async def states(self) -> PartStates:
        """How each part is, a few seconds old at most."""
        async with self._asking:
            if self._states is None or time.monotonic() - self._asked_at > FRESH_S:
                found = await asyncio.gather(*(_ping(ping) for ping in self._pings.values()))
                self._states = PartStates.model_validate(dict(zip(self._pings, found, strict=True)))
                self._asked_at = time.monotonic()
            return self._states


async def _ping(ping: Callable[[], Awaitable[object]]) -> State:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await ping()
    except Exception:
        return "down"
    return "ok"
