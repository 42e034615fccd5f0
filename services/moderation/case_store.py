"""Cases and reports in MongoDB."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from bson import json_util
from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from services.moderation.ports import Case, Report
from shared.events import Target
from shared.mongo import Document, Mongo, page_after

MOST_URGENT_FIRST = [("priority", DESCENDING), ("opened_at", ASCENDING), ("_id", ASCENDING)]


class MongoCaseStore:
    """`cases`, one for each target, and `reports`, one for each person and target."""

    def __init__(self, mongo: Mongo) -> None:
        self._cases = mongo.database["cases"]
        self._reports = mongo.database["reports"]

    async def prepare(self) -> None:
        """Make the indexes; safe to run again and beside another."""
        await self._cases.create_index([("state", ASCENDING), *MOST_URGENT_FIRST])
        await self._reports.create_index(
            [("reporter_id", ASCENDING), ("target.kind", ASCENDING), ("target.id", ASCENDING)]
        )
        await self._reports.create_index([("target.kind", ASCENDING), ("target.id", ASCENDING)])

    async def case(self, target: Target) -> Case | None:
        row = await self._cases.find_one({"_id": f"{target.kind}:{target.id}"})
        return _case(row) if row else None

    async def open(self, case: Case) -> None:
        fresh = {"state": "open", "priority": 0, "why": [], "opened_at": case.opened_at, "due_at": None}
        await self._cases.update_one({"_id": case.id, "state": "closed"}, {"$set": fresh})
        facts = case.model_dump(include={"text", "image_hash", "due_at"}, exclude_none=True)
        lasting = {"target": case.target.model_dump(), "owner_id": case.owner_id, "opened_at": case.opened_at}
        change: dict[str, Any] = {
            "$setOnInsert": lasting,
            "$set": {**facts, "state": "open"},
            "$addToSet": {"why": {"$each": list(case.why)}},
            "$max": {"priority": case.priority},
        }
        try:
            await self._cases.update_one({"_id": case.id}, change, upsert=True)
        except DuplicateKeyError:
            # Another process opened the same case in this moment; now it is there to be added to.
            await self._cases.update_one({"_id": case.id}, change, upsert=True)

    async def cases(self, state: str, limit: int, cursor: str | None) -> tuple[list[Case], str | None]:
        after = _decode(cursor) if cursor else None
        rows = await page_after(self._cases, {"state": state}, MOST_URGENT_FIRST, after, limit + 1)
        more = len(rows) > limit
        page = rows[:limit]
        return [_case(row) for row in page], _encode(page[-1]) if more else None

    async def report(self, report: Report) -> bool:
        mine = {
            "reporter_id": report.reporter_id,
            "target.kind": report.target.kind,
            "target.id": report.target.id,
            "_id": {"$ne": report.id},
        }
        if await self._reports.find_one(mine):
            return False
        try:
            await self._reports.insert_one({"_id": report.id, **report.model_dump(exclude={"id"})})
        except DuplicateKeyError:
            return False
        return True

    async def reports(self, target: Target) -> list[Report]:
        rows = self._reports.find({"target.kind": target.kind, "target.id": target.id}).sort("at", ASCENDING)
        return [Report.model_validate({**row, "id": row["_id"]}) for row in await rows.to_list()]

    async def reputation(self, reporter_id: str) -> tuple[int, int]:
        settled = await self._reports.find({"reporter_id": reporter_id, "outcome": {"$ne": None}}).to_list()
        return sum(row["outcome"] == "upheld" for row in settled), len(settled)


def _case(row: Document) -> Case:
    return Case.model_validate({key: value for key, value in row.items() if key != "_id"})


def _encode(row: Document) -> str:
    values = json_util.dumps([row["priority"], row["opened_at"], row["_id"]])
    return base64.urlsafe_b64encode(values.encode()).decode()


def _decode(cursor: str) -> tuple[int, Any, str]:
    try:
        options = json_util.JSONOptions(tz_aware=True)
        priority, opened_at, name = json_util.loads(base64.urlsafe_b64decode(cursor.encode()), json_options=options)
    except (binascii.Error, json.JSONDecodeError, TypeError, ValueError) as error:
        raise ValueError("not a cursor of the moderation queue") from error
    return priority, opened_at, name
