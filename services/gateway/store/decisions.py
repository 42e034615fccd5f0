"""Moderation's decisions as the person concerned may read them, and their appeals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from shared.events import Decision, Target, utcnow
from shared.mongo import Document, Mongo, page_after

LATEST_FIRST = [("decided_at", DESCENDING), ("_id", DESCENDING)]


class Decisions:
    """`{_id: <decision>, user_id, target: {kind, id}, decision, decided_at, by_people, appeal: {text, at} | None}`.

    Nothing here is changed but the appeal: a later decision on the same target is a row of its own.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["decisions"]

    async def create_indexes(self) -> None:
        await self._rows.create_index([("user_id", ASCENDING), *LATEST_FIRST])
        await self._rows.create_index([("user_id", ASCENDING), ("target.id", ASCENDING)])

    async def record(
        self, user_id: str, target: Target, decision: Decision, decided_at: datetime, *, by_people: bool = False
    ) -> bool:
        """Keep a decision for its person; False when it was known already."""
        row = {
            "user_id": user_id,
            "target": target.model_dump(),
            "decision": decision.model_dump(),
            "decided_at": decided_at,
            "by_people": by_people,
            "appeal": None,
        }
        done = await self._rows.update_one({"_id": decision.id}, {"$setOnInsert": row}, upsert=True)
        return done.upserted_id is not None

    async def overruled(self, user_id: str, target: Target, decided_at: datetime) -> bool:
        """Whether people have decided on this after that moment."""
        later = {"by_people": True, "decided_at": {"$gt": decided_at}}
        mine = {"user_id": user_id, "target.id": target.id, "target.kind": target.kind}
        return await self._rows.find_one(mine | later, {"_id": 1}) is not None

    async def owned(self, decision_id: str, user_id: str) -> Document | None:
        return await self._rows.find_one({"_id": decision_id, "user_id": user_id})

    async def many(self, decision_ids: Sequence[str]) -> dict[str, Document]:
        """Decisions by id."""
        if not decision_ids:
            return {}
        return {row["_id"]: row async for row in self._rows.find({"_id": {"$in": list(decision_ids)}})}

    async def page(self, user_id: str, *, before: tuple[datetime, str] | None, limit: int) -> list[Document]:
        """A person's decisions, latest first."""
        return await page_after(self._rows, {"user_id": user_id}, LATEST_FIRST, before, limit)

    async def standing(self, user_id: str, targets: Iterable[Document]) -> dict[tuple[str, str], Document]:
        """A person's latest decision on each of these targets, by kind and id."""
        ids = list({target["id"] for target in targets})
        rows = await self._rows.find({"user_id": user_id, "target.id": {"$in": ids}}).to_list()
        rows.sort(key=lambda row: (row["decided_at"], row["_id"]))
        return {(row["target"]["kind"], row["target"]["id"]): row for row in rows}

    async def appeal(self, decision_id: str, user_id: str, text: str, session: AsyncClientSession) -> bool:
        """Record the one appeal; False when there was one already."""
        done = await self._rows.update_one(
            {"_id": decision_id, "user_id": user_id, "appeal": None},
            {"$set": {"appeal": {"text": text, "at": utcnow()}}},
            session=session,
        )
        return done.modified_count == 1

    async def delete_of(self, user_id: str) -> int:
        return (await self._rows.delete_many({"user_id": user_id})).deleted_count
