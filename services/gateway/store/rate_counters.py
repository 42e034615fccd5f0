"""How often something was done in the present window, counted for all gateway processes together."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from shared.mongo import Document, Mongo


class RateCounters:
    """One row `{_id: "<what>:<who>", count, expires_at}` for each window that is open."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["rate_limits"]

    async def create_indexes(self) -> None:
        await self._rows.create_index("expires_at", expireAfterSeconds=0)

    async def hit(self, key: str, now: datetime, length: timedelta) -> tuple[int, datetime]:
        """Count one more; returns how many there are in this window, and when it ends.

        A window opens with its first use, so that nobody gets two allowances around a full minute.
        """
        is_open = {"$gt": ["$expires_at", now]}
        change = {
            "$set": {
                "count": {"$cond": [is_open, {"$add": ["$count", 1]}, 1]},
                "expires_at": {"$cond": [is_open, "$expires_at", now + length]},
            }
        }
        row: Document | None = None
        while row is None:
            row = await self._rows.find_one_and_update({"_id": key}, [change], return_document=ReturnDocument.AFTER)
            if row is None:
                # Not by an upsert: SecantusDB counts the loser of two at once, but finds no row to return.
                with suppress(DuplicateKeyError):
                    await self._rows.insert_one({"_id": key, "count": 0, "expires_at": now + length})
        return row["count"], row["expires_at"]
