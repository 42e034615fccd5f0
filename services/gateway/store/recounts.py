"""Whose counters to count again: noted in the transaction that changes a ledger without leaving a row that tells."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from shared.events import utcnow
from shared.ids import new_id
from shared.mongo import Document, Mongo

Kind = Literal["post", "person"]


class Recounts:
    """Rows `{_id, kind, of: <id>, at}`, each an insert: two at once about one post don't meet on a document."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["recounts"]

    async def create_indexes(self) -> None:
        await self._rows.create_index([("kind", ASCENDING), ("at", ASCENDING)])
        await self._rows.create_index([("of", ASCENDING)])

    async def add(self, kind: Kind, ids: Iterable[str], session: AsyncClientSession | None = None) -> None:
        rows: list[Document] = [{"_id": new_id(), "kind": kind, "of": of, "at": utcnow()} for of in ids]
        if rows:
            await self._rows.insert_many(rows, session=session)

    async def due(self, kind: Kind, until: datetime) -> set[str]:
        """The ids that were noted before this moment."""
        return await self._noted(kind, {"$lt": until})

    async def noted_since(self, kind: Kind, since: datetime) -> set[str]:
        return await self._noted(kind, {"$gte": since})

    async def _noted(self, kind: Kind, at: Document) -> set[str]:
        found: list[Any] = await self._rows.distinct("of", {"kind": kind, "at": at})
        return {str(of) for of in found}

    async def done(self, kind: Kind, until: datetime) -> None:
        """All that was due before this moment has been counted."""
        await self._rows.delete_many({"kind": kind, "at": {"$lt": until}})

    async def delete_of(self, user_id: str) -> None:
        await self._rows.delete_many({"of": user_id})
