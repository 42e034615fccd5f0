"""Likes and bookmarks: the ledger behind the counters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from pymongo import ASCENDING, DESCENDING, InsertOne
from pymongo.asynchronous.client_session import AsyncClientSession

from shared.mongo import Document, Mongo, Write, page_after

Kind = Literal["like", "bookmark"]
COUNTERS: dict[Kind, str] = {"like": "likes", "bookmark": "bookmarks"}
LATEST_FIRST = [("at", DESCENDING), ("_id", DESCENDING)]


class Reactions:
    """One row for each (kind, post, person): `{_id, kind, post_id, user_id, on, at}`.

    The row's id is made of the three, so that two at once can't both be the first. Taking a reaction back switches
    the row off instead of deleting it, so that the reconciler sees which posts to count again.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["reactions"]

    async def create_indexes(self) -> None:
        await self._rows.create_index([("user_id", ASCENDING), ("kind", ASCENDING), ("on", ASCENDING), *LATEST_FIRST])
        await self._rows.create_index([("post_id", ASCENDING), ("kind", ASCENDING), ("on", ASCENDING)])
        await self._rows.create_index([("at", ASCENDING)])

    def insertion(self, kind: Kind, post_id: str, user_id: str, at: datetime) -> Write:
        """React for the first time; `DuplicateKeyError` when this person ever did so before."""
        row = {"kind": kind, "post_id": post_id, "user_id": user_id, "on": True, "at": at}
        return InsertOne({"_id": _row_id(kind, post_id, user_id), **row}, namespace=self._rows.full_name)

    async def switch(
        self, kind: Kind, post_id: str, user_id: str, on: bool, at: datetime, session: AsyncClientSession
    ) -> bool:
        """React again, or take it back; False when it was so already, or never was."""
        query = {"_id": _row_id(kind, post_id, user_id), "on": not on}
        done = await self._rows.update_one(query, {"$set": {"on": on, "at": at}}, session=session)
        return bool(done.modified_count)

    async def of_viewer(self, user_id: str, post_ids: Iterable[str]) -> dict[str, set[str]]:
        """Which of these posts this person reacted to: post id → kinds."""
        ids = [_row_id(kind, post_id, user_id) for post_id in post_ids for kind in COUNTERS]
        found: dict[str, set[str]] = {}
        async for row in self._rows.find({"_id": {"$in": ids}, "on": True}, {"kind": 1, "post_id": 1}):
            found.setdefault(row["post_id"], set()).add(row["kind"])
        return found

    async def page(
        self, kind: Kind, user_id: str, *, before: tuple[datetime, str] | None, limit: int
    ) -> list[Document]:
        """A person's reactions, latest first."""
        query: Document = {"user_id": user_id, "kind": kind, "on": True}
        return await page_after(self._rows, query, LATEST_FIRST, before, limit)

    async def count(self, kind: Kind, post_id: str) -> int:
        return await self._rows.count_documents({"post_id": post_id, "kind": kind, "on": True})

    async def moved(self, since: datetime, until: datetime) -> set[str]:
        """Posts with a reaction given or taken back in this time."""
        found: list[Any] = await self._rows.distinct("post_id", {"at": {"$gte": since, "$lt": until}})
        return {str(post_id) for post_id in found}

    async def posts_of(self, user_id: str) -> set[str]:
        """Posts that this person ever reacted to."""
        found: list[Any] = await self._rows.distinct("post_id", {"user_id": user_id})
        return {str(post_id) for post_id in found}

    async def delete_on(self, post_id: str) -> None:
        await self._rows.delete_many({"post_id": post_id})

    async def delete_of(self, user_id: str) -> None:
        await self._rows.delete_many({"user_id": user_id})


def _row_id(kind: Kind, post_id: str, user_id: str) -> str:
    return f"{kind}:{post_id}:{user_id}"
