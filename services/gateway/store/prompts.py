"""What a person has asked for, kept when the pictures are deleted."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, InsertOne

from shared.mongo import Document, Mongo, Write


class Prompts:
    """One row for each time something was asked: `{_id, user_id, key, text, parameters, at}`.

    Rows are only inserted, so that asking the same thing many times at once never waits for itself; reading shows
    each text once, at its latest use. `key` is the same for equal texts.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["prompts"]

    async def create_indexes(self) -> None:
        await self._rows.create_index([("user_id", ASCENDING), ("_id", DESCENDING)])
        await self._rows.create_index([("user_id", ASCENDING), ("key", ASCENDING), ("_id", DESCENDING)])

    def insertion(self, prompt_id: str, user_id: str, text: str, parameters: dict[str, Any], at: datetime) -> Write:
        row = {
            "_id": prompt_id, "user_id": user_id, "key": _key(text), "text": text, "parameters": parameters, "at": at,
        }  # fmt: skip
        return InsertOne(row, namespace=self._rows.full_name)

    async def page(self, user_id: str, *, words: str | None, before: str | None, limit: int) -> list[Document]:
        """Different texts, latest use first, with ids below `before`."""
        match: Document = {"user_id": user_id}
        if words:
            match["text"] = {"$regex": re.escape(words), "$options": "i"}
        stages: list[Document] = [
            {"$match": match},
            {"$sort": {"_id": -1}},
            {"$group": {"_id": "$key", "row": {"$first": "$$ROOT"}, "times": {"$sum": 1}}},
        ]
        if before:
            stages.append({"$match": {"row._id": {"$lt": before}}})
        stages += [{"$sort": {"row._id": -1}}, {"$limit": limit}]
        cursor = await self._rows.aggregate(stages)
        return [found["row"] | {"times": found["times"]} async for found in cursor]

    async def forget(self, prompt_id: str, user_id: str) -> bool:
        """Remove a text with every time it was used; False when this person has no such prompt."""
        row = await self._rows.find_one({"_id": prompt_id, "user_id": user_id})
        if row is None:
            return False
        await self._rows.delete_many({"user_id": user_id, "key": row["key"]})
        return True

    async def delete_of(self, user_id: str) -> None:
        await self._rows.delete_many({"user_id": user_id})


def _key(text: str) -> str:
    return hashlib.blake2s(" ".join(text.split()).casefold().encode(), digest_size=12).hexdigest()
