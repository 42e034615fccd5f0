"""Pictures that exist: one document for each that moderation has judged. It outlives the generation it came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING, InsertOne
from pymongo.asynchronous.client_session import AsyncClientSession

from shared.mongo import Document, Mongo, Write


class Images:
    """`{_id, user_id, generation_id, index, status: ready|blocked, hash, width, height, seed, thumbhash, prompt,
    model, aspect, source_post_id, posts, created_at}`; `posts` counts the posts that show the picture.

    While a picture is being made only its generation knows it; the document is written with the first verdict.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["images"]

    async def create_indexes(self) -> None:
        await self._rows.create_index([("user_id", ASCENDING), ("_id", DESCENDING)])
        await self._rows.create_index([("generation_id", ASCENDING)])

    def insertion(self, image: Document) -> Write:
        """Write a picture down; `DuplicateKeyError` when it was written down before."""
        return InsertOne(image, namespace=self._rows.full_name)

    async def get(self, image_id: str) -> Document | None:
        return await self._rows.find_one({"_id": image_id})

    async def many(self, image_ids: Iterable[str]) -> list[Document]:
        return await self._rows.find({"_id": {"$in": list(image_ids)}}).to_list()

    async def of_person(self, image_ids: Sequence[str], user_id: str) -> dict[str, Document]:
        """Those of these pictures that are this person's, by id."""
        query = {"_id": {"$in": list(image_ids)}, "user_id": user_id}
        return {image["_id"]: image async for image in self._rows.find(query)}

    async def shown(self, image_ids: Sequence[str], user_id: str, step: int, session: AsyncClientSession) -> int:
        """One post more (or less) shows these pictures; how many of them are this person's and ready.

        Being a write, it conflicts with `give_up`: a picture can't be deleted while it is being published.
        """
        query: Document = {"_id": {"$in": list(image_ids)}, "user_id": user_id}
        if step > 0:
            query["status"] = "ready"
        return (await self._rows.update_many(query, {"$inc": {"posts": step}}, session=session)).matched_count

    async def unused(self, image_ids: Sequence[str], session: AsyncClientSession) -> list[Document]:
        """Those of these pictures that no post shows."""
        return await self._rows.find({"_id": {"$in": list(image_ids)}, "posts": 0}, session=session).to_list()

    async def give_up(self, generation_id: str, session: AsyncClientSession) -> set[str]:
        """Delete those pictures of a generation that no post shows; the hashes of those that stay."""
        await self._rows.delete_many({"generation_id": generation_id, "posts": 0}, session=session)
        rows = self._rows.find({"generation_id": generation_id}, {"hash": 1}, session=session)
        return {row["hash"] async for row in rows}

    async def judge(self, image_id: str, status: str) -> Document | None:
        """Set the verdict on a picture; gives the picture, or None when it is unknown."""
        done = await self._rows.update_one({"_id": image_id}, {"$set": {"status": status}})
        return await self.get(image_id) if done.matched_count else None

    async def delete(self, image_ids: Iterable[str], session: AsyncClientSession) -> None:
        await self._rows.delete_many({"_id": {"$in": list(image_ids)}}, session=session)

    async def hashes_of(self, user_id: str) -> list[str]:
        """Names in the object store of all pictures of a person."""
        found: list[Any] = await self._rows.distinct("hash", {"user_id": user_id})
        return [str(name) for name in found]

    async def delete_of(self, user_id: str) -> None:
        await self._rows.delete_many({"user_id": user_id})
