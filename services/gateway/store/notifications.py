"""What others did that concerns a person, grouped: one entry for "Ada and 12 others liked your post".

A ledger row for each (group, actor) makes repetition harmless and counts exact; the group's own document sums it up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pymongo import DESCENDING, InsertOne, UpdateOne
from pymongo.errors import DuplicateKeyError

from shared.events import utcnow
from shared.ids import new_id
from shared.mongo import Document, Mongo, Write

NotificationKind = Literal["like", "comment", "reply", "follow", "remix", "decision"]
KINDS: tuple[NotificationKind, ...] = ("like", "comment", "reply", "follow", "remix", "decision")
SHOWN_ACTORS = 8


class Notifications:
    """Groups and their ledger."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._groups = mongo.database["notifications"]
        self._ledger = mongo.database["notification_actors"]

    async def create_indexes(self) -> None:
        await self._groups.create_index([("recipient_id", 1), ("order", DESCENDING)])
        await self._groups.create_index([("post_id", 1)])
        await self._ledger.create_index([("recipient_id", 1), ("actor_id", 1)])
        await self._ledger.create_index([("actor_id", 1)])
        await self._ledger.create_index([("group", 1), ("actor_id", 1)])

    async def add(
        self,
        recipient_id: str,
        kind: NotificationKind,
        actor_id: str,
        *,
        post_id: str | None = None,
        comment_id: str | None = None,
        counted: Sequence[Write] = (),
    ) -> bool:
        """Tell a person of one act; False when they have been told of it already. `counted` is written in any case."""
        group = f"{recipient_id}:{kind}:{post_id or ''}"
        # Two comments by one person are two acts; liking again after a change of mind is one.
        act = f"{group}:{actor_id}:{comment_id or ''}"
        row = {"_id": act, "group": group, "recipient_id": recipient_id, "actor_id": actor_id}
        now = utcnow()
        summary = {
            "$setOnInsert": {"id": new_id(), "recipient_id": recipient_id, "kind": kind, "post_id": post_id},
            "$set": {"order": new_id(), "updated_at": now, "read_at": None, "comment_id": comment_id},
            "$inc": {"acts": 1},
            "$push": {"latest": {"$each": [actor_id], "$slice": -4 * SHOWN_ACTORS}},
        }
        entry = InsertOne[Document](row, namespace=self._ledger.full_name)
        grouped = UpdateOne({"_id": group}, summary, upsert=True, namespace=self._groups.full_name)
        try:
            await self._mongo.write_with_others([*counted, entry, grouped])
        except DuplicateKeyError as error:
            if (error.details or {})["idx"] == len(counted):
                return False
            # Somebody else began the group in this moment; now it is there to be added to.
            await self._mongo.write_with_others([grouped])
        return True

    async def page(self, recipient_id: str, *, before: str | None, limit: int, unread: bool = False) -> list[Document]:
        """Groups, the latest act first; `before` is the last one's `order`."""
        query: Document = {"recipient_id": recipient_id}
        if before:
            query["order"] = {"$lt": before}
        if unread:
            query["read_at"] = None
        return await self._groups.find(query).sort("order", DESCENDING).limit(limit).to_list()

    async def actors(self, groups: list[str]) -> dict[str, int]:
        """How many different people acted, by group."""
        counted = await self._ledger.aggregate(
            [
                {"$match": {"group": {"$in": groups}}},
                {"$group": {"_id": {"group": "$group", "actor": "$actor_id"}}},
                {"$group": {"_id": "$_id.group", "people": {"$sum": 1}}},
            ]
        )
        return {row["_id"]: row["people"] async for row in counted}

    async def unread(self, recipient_id: str) -> int:
        """How many groups have news, 100 at most."""
        return await self._groups.count_documents({"recipient_id": recipient_id, "read_at": None}, limit=100)

    async def forget_between(self, one: str, other: str) -> None:
        """Take back what two people have told each other, as when one blocks the other."""
        for recipient_id, actor_id in ((one, other), (other, one)):
            await self._ledger.delete_many({"recipient_id": recipient_id, "actor_id": actor_id})

    async def delete_on(self, post_id: str) -> None:
        """Remove every notification about a post that is gone."""
        groups = self._groups.find({"post_id": post_id}, {"_id": 1})
        await self._ledger.delete_many({"group": {"$in": [group["_id"] async for group in groups]}})
        await self._groups.delete_many({"post_id": post_id})

    async def delete_of(self, user_id: str) -> int:
        """Remove what a person was told, and what others were told of them."""
        gone = await self._groups.delete_many({"recipient_id": user_id})
        theirs = await self._ledger.find({"actor_id": user_id}, {"group": 1}).to_list()
        acts = [await self._ledger.delete_many({side: user_id}) for side in ("recipient_id", "actor_id")]
        await self._groups.update_many({"latest": user_id}, {"$pull": {"latest": user_id}})
        for act in theirs:
            # Of several acts a group names the latest one's comment.
            comment_id = act["_id"].rpartition(":")[2]
            await self._groups.update_one(
                {"_id": act["group"], "comment_id": comment_id}, {"$set": {"comment_id": None}}
            )
            if await self._ledger.find_one({"group": act["group"]}, {"_id": 1}) is None:
                await self._groups.delete_one({"_id": act["group"]})
        return gone.deleted_count + sum(done.deleted_count for done in acts)

    async def mark_read(self, recipient_id: str, *, ids: list[str] | None, up_to: datetime) -> None:
        """Mark these groups, or all of them, as read, except for acts after `up_to`."""
        query: Document = {"recipient_id": recipient_id, "read_at": None, "updated_at": {"$lte": up_to}}
        if ids is not None:
            query["id"] = {"$in": ids}
        await self._groups.update_many(query, {"$set": {"read_at": utcnow()}})
