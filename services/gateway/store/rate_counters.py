"""How often something was done in the present window, counted for all gateway processes together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from shared.mongo import Mongo


class RateCounters:
    """One row `{_id: "<what>:<who>:<window>", count}` for each window, gone a minute after it ended."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["rate_limits"]

    async def create_indexes(self) -> None:
        await self._rows.create_index("expires_at", expireAfterSeconds=0)

    async def hit(self, key: str, window_ends: float) -> int:
        """Count one more; returns how many there are now. `window_ends` is in seconds since the epoch."""
        expires = datetime.fromtimestamp(window_ends, UTC) + timedelta(minutes=1)
        change = {"$inc": {"count": 1}, "$setOnInsert": {"expires_at": expires}}
        try:
            row = await self._rows.find_one_and_update(
                {"_id": key}, change, upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:
            row = await self._rows.find_one_and_update({"_id": key}, change, return_document=ReturnDocument.AFTER)
        return int(row["count"]) if row else 1
