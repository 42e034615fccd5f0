"""How often something was done in the present window, counted for all gateway processes together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, PyMongoError

from shared.gathering import Gathered
from shared.mongo import Document, Mongo
from shared.recent import Recent

REMEMBERED = 10_000
"""Windows that a process keeps at hand."""

Hit = tuple[datetime, timedelta]
"""When it came, and how long a window is that it opens."""
Count = tuple[int, datetime]
"""How many there were in a window, and when it ends."""


class RateCounters:
    """One row `{_id: "<what>:<who>", count, expires_at}` for each window that is open."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["rate_limits"]
        self._windows: Recent[str, _Window] = Recent(REMEMBERED)

    async def create_indexes(self) -> None:
        await self._rows.create_index("expires_at", expireAfterSeconds=0)

    async def hit(self, key: str, now: datetime, length: timedelta) -> Count:
        """Count one more; returns how many there are in this window, and when it ends.

        A window opens with its first use, so that nobody gets two allowances around a full minute.
        """
        self._windows[key] = window = self._windows.get(key) or _Window(self._rows, key)
        return await window.hits.ask((now, length))


class _Window:
    """One key's row. A process writes as if the row were as it last knew it, which mostly holds and needs no reading,
    and counts hits that come together by one write."""

    def __init__(self, rows: AsyncCollection[Document], key: str) -> None:
        self._rows, self._key = rows, key
        self._known: Count | None = None
        # A write that failed may have been done: nobody's hit is sent again.
        self.hits = Gathered(self._count_together, everybodys=PyMongoError)

    async def _count_together(self, hits: Sequence[Hit]) -> list[Count]:
        known, self._known = self._known, None
        self._known = last, ends = await self._count(known, len(hits), *hits[-1])
        return [(place, ends) for place in range(last - len(hits) + 1, last + 1)]

    async def _count(self, known: Count | None, hits: int, now: datetime, length: timedelta) -> Count:
        """Count so many more; the new count, and when its window ends."""
        while True:
            if known is None:
                row = await self._rows.find_one({"_id": self._key})
                known = (row["count"], row["expires_at"]) if row else None
            if known is None:
                following = (hits, now + length)
                try:
                    await self._rows.insert_one({"_id": self._key, "count": hits, "expires_at": following[1]})
                except DuplicateKeyError:
                    continue
                return following
            count, ends = known
            following = (count + hits, ends) if ends > now else (hits, now + length)
            done = await self._rows.update_one(
                {"_id": self._key, "count": count, "expires_at": ends},
                {"$set": {"count": following[0], "expires_at": following[1]}},
            )
            if done.matched_count:
                return following
            known = None
