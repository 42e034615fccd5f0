"""Which process does what only one may do at a time."""

from __future__ import annotations

from datetime import timedelta

from pymongo.errors import DuplicateKeyError

from shared.events import utcnow
from shared.mongo import Mongo


class Leases:
    """Rows `{_id: <task>, holder, until}`. A lease that is not renewed in time passes to whoever asks next."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["leases"]

    async def take(self, task: str, holder: str, life: timedelta) -> bool:
        """Take or renew a lease; False while another holds it."""
        now = utcnow()
        free = {"_id": task, "$or": [{"holder": holder}, {"until": {"$lt": now}}]}
        try:
            done = await self._rows.update_one(free, {"$set": {"holder": holder, "until": now + life}}, upsert=True)
        except DuplicateKeyError:
            return False
        return bool(done.matched_count or done.upserted_id)

    async def give_back(self, task: str, holder: str) -> None:
        await self._rows.delete_one({"_id": task, "holder": holder})
