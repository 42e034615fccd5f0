"""What each person did with each post, in MongoDB: one row a person and post, and the counts that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import get_args

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from services.feed.records import Encounter, Gesture, Reaction, ReactionKind
from shared.events import utcnow
from shared.mongo import Document, Mongo

KINDS: tuple[ReactionKind, ...] = get_args(ReactionKind)


class MongoEncounters:
    """`EncounterStore` over the collection `encounters`; counts go to `posts` in the same transaction."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._rows = mongo.database["encounters"]
        self._posts = mongo.database["posts"]
        self._erased = mongo.database["erased"]

    async def prepare(self) -> None:
        """Make the indexes."""
        await self._rows.create_index([("user_id", 1), ("touched", 1)])
        await self._rows.create_index([("liked_at", 1)], sparse=True)

    async def react(self, reaction: Reaction) -> bool:
        key = f"{reaction.user_id}:{reaction.post_id}"
        kind = reaction.kind

        async def work(session: AsyncClientSession) -> bool:
            if await self._erased.find_one({"_id": reaction.user_id}, session=session):
                return False
            before = await self._rows.find_one({"_id": key}, session=session) or {}
            known = before.get("reactions", {}).get(kind)
            if known is not None and known["at"] >= reaction.at:
                return False
            fields: Document = {
                "user_id": reaction.user_id,
                "post_id": reaction.post_id,
                "own": reaction.user_id == reaction.author_id,
                f"reactions.{kind}": {"at": reaction.at, "on": reaction.on},
                "touched": utcnow(),
            }
            change: Document = {"$set": fields}
            if kind == "like" and reaction.on:
                fields["liked_at"] = reaction.at
            elif kind == "like":
                change["$unset"] = {"liked_at": ""}
            await self._rows.update_one({"_id": key}, change, upsert=True, session=session)
            step = int(reaction.on) - int(known is not None and known["on"])
            if step and not fields["own"]:
                await self._count(reaction.post_id, {kind: step}, session)
            return True

        return await self._mongo.transaction(work)

    async def gesture(self, user_id: str, gestures: Mapping[str, Iterable[Gesture]], at: datetime) -> None:
        if not gestures or await self._erased.find_one({"_id": user_id}):
            return
        updates = [
            UpdateOne(
                {"_id": f"{user_id}:{post_id}"},
                {
                    "$set": {"user_id": user_id, "post_id": post_id, "touched": utcnow()},
                    "$max": {f"gestures.{name}": at for name in names},
                },
                upsert=True,
            )
            for post_id, names in gestures.items()
        ]
        await self._rows.bulk_write(updates, ordered=False)

    async def of(self, user_id: str, since: datetime | None = None) -> list[Encounter]:
        condition: Document = {"user_id": user_id}
        if since is not None:
            condition["touched"] = {"$gte": since}
        return [_encounter(row) for row in await self._rows.find(condition).to_list()]

    async def forget(self, user_id: str, post_ids: Iterable[str], at: datetime) -> None:
        keys = [f"{user_id}:{post_id}" for post_id in post_ids]
        if keys:
            change = {"$max": {"forgotten_at": at}, "$set": {"touched": utcnow()}}
            await self._rows.update_many({"_id": {"$in": keys}}, change)

    async def likes_since(self, moment: datetime, limit: int) -> list[tuple[str, str, float]]:
        rows = self._rows.find({"liked_at": {"$gte": moment}}, {"user_id": 1, "post_id": 1, "liked_at": 1})
        found = await rows.sort([("liked_at", -1)]).limit(limit).to_list()
        return [(row["user_id"], row["post_id"], row["liked_at"].timestamp()) for row in found]

    async def erase(self, user_id: str) -> list[str]:
        await self._erased.update_one({"_id": user_id}, {"$set": {"at": utcnow()}}, upsert=True)
        rows = await self._rows.find({"user_id": user_id}).to_list()
        return [row["post_id"] for row in rows if await self._forget(row["_id"])]

    async def _forget(self, key: str) -> bool:
        """Remove one row and what it counted for; True when a count changed."""

        async def work(session: AsyncClientSession) -> bool:
            row = await self._rows.find_one({"_id": key}, session=session)
            gone = await self._rows.delete_one({"_id": key}, session=session)
            if row is None or not gone.deleted_count or row.get("own"):
                return False
            steps = {kind: -1 for kind, stand in row.get("reactions", {}).items() if stand["on"]}
            if steps:
                await self._count(row["post_id"], steps, session)
            return bool(steps)

        return await self._mongo.transaction(work)

    async def _count(self, post_id: str, steps: Mapping[str, int], session: AsyncClientSession) -> None:
        """Add to a post's counts; a post not announced yet gets a place where they wait for it."""
        await self._posts.update_one(
            {"_id": post_id},
            {
                "$inc": {f"counts.{kind}": step for kind, step in steps.items()},
                "$set": {"touched": utcnow()},
                "$setOnInsert": {"version": 0, "deleted": False, "live": False, "settled": 0},
            },
            upsert=True,
            session=session,
        )


def _encounter(row: Document) -> Encounter:
    reactions = row.get("reactions", {})
    return Encounter(
        post_id=row["post_id"],
        gestures=dict(row.get("gestures", {})),
        reactions={kind: reactions[kind]["at"] for kind in KINDS if kind in reactions and reactions[kind]["on"]},
        forgotten_at=row.get("forgotten_at"),
    )
