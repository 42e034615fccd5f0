"""Who follows, blocks and mutes whom, and how each person wants their pages made, in MongoDB."""

from __future__ import annotations

from datetime import datetime

from pymongo.errors import DuplicateKeyError

from services.feed.records import Relation, Steering
from shared.events import utcnow
from shared.mongo import Database, Document


class MongoPeople:
    """`PeopleStore` over the collections `relations`, `steering` and `erased`."""

    def __init__(self, database: Database) -> None:
        self._rows = database["relations"]
        self._steering = database["steering"]
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

    async def steering(self, user_id: str) -> Steering:
        row = await self._steering.find_one({"_id": user_id}) or {}
        return Steering(row.get("personalised", True), row.get("exploration"), row.get("reset_at"))

    async def steer(
        self,
        user_id: str,
        *,
        personalised: bool | None = None,
        exploration: float | None = None,
        reset_at: datetime | None = None,
    ) -> None:
        chosen = {"personalised": personalised, "exploration": exploration}
        fields = {name: value for name, value in chosen.items() if value is not None}
        change: Document = {"$set": fields} if fields else {}
        if reset_at is not None:
            change["$max"] = {"reset_at": reset_at}
        if not change or await self.erased(user_id):
            return
        await self._steering.update_one({"_id": user_id}, change, upsert=True)
        # An erasure that began between the look above and the write has to find nothing.
        if await self.erased(user_id):
            await self._steering.delete_one({"_id": user_id})

    async def erase(self, user_id: str) -> None:
        await self._erased.update_one({"_id": user_id}, {"$set": {"at": utcnow()}}, upsert=True)
        await self._steering.delete_one({"_id": user_id})
        await self._rows.delete_many({"user_id": user_id})
        await self._rows.delete_many({"target_id": user_id})

    async def erased(self, user_id: str) -> bool:
        return await self._erased.find_one({"_id": user_id}) is not None
