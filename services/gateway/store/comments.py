"""Comments on posts, with one level of replies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo import ASCENDING, InsertOne
from pymongo.asynchronous.client_session import AsyncClientSession

from shared.mongo import Document, Mongo, Write


class Comments:
    """`{_id, post_id, post_author_id, author_id, text, reply_to, moderation, decision, created_at}`.

    A deleted comment is gone with its replies.

    `moderation` is "allow", or the verdict under which the comment is shown to its author only.
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

    async def get(self, comment_id: str) -> Document | None:
        return await self._rows.find_one({"_id": comment_id})

    async def page(self, post_id: str, *, after: str | None, limit: int) -> list[Document]:
        """Comments and replies of a post, oldest first, so that a conversation reads downwards."""
        query: Document = {"post_id": post_id}
        if after:
            query["_id"] = {"$gt": after}
        return await self._rows.find(query).sort("_id", 1).limit(limit).to_list()

    async def delete(self, comment_id: str, session: AsyncClientSession | None = None) -> int:
        """Remove a comment with its replies; how many that were."""
        replies = await self._rows.delete_many({"reply_to": comment_id}, session=session)
        comment = await self._rows.delete_one({"_id": comment_id}, session=session)
        return replies.deleted_count + comment.deleted_count

    async def rate(self, comment_id: str, verdict: str, decision: Document) -> None:
        """Record moderation's verdict on a comment."""
        await self._rows.update_one({"_id": comment_id}, {"$set": {"moderation": verdict, "decision": decision}})

    async def count(self, post_id: str) -> int:
        return await self._rows.count_documents({"post_id": post_id})

    async def commented_since(self, since: datetime, until: datetime) -> set[str]:
        found: list[Any] = await self._rows.distinct("post_id", {"created_at": {"$gte": since, "$lt": until}})
        return {str(post_id) for post_id in found}

    async def of_author(self, user_id: str) -> list[Document]:
        return await self._rows.find({"author_id": user_id}, {"post_id": 1}).to_list()

    async def delete_on(self, post_id: str) -> None:
        await self._rows.delete_many({"post_id": post_id})
