"""Who follows, blocks and mutes whom, in MongoDB."""

from __future__ import annotations

from datetime import datetime

from pymongo.errors import DuplicateKeyError

from services.feed.records import Relation
from shared.events import utcnow
from shared.mongo import Database, Document


class MongoPeople:
    """`PeopleStore` over the collections `relations` and `erased`."""

    def __init__(self, database: Database) -> None:
        self._rows = database["relations"]
        self._erased = database["erased"]

    async def prepare(self) -> None:
        """Make the indexes."""
        await self._rows.create_index([("user_id", 1), ("touched", 1)])
        await self._rows.create_index([("target_id", 1), ("kind", 1), ("touched", 1)])

    async def relate(self, relation: Relation) -> None:
        if await self.erased(relation.user_id) or await self.erased(relation.target_id):
            return
        try:
            await self._rows.update_one(
                {"_id": f"{relation.kind}:{relation.user_id}:{relation.target_id}", "at": {"$lt": relation.at}},
                {
                    "$set": {
                        "kind": relation.kind,
                        "on": relation.on,
                        "user_id": relation.user_id,
                        "target_id": relation.target_id,
                        "at": relation.at,
                        "touched": utcnow(),
                    }
                },
                upsert=True,
            )
        except DuplicateKeyError:
            return

    async def of(self, user_id: str, since: datetime | None = None) -> list[Relation]:
        fresh: Document = {} if since is None else {"touched": {"$gte": since}}
        rows = await self._rows.find({"user_id": user_id, **fresh}).to_list()
        rows += await self._rows.find({"target_id": user_id, "kind": "block", **fresh}).to_list()
        return [Relation(row["kind"], row["on"], row["user_id"], row["target_id"], row["at"]) for row in rows]

    async def erase(self, user_id: str) -> None:
        await self._erased.update_one({"_id": user_id}, {"$set": {"at": utcnow()}}, upsert=True)
        await self._rows.delete_many({"user_id": user_id})
        await self._rows.delete_many({"target_id": user_id})

    async def erased(self, user_id: str) -> bool:
        return await self._erased.find_one({"_id": user_id}) is not None
