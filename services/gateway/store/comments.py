"""Comments on posts, with one level of replies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo import ASCENDING, InsertOne
from pymongo.asynchronous.client_session import AsyncClientSession

from shared.events import utcnow
from shared.mongo import Document, Mongo, Write


class Comments:
    """`{_id, post_id, post_author_id, author_id, text, reply_to, moderation, decision, created_at, replied_at?}`.

    A deleted comment is gone with its replies.

    `moderation` is "allow", or the verdict under which the comment is shown to its author only, or "pending" without
    one. Only what others see is counted.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["comments"]

    async def create_indexes(self) -> None:
        await self._rows.create_index([("post_id", ASCENDING), ("_id", ASCENDING)])
        await self._rows.create_index([("author_id", ASCENDING)])
        await self._rows.create_index([("reply_to", ASCENDING)])
        await self._rows.create_index([("created_at", ASCENDING)])

    def insertion(self, comment: Document) -> Write:
        return InsertOne(comment, namespace=self._rows.full_name)

    async def get(self, comment_id: str, session: AsyncClientSession | None = None) -> Document | None:
        return await self._rows.find_one({"_id": comment_id}, session=session)

    async def page(self, post_id: str, *, after: str | None, limit: int) -> list[Document]:
        """Comments and replies of a post, oldest first, so that a conversation reads downwards."""
        query: Document = {"post_id": post_id}
        if after:
            query["_id"] = {"$gt": after}
        return await self._rows.find(query).sort("_id", 1).limit(limit).to_list()

    async def hold(self, comment_id: str, session: AsyncClientSession) -> bool:
        """Keep a comment from being deleted until the transaction that replies to it ends; False when it is gone."""
        change = {"$set": {"replied_at": utcnow()}}
        return (await self._rows.update_one({"_id": comment_id}, change, session=session)).matched_count == 1

    async def delete(self, comment_id: str, session: AsyncClientSession | None = None) -> list[Document]:
        """Remove a comment with its replies, and give them."""
        removed: list[Document] = []
        for group in ({"reply_to": comment_id}, {"_id": comment_id}):
            removed += await self._rows.find(group, session=session).to_list()
            await self._rows.delete_many(group, session=session)
        return removed

    async def rate(self, comment_id: str, verdict: str, decision: Document | None, session: AsyncClientSession) -> None:
        """Record moderation's verdict on a comment."""
        change = {"$set": {"moderation": verdict, "decision": decision}}
        await self._rows.update_one({"_id": comment_id}, change, session=session)

    async def count(self, post_id: str) -> int:
        return await self._rows.count_documents({"post_id": post_id, "moderation": "allow"})

    async def commented_since(self, since: datetime, until: datetime) -> set[str]:
        found: list[Any] = await self._rows.distinct("post_id", {"created_at": {"$gte": since, "$lt": until}})
        return {str(post_id) for post_id in found}

    async def of_author(self, user_id: str) -> list[Document]:
        return await self._rows.find({"author_id": user_id}, {"post_id": 1}).to_list()

    async def delete_on(self, post_id: str) -> None:
        await self._rows.delete_many({"post_id": post_id})
