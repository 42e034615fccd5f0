"""What has yet to be cleaned up: written in the transaction that gives a picture or a post up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, cast

from pymongo.asynchronous.client_session import AsyncClientSession

from shared.events import utcnow
from shared.mongo import Document, Mongo

Kind = Literal["picture", "post", "person"]
Removal = tuple[Kind, str]
"""A picture by its hash: its objects are to go. A post by its id: what hangs on it is to go. A person who is erased,
by their id: what the broker keeps of late news about them is to go."""


class Removals:
    """Rows `{_id: "<kind>:<name>", at}`; a row is cleared once its work is done, so a crash loses nothing."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["removals"]

    async def add(self, removals: Iterable[Removal], session: AsyncClientSession | None = None) -> None:
        for kind, name in removals:
            await self._rows.update_one(
                {"_id": f"{kind}:{name}"}, {"$set": {"at": utcnow()}}, upsert=True, session=session
            )

    async def waiting(self, limit: int) -> list[Removal]:
        rows: list[Document] = await self._rows.find({}, {"_id": 1}).sort("at", 1).limit(limit).to_list()
        found = [str(row["_id"]).partition(":") for row in rows]
        return [(cast(Kind, kind), name) for kind, _, name in found]

    async def clear(self, removal: Removal) -> None:
        kind, name = removal
        await self._rows.delete_one({"_id": f"{kind}:{name}"})
