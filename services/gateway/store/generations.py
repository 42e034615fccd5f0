"""Generations: the record of what was asked for and how far it has come."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from pymongo import ASCENDING, DESCENDING, InsertOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from services.gateway.generating.steps import TERMINAL, Change
from shared.mongo import Document, Mongo, Write
from shared.recent import Recent

Step = Callable[[Document], Change | None]
REMEMBERED = 1000
"""Records that a process keeps at hand: between asking and the verdict there is no need to read what one just wrote."""


class Generations:
    """One document for each generation, with its log and the verdict on each of its pictures.

    `{_id, user_id, revision, attempt, reissue, status, request, source_image_id, source_post_id, images: [{id, index,
    status, hash?, width?, height?, seed?, thumbhash?, decision?}], moments: {stage: time}, decision, error, log,
    created_at, deadline_at}`
    """

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._rows = mongo.database["generations"]
        self._recent: Recent[str, Document] = Recent(REMEMBERED)

    async def create_indexes(self) -> None:
        await self._rows.create_index([("user_id", ASCENDING), ("_id", DESCENDING)])
        await self._rows.create_index([("deadline_at", ASCENDING)])

    def insertion(self, generation: Document) -> Write:
        self._recent[generation["_id"]] = generation
        return InsertOne(generation, namespace=self._rows.full_name)

    def recent(self, generation_id: str) -> Document | None:
        """The record as this process last wrote it, which may be out of date: good as `known` of `advance` only."""
        return self._recent.get(generation_id)

    async def get(self, generation_id: str) -> Document | None:
        return await self._rows.find_one({"_id": generation_id})

    async def exists(self, generation_id: str, session: AsyncClientSession) -> bool:
        return await self._rows.find_one({"_id": generation_id}, {"_id": 1}, session=session) is not None

    async def owned(self, generation_id: str, user_id: str) -> Document | None:
        """One generation, when it is this person's."""
        return await self._rows.find_one({"_id": generation_id, "user_id": user_id})

    async def advance(
        self,
        generation_id: str,
        step: Step,
        session: AsyncClientSession | None = None,
        *,
        known: Document | None = None,
        first: Write | None = None,
    ) -> tuple[Document | None, Change | None]:
        """Apply a step to the record as it stands, again when another writer came in between.

        `known` is the record as it probably is, which saves reading it: it is read when it turns out otherwise.
        `first` is a write that whoever sees the change has to find done; what it inserts may be there already. Gives
        the record afterwards, None when there is no such generation, and the change that was made, None when the step
        changed nothing.
        """
        change = step(known) if known else None
        before = known
        while True:
            if before is None or change is None:
                before = await self._rows.find_one({"_id": generation_id}, session=session)
                change = step(before) if before else None
            if before is None or change is None:
                return before, None
            update: Document = {"$set": change.values, "$inc": {"revision": 1}}
            if change.entries:
                update["$push"] = {"log": {"$each": list(change.entries)}}
            guard = {"_id": generation_id, "revision": before["revision"]}
            if await self._write(guard, update, session, first):
                log = change.values.get("log") or before["log"]
                after = {"revision": before["revision"] + 1, "log": [*log, *change.entries]}
                changed = before | change.values | after
                if session is None:
                    self._recent[generation_id] = changed
                else:
                    # The transaction may still be undone.
                    self._recent.pop(generation_id, None)
                return changed, change
            before = None

    async def _write(
        self, guard: Document, update: Document, session: AsyncClientSession | None, first: Write | None
    ) -> bool:
        writes: list[Write] = [UpdateOne(guard, update, namespace=self._rows.full_name)]
        try:
            done = await self._mongo.write([first, *writes] if first else writes, session)
        except DuplicateKeyError:
            done = await self._mongo.write(writes, session)
        return bool(done.modified_count)

    async def page(
        self, user_id: str, *, status: str | None, words: str | None, before: str | None, limit: int
    ) -> list[Document]:
        """A person's generations, newest first, with ids below `before`."""
        query: Document = {"user_id": user_id}
        if before:
            query["_id"] = {"$lt": before}
        if status:
            query["status"] = status
        if words:
            query["request.prompt"] = {"$regex": re.escape(words), "$options": "i"}
        return await self._rows.find(query).sort("_id", -1).limit(limit).to_list()

    async def overdue(self, now: datetime, limit: int) -> list[Document]:
        """Generations that have stayed in one state beyond its deadline, the longest first."""
        query = {"deadline_at": {"$lt": now}}
        return await self._rows.find(query).sort("deadline_at", 1).limit(limit).to_list()

    async def delete_ended(self, generation_id: str, session: AsyncClientSession) -> bool:
        """Remove one generation that has ended; False when it has not, or is gone already."""
        query = {"_id": generation_id, "status": {"$in": sorted(TERMINAL)}}
        return bool((await self._rows.delete_one(query, session=session)).deleted_count)

    async def delete_of(self, user_id: str) -> None:
        """Remove everything of a person."""
        await self._rows.delete_many({"user_id": user_id})
