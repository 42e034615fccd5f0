"""What others did that concerns a person, grouped: one entry for "Ada and 12 others liked your post".

A ledger row for each (group, actor) makes repetition harmless and counts exact; the group's own document sums it up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from pymongo import DESCENDING, InsertOne, UpdateOne
from pymongo.errors import DuplicateKeyError

from shared.events import utcnow
from shared.ids import new_id
from shared.mongo import Document, Mongo, Write

NotificationKind = Literal["like", "comment", "reply", "follow", "remix", "decision"]
KINDS: tuple[NotificationKind, ...] = ("like", "comment", "reply", "follow", "remix", "decision")
SHOWN_ACTORS = 8
TAKEN_BACK = "taken_back"


class Act(NamedTuple):
    """Something that somebody did and that concerns another. Two comments by one person are two acts."""

    recipient_id: str
    kind: NotificationKind
    actor_id: str
    post_id: str | None = None
    comment_id: str | None = None

    @property
    def group(self) -> str:
        return f"{self.recipient_id}:{self.kind}:{self.post_id or ''}"

    @property
    def id(self) -> str:
        return f"{self.group}:{self.actor_id}:{self.comment_id or ''}"


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

    async def add(self, act: Act, *, counted: Sequence[Write] = ()) -> bool:
        """Tell a person of one act; False when they have been told of it already. `counted` is written in any case."""
        row = {"_id": act.id, "group": act.group, "recipient_id": act.recipient_id, "actor_id": act.actor_id}
        now = utcnow()
        summary = {
            "$setOnInsert": {
                "id": new_id(), "recipient_id": act.recipient_id, "kind": act.kind, "post_id": act.post_id
            },
            "$set": {"order": new_id(), "updated_at": now, "read_at": None, "comment_id": act.comment_id},
            "$inc": {"acts": 1},
            "$push": _latest(act.actor_id),
        }  # fmt: skip
        entry = InsertOne[Document](row, namespace=self._ledger.full_name)
        grouped = UpdateOne({"_id": act.group}, summary, upsert=True, namespace=self._groups.full_name)
        try:
            await self._mongo.write_with_others([*counted, entry, grouped])
        except DuplicateKeyError as error:
            if (error.details or {})["idx"] == len(counted):
                await self._renew(act)
                return False
            # Somebody else began the group in this moment; now it is there to be added to.
            await self._mongo.write_with_others([grouped])
        return True

    async def _renew(self, act: Act) -> None:
        """Show an act again that had been taken back, without making it news once more."""
        done = await self._ledger.update_one({"_id": act.id, TAKEN_BACK: True}, {"$unset": {TAKEN_BACK: ""}})
        if done.modified_count:
            change = {"$push": _latest(act.actor_id), "$set": {"comment_id": act.comment_id}}
            await self._groups.update_one({"_id": act.group}, change)

    async def take_back(self, acts: Sequence[Act]) -> None:
        """Show these acts no more. They stay in the ledger: whoever likes again after a change of mind is no news."""
        gone: dict[str, list[Act]] = defaultdict(list)
        for act in acts:
            done = await self._ledger.update_one({"_id": act.id, TAKEN_BACK: None}, {"$set": {TAKEN_BACK: True}})
            if done.modified_count:
                gone[act.group].append(act)
        for group, its in gone.items():
            await self._sum_up(group, its)

    async def _sum_up(self, group: str, gone: list[Act]) -> None:
        """Make a group tell of what is left in the ledger; with nothing left it is no news."""
        left = {"group": group, TAKEN_BACK: None}
        actors = {act.actor_id for act in gone}
        acting = {row["actor_id"] async for row in self._ledger.find(left | {"actor_id": {"$in": sorted(actors)}})}
        await self._groups.update_one({"_id": group}, {"$pull": {"latest": {"$in": sorted(actors - acting)}}})
        summary = await self._groups.find_one({"_id": group}, {"latest": 1, "comment_id": 1})
        if summary is None:
            return
        change: Document = {}
        if not summary["latest"]:
            others = await self._ledger.find(left, {"actor_id": 1}).limit(SHOWN_ACTORS).to_list()
            change = {"latest": [row["actor_id"] for row in others]} if others else {"read_at": utcnow()}
        if summary["comment_id"] in {act.comment_id for act in gone} - {None}:
            said = [row["_id"].rpartition(":")[2] async for row in self._ledger.find(left, {"_id": 1})]
            change["comment_id"] = max(said, default=None)  # their ids are in the order of time
        if change:
            await self._groups.update_one({"_id": group}, {"$set": change})

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
                {"$match": {"group": {"$in": groups}, TAKEN_BACK: None}},
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


def _latest(actor_id: str) -> Document:
    return {"latest": {"$each": [actor_id], "$slice": -4 * SHOWN_ACTORS}}
