"""Who follows, blocks and mutes whom: one row `{_id: "<user>:<kind>:<target>", user_id, kind, target_id, on, …}` each.

A relation that ended is switched off rather than deleted, so that the reconciler sees whom to count again. `order` is a
UUIDv7 of when it began, by which lists are sorted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pymongo import ASCENDING, DESCENDING, InsertOne
from pymongo.asynchronous.client_session import AsyncClientSession

from shared.events import utcnow
from shared.ids import new_id
from shared.mongo import Document, Mongo, Write

Kind = Literal["follow", "block", "mute"]


@dataclass(frozen=True)
class Standing:
    """How one viewer stands to a set of people, as sets of their ids."""

    follows: set[str] = field(default_factory=set)
    followed_by: set[str] = field(default_factory=set)
    blocks: set[str] = field(default_factory=set)
    blocked_by: set[str] = field(default_factory=set)
    mutes: set[str] = field(default_factory=set)


class Relations:
    """The social graph. Rows, not arrays, so that any number of people can follow one."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["relations"]
        self._gathered = mongo.gathered(self._look_up)

    async def create_indexes(self) -> None:
        for person in ("user_id", "target_id"):
            await self._rows.create_index(
                [(person, ASCENDING), ("kind", ASCENDING), ("on", ASCENDING), ("order", DESCENDING)]
            )
        await self._rows.create_index([("at", ASCENDING)])

    def insertion(self, user_id: str, kind: Kind, target_id: str, until: datetime | None) -> Write:
        """Relate two people for the first time; `DuplicateKeyError` when they ever were so before."""
        return InsertOne(_row(user_id, kind, target_id, until), namespace=self._rows.full_name)

    async def begin(
        self,
        user_id: str,
        kind: Kind,
        target_id: str,
        session: AsyncClientSession,
        *,
        until: datetime | None = None,
    ) -> bool:
        """Relate two people; False when they are so related already (then only `until` is renewed)."""
        fresh = _row(user_id, kind, target_id, until)
        key = {"_id": fresh["_id"]}
        row = await self._rows.find_one(key, session=session)
        if row is None:
            await self._rows.insert_one(fresh, session=session)
            return True
        if row["on"] and row["until"] == until:
            return False
        changed = ("until", "at") if row["on"] else ("until", "at", "on", "order")
        await self._rows.update_one(key, {"$set": {name: fresh[name] for name in changed}}, session=session)
        return not row["on"] or (row["until"] is not None and row["until"] <= fresh["at"])

    async def end(self, user_id: str, kind: Kind, target_id: str, session: AsyncClientSession) -> bool:
        """End a relation; False when there was none."""
        ended = await self._rows.update_one(
            {"_id": f"{user_id}:{kind}:{target_id}", "on": True},
            {"$set": {"on": False, "at": utcnow()}},
            session=session,
        )
        return ended.modified_count == 1

    async def preclude(self, user_id: str, kind: Kind, target_id: str, session: AsyncClientSession) -> bool:
        """End a relation, and meet whoever is about to begin it in a write to its row; False when there was none."""
        fresh = _row(user_id, kind, target_id, None)
        key = {"_id": fresh.pop("_id")}
        change = {"on": False, "at": fresh.pop("at")}
        before = await self._rows.find_one(key, {"on": 1}, session=session)
        first = {name: fresh[name] for name in fresh.keys() - change.keys()}
        await self._rows.update_one(key, {"$set": change, "$setOnInsert": first}, upsert=True, session=session)
        return before is not None and bool(before["on"])

    async def blocking(self, user_id: str, other_id: str, session: AsyncClientSession) -> set[str]:
        """Who of two people blocks the other."""
        ids = [f"{user_id}:block:{other_id}", f"{other_id}:block:{user_id}"]
        rows = self._rows.find({"_id": {"$in": ids}, "on": True}, {"user_id": 1}, session=session)
        return {row["user_id"] async for row in rows}

    async def standing(self, viewer_id: str, others: Iterable[str]) -> Standing:
        """Both directions between the viewer and the others, in one query."""
        people = list(set(others) - {viewer_id})
        standing = Standing()
        if not people:
            return standing
        outward = (f"{viewer_id}:{kind}:{other}" for other in people for kind in ("follow", "block", "mute"))
        inward = (f"{other}:{kind}:{viewer_id}" for other in people for kind in ("follow", "block"))
        now = utcnow()
        for row in await self._gathered.ask([*outward, *inward]):
            if not row["on"] or (row.get("until") and row["until"] <= now):
                continue
            outgoing = row["user_id"] == viewer_id
            other = row["target_id"] if outgoing else row["user_id"]
            match row["kind"], outgoing:
                case "follow", True:
                    standing.follows.add(other)
                case "follow", False:
                    standing.followed_by.add(other)
                case "block", True:
                    standing.blocks.add(other)
                case "block", False:
                    standing.blocked_by.add(other)
                case "mute", True:
                    standing.mutes.add(other)
        return standing

    async def _look_up(self, asked: Sequence[Sequence[str]]) -> list[list[Document]]:
        ids = list({key for each in asked for key in each})
        found = {row["_id"]: row async for row in self._rows.find({"_id": {"$in": ids}})}
        return [[found[key] for key in each if key in found] for each in asked]

    async def targets(self, user_id: str, kind: Kind, *, before: str | None = None, limit: int) -> list[Document]:
        """Whom a person follows, blocks or mutes, latest first; `before` is the last row's `order`."""
        return await self._list({"user_id": user_id, "kind": kind}, before, limit)

    async def sources(self, target_id: str, kind: Kind, *, before: str | None = None, limit: int) -> list[Document]:
        """Who follows, blocks or mutes a person, latest first."""
        return await self._list({"target_id": target_id, "kind": kind}, before, limit)

    async def _list(self, query: Document, before: str | None, limit: int) -> list[Document]:
        query |= {"on": True, "until": {"$not": {"$lte": utcnow()}}}
        if before:
            query["order"] = {"$lt": before}
        return await self._rows.find(query).sort("order", DESCENDING).limit(limit).to_list()

    async def counts(self, user_id: str) -> dict[str, int]:
        """True numbers of `followers` and `following`."""
        return {
            "followers": await self._rows.count_documents({"target_id": user_id, "kind": "follow", "on": True}),
            "following": await self._rows.count_documents({"user_id": user_id, "kind": "follow", "on": True}),
        }

    async def moved(self, since: datetime, until: datetime) -> set[str]:
        """People who began or ended following, or were followed, in this time."""
        rows = self._rows.find({"at": {"$gte": since, "$lt": until}, "kind": "follow"}, {"user_id": 1, "target_id": 1})
        return {person async for row in rows for person in (row["user_id"], row["target_id"])}

    async def people_around(self, user_id: str) -> set[str]:
        """Everybody who follows this person or is followed by them."""
        followed = await self._rows.distinct("target_id", {"user_id": user_id, "kind": "follow"})
        followers = await self._rows.distinct("user_id", {"target_id": user_id, "kind": "follow"})
        return {str(person) for person in (*followed, *followers)}

    async def delete_of(self, user_id: str) -> int:
        """Remove every relation of a person, both ways; how many there were."""
        gone = [await self._rows.delete_many({side: user_id}) for side in ("user_id", "target_id")]
        return sum(done.deleted_count for done in gone)


def _row(user_id: str, kind: Kind, target_id: str, until: datetime | None) -> Document:
    return {
        "_id": f"{user_id}:{kind}:{target_id}", "user_id": user_id, "kind": kind, "target_id": target_id,
        "until": until, "on": True, "at": utcnow(), "order": new_id(),
    }  # fmt: skip
