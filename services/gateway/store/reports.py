"""What people reported, one row for each reporter and target."""

from __future__ import annotations

from pymongo import ASCENDING, DESCENDING, InsertOne

from shared.events import Target
from shared.mongo import Document, Mongo, Write


class Reports:
    """Rows `{_id, reporter_id, target: {kind, id}, owner_id, reason, text, created_at}`."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.database["reports"]

    async def create_indexes(self) -> None:
        await self._rows.create_index(
            [("reporter_id", ASCENDING), ("target.kind", ASCENDING), ("target.id", ASCENDING)], unique=True
        )
        await self._rows.create_index([("owner_id", ASCENDING)])

    def insertion(self, report: Document) -> Write:
        """Store a report; `DuplicateKeyError` when this person has reported this target before."""
        return InsertOne(report, namespace=self._rows.full_name)

    async def find(self, reporter_id: str, target: Target) -> Document | None:
        return await self._rows.find_one(
            {"reporter_id": reporter_id, "target.kind": target.kind, "target.id": target.id}
        )

    async def of(self, reporter_id: str) -> list[Document]:
        return await self._rows.find({"reporter_id": reporter_id}).sort("_id", DESCENDING).to_list()

    async def delete_of(self, user_id: str) -> int:
        """Remove a person's reports, and those about what was theirs."""
        gone = [await self._rows.delete_many({side: user_id}) for side in ("reporter_id", "owner_id")]
        return sum(done.deleted_count for done in gone)
