"""Posts and moderation's rulings in MongoDB.

Every query is bounded by an equality or a range on an index, not by its limit alone: the database of a stack on one
machine fetches all that a filter matches before it sorts and cuts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from services.feed.records import Post, ReactionKind, Ruling
from services.feed.words import words_of
from shared.events import PostState, utcnow
from shared.mongo import Database, Document

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
SLICE = timedelta(days=2)
"""Width of the first slice of time that is read when the newest posts are loaded; each next one is twice as wide."""


class MongoPosts:
    """`PostStore` over the collections `posts`, `rulings` and `erased`."""

    def __init__(self, database: Database) -> None:
        self._posts = database["posts"]
        self._rulings = database["rulings"]
        self._erased = database["erased"]

    async def prepare(self) -> None:
        """Make the indexes."""
        await self._posts.create_index([("touched", 1)])
        await self._posts.create_index([("live", 1), ("published_at", 1)])
        await self._posts.create_index([("author_id", 1), ("published_at", -1), ("_id", -1)])
        await self._posts.create_index([("image_ids", 1)])

    async def put(self, state: PostState) -> None:
        fields: Document = {
            "version": state.version,
            "author_id": state.author_id,
            "author_username": state.author_username,
            "visibility": state.visibility,
            "published_at": state.published_at,
            "image_ids": [image.image_id for image in state.images],
            "words": words_of(state),
            "parent_id": state.parent_id,
            "touched": utcnow(),
        }
        if await self._erased.find_one({"_id": state.author_id}):
            await self._bury(state.post_id)
            return
        try:
            await self._posts.update_one(
                {"_id": state.post_id, "version": {"$lt": state.version}, "deleted": False},
                {"$set": fields, "$setOnInsert": {"live": False, "settled": 0}},
                upsert=True,
            )
        except DuplicateKeyError:
            return
        await self._settle(state.post_id)
        # An erasure that began between the look above and the write has to find this post.
        if await self._erased.find_one({"_id": state.author_id}):
            await self._bury(state.post_id)

    async def delete(self, post_id: str) -> None:
        await self._bury(post_id)

    async def rule(self, ruling: Ruling) -> list[str]:
        key = f"{ruling.kind}:{ruling.target_id}"
        try:
            await self._rulings.update_one(
                {"_id": key, "at": {"$lt": ruling.at}},
                {"$set": {"at": ruling.at, "withheld": ruling.withheld}},
                upsert=True,
            )
        except DuplicateKeyError:
            return []
        field = {"post": "_id", "image": "image_ids", "user": "author_id"}[ruling.kind]
        rows = await self._posts.find({field: ruling.target_id}, {"_id": 1}).to_list()
        ids = [row["_id"] for row in rows]
        for post_id in ids:
            await self._settle(post_id)
        return ids

    async def count_exposure(self, seen: Iterable[str], rejected: Iterable[str]) -> None:
        for field, post_ids in (("impressions", seen), ("rejections", rejected)):
            for post_id in post_ids:
                await self._posts.update_one({"_id": post_id}, {"$inc": {field: 1}, "$set": {"touched": utcnow()}})

    async def get(self, post_ids: Iterable[str]) -> list[Post]:
        ids = list(dict.fromkeys(post_ids))
        return [_post(row) for row in await self._posts.find({"_id": {"$in": ids}}).to_list()]

    async def changed_since(self, moment: datetime) -> list[Post]:
        return [_post(row) for row in await self._posts.find({"touched": {"$gte": moment}}).to_list()]

    async def newest(self, limit: int) -> list[Post]:
        rows: list[Document] = []
        span: Document = {}
        since, width = utcnow() - SLICE, SLICE
        while len(rows) < limit:
            found = await self._posts.find({"live": True, "published_at": {"$gte": since, **span}}).to_list()
            rows += sorted(found, key=lambda row: (row["published_at"], row["_id"]), reverse=True)
            if since <= EPOCH:
                break
            width *= 2
            span, since = {"$lt": since}, max(since - width, EPOCH)
        return [_post(row) for row in rows[:limit]]

    async def by_authors(
        self, author_ids: Sequence[str], before: tuple[datetime, str] | None, limit: int
    ) -> list[Post]:
        rows: list[Document] = []
        for author_id in author_ids:
            condition: dict[str, Any] = {"author_id": author_id}
            if before is not None:
                condition["published_at"] = {"$lte": before[0]}
            cursor = self._posts.find(condition).sort([("published_at", -1), ("_id", -1)])
            rows += await cursor.limit(limit + 1).to_list()
        posts = [
            post
            for post in map(_post, rows)
            if not post.gone
            and post.visibility in ("public", "followers")
            and (before is None or (post.published_at, post.id) < before)
        ]
        posts.sort(key=lambda post: (post.published_at, post.id), reverse=True)
        return posts[:limit]

    async def erase_author(self, user_id: str) -> list[str]:
        await self._erased.update_one({"_id": user_id}, {"$set": {"at": utcnow()}}, upsert=True)
        rows = await self._posts.find({"author_id": user_id}, {"_id": 1}).to_list()
        ids = [row["_id"] for row in rows]
        for post_id in ids:
            await self._bury(post_id)
        await self._rulings.delete_one({"_id": f"user:{user_id}"})
        return ids

    async def _bury(self, post_id: str) -> None:
        """Leave nothing of a post but the knowledge that it is deleted."""
        await self._posts.replace_one(
            {"_id": post_id}, {"deleted": True, "live": False, "touched": utcnow()}, upsert=True
        )

    async def _settle(self, post_id: str) -> None:
        """Decide anew whether the post is live, from itself and every ruling that concerns it.

        The guard on `settled` makes whoever read an older state try again, so that the last writer has seen it all.
        """
        while True:
            row = await self._posts.find_one({"_id": post_id})
            if row is None or row.get("deleted") or "author_id" not in row:
                return
            keys = [f"post:{post_id}", f"user:{row['author_id']}", *(f"image:{image}" for image in row["image_ids"])]
            rulings = await self._rulings.find({"_id": {"$in": keys}}).to_list()
            live = not any(ruling["withheld"] for ruling in rulings)
            settled = await self._posts.update_one(
                {"_id": post_id, "settled": row.get("settled", 0)},
                {"$set": {"live": live, "touched": utcnow()}, "$inc": {"settled": 1}},
            )
            if settled.modified_count:
                return


def _post(row: Document) -> Post:
    counts: dict[ReactionKind, int] = row.get("counts", {})
    if "author_id" not in row:
        return Post(row["_id"], 0, "", "", "private", EPOCH, counts=counts, gone=True)
    return Post(
        id=row["_id"],
        version=row["version"],
        author_id=row["author_id"],
        author_username=row["author_username"],
        visibility=row["visibility"],
        published_at=row["published_at"],
        image_ids=tuple(row["image_ids"]),
        words=frozenset(row["words"]),
        parent_id=row["parent_id"],
        counts=counts,
        impressions=row.get("impressions", 0),
        rejections=row.get("rejections", 0),
        gone=not row["live"],
    )
