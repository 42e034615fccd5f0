"""How often something was done in the present window, counted for all gateway processes together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pymongo.errors import DuplicateKeyError

from shared.mongo import Mongo
from shared.recent import Recent

REMEMBERED = 10_000
"""Windows that a process keeps at hand."""

Count = tuple[int, datetime]
"""How many there were in a window, and when it ends."""


@dataclass
class _Window:
    """What this process last knew of a row, and the hits that wait to be counted."""

    known: Count | None = None
    waiting: list[asyncio.Future[Count]] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class RateCounters:
    """One row `{_id: "<what>:<who>", count, expires_at}` for each window that is open.

    A process writes as if the row were as it last knew it, which mostly holds and needs no reading, and counts hits
    of one key that come together by one write.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["rate_limits"]
        self._windows: Recent[str, _Window] = Recent(REMEMBERED)

    async def create_indexes(self) -> None:
        await self._rows.create_index("expires_at", expireAfterSeconds=0)

    async def hit(self, key: str, now: datetime, length: timedelta) -> Count:
        """Count one more; returns how many there are in this window, and when it ends.

        A window opens with its first use, so that nobody gets two allowances around a full minute.
        """
        self._windows[key] = window = self._windows.get(key) or _Window()
        hit: asyncio.Future[Count] = asyncio.get_running_loop().create_future()
        window.waiting.append(hit)
        async with window.turn:
            if not hit.done():
                together, window.waiting = window.waiting, []
                try:
                    window.known = last, ends = await self._count(key, window.known, len(together), now, length)
                except BaseException:
                    window.known = None
                    window.waiting = [*(other for other in together if other is not hit), *window.waiting]
                    raise
                for place, one in enumerate(together, last - len(together) + 1):
                    one.set_result((place, ends))
        return hit.result()

    async def _count(self, key: str, known: Count | None, hits: int, now: datetime, length: timedelta) -> Count:
        """Count so many more; the new count, and when its window ends."""
        while True:
            if known is None:
                row = await self._rows.find_one({"_id": key})
                known = (row["count"], row["expires_at"]) if row else None
            if known is None:
                following = (hits, now + length)
                try:
                    await self._rows.insert_one({"_id": key, "count": hits, "expires_at": following[1]})
                except DuplicateKeyError:
                    continue
                return following
            count, ends = known
            following = (count + hits, ends) if ends > now else (hits, now + length)
            done = await self._rows.update_one(
                {"_id": key, "count": count, "expires_at": ends},
                {"$set": {"count": following[0], "expires_at": following[1]}},
            )
            if done.matched_count:
                return following
            known = None
