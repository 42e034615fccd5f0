"""Which models can be asked for: what the generator says, or said last."""

from __future__ import annotations

import asyncio
import contextlib
import time

from pymongo.errors import PyMongoError

from shared.bus import Bus, Unanswered
from shared.mongo import Mongo
from shared.queries import ListModels, Models

FRESH_S = 30.0
UNHEARD_S = 1.0
"""Until a generator is asked again that this process never heard: it may just be starting, with another model."""

ASK_TIMEOUT_S = 1.0
DEFAULT_MODEL = "pocket"
"""Asked for while no generator has ever been heard; the generator itself then says what it can't do."""


class ModelRegistry:
    """The generator's list, once heard asked for at most every 30 s, and kept in the database for when it is down."""

    def __init__(self, mongo: Mongo, bus: Bus) -> None:
        self._rows = mongo.database["models"]
        self._bus = bus
        self._known: Models | None = None
        self._heard = False
        self._fresh_until = 0.0
        self._asking = asyncio.Lock()

    async def list(self) -> Models | None:
        """What can be asked for; None when no generator was ever heard."""
        if time.monotonic() < self._fresh_until:
            return self._known
        async with self._asking:
            if time.monotonic() >= self._fresh_until:
                await self._ask()
        return self._known

    async def _ask(self) -> None:
        try:
            self._known = await self._bus.ask(ListModels(), timeout_s=ASK_TIMEOUT_S)
        except Unanswered:
            if self._known is None:
                row = await self._rows.find_one({"_id": "known"})
                self._known = Models.model_validate(row["models"]) if row else None
        else:
            self._heard = True
            # Only a fallback: failing to keep it must not fail the request.
            with contextlib.suppress(PyMongoError):
                kept = {"models": self._known.model_dump(mode="json")}
                await self._rows.update_one({"_id": "known"}, {"$set": kept}, upsert=True)
        self._fresh_until = time.monotonic() + (FRESH_S if self._heard else UNHEARD_S)
