"""Who follows, blocks and mutes whom: one row `{_id: "<user>:<kind>:<target>", user_id, kind, target_id, …}` each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from shared.events import utcnow
from shared.mongo import Document, Mongo

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

    async def create_indexes(self) -> None:
        await self._rows.create_index([("user_id", ASCENDING), ("kind", ASCENDING), ("order", DESCENDING)])
        await self._rows.create_index([("target_id", ASCENDING), ("kind", ASCENDING), ("order", DESCENDING)])

    async def add(
        self,
        row_id: str,
        user_id: str,
        kind: Kind,
        target_id: str,
        session: AsyncClientSession,
        *,
        until: datetime | None = None,
    ) -> bool:
        """Relate two people; False when they are so related already (then only `until` is renewed).

        `row_id` is a fresh UUIDv7: it orders lists by when the relation began.
        """
        key = f"{user_id}:{kind}:{target_id}"
        renewed = await self._rows.update_one({"_id": key}, {"$set": {"until": until}}, session=session)
        if renewed.matched_count:
            return False
        row = {"_id": key, "order": row_id, "user_id": user_id, "kind": kind, "target_id": target_id, "until": until}
        await self._rows.insert_one(row | {"created_at": utcnow()}, session=session)
        return True

    async def remove(self, user_id: str, kind: Kind, target_id: str, session: AsyncClientSession) -> bool:
        """End a relation; False when there was none."""
        gone = await self._rows.delete_one({"_id": f"{user_id}:{kind}:{target_id}"}, session=session)
        return gone.deleted_count == 1

    async def standing(self, viewer_id: str, others: Iterable[str]) -> Standing:
        """Both directions between the viewer and the others, in one query."""
        people = list(set(others) - {viewer_id})
        standing = Standing()
        if not people:
            return standing
        query = {
            "_id": {
                "$in": [f"{viewer_id}:{kind}:{other}" for other in people for kind in ("follow", "block", "mute")]
                + [f"{other}:{kind}:{viewer_id}" for other in people for kind in ("follow", "block")]
            }
        }
        now = utcnow()
        async for row in self._rows.find(query, {"user_id": 1, "kind": 1, "target_id": 1, "until": 1}):
            if row.get("until") and row["until"] <= now:
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

    async def targets(self, user_id: str, kind: Kind, *, before: str | None = None, limit: int) -> list[Document]:
        """Whom a person follows, blocks or mutes, latest first; `before` is the last row's `order`."""
        return await self._list({"user_id": user_id, "kind": kind}, before, limit)

    async def sources(self, target_id: str, kind: Kind, *, before: str | None = None, limit: int) -> list[Document]:
        """Who follows, blocks or mutes a person, latest first."""
        return await self._list({"target_id": target_id, "kind": kind}, before, limit)

    async def _list(self, query: Document, before: str | None, limit: int) -> list[Document]:
        if before:
            query["order"] = {"$lt": before}
        return await self._rows.find(query).sort("order", DESCENDING).limit(limit).to_list()
