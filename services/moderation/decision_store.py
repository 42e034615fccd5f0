"""Decisions in MongoDB: append-only, with the allow-list, regression cases and block list that follow from them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from services.moderation.image.likeness import alike, bands
from services.moderation.policy import Stage
from services.moderation.ports import POLICY, Overruled, Overturned, Record, Ruling, Standing, reported
from shared.events import Target, utcnow
from shared.mongo import Document, Mongo
from shared.outbox import Outbox

ERASED = "erased"
REMEMBERED = timedelta(days=8)
"""How long it is known that somebody was erased: a day longer than the broker keeps an event about them."""


class MongoDecisionStore:
    """`decisions`, `overturned` (allow-list and regression cases in one), `known_pictures` and `erased`."""

    def __init__(self, mongo: Mongo, outbox: Outbox) -> None:
        self._mongo, self._outbox = mongo, outbox
        self._decisions = mongo.database["decisions"]
        self._overturned = mongo.database["overturned"]
        self._known = mongo.database["known_pictures"]
        self._cases = mongo.database["cases"]
        self._reports = mongo.database["reports"]
        self._erased = mongo.database["erased"]

    async def prepare(self) -> None:
        """Make the indexes and what they index; safe to run again and beside another."""
        await self._decisions.create_index(
            [("target.kind", ASCENDING), ("target.id", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]
        )
        await self._decisions.create_index([("owner_id", ASCENDING), ("at", DESCENDING)])
        await self._known.create_index([("bands", ASCENDING)])
        # Earlier versions read the whole list, and kept no parts to find a picture by.
        async for row in self._known.find({"bands": {"$exists": False}}, {"_id": 1}):
            await self._known.update_one(row, {"$set": {"bands": bands(row["_id"])}})
        await self._erased.create_index([("at", ASCENDING)], expireAfterSeconds=int(REMEMBERED.total_seconds()))

    async def decision(self, decision_id: str) -> Record | None:
        return _record(await self._decisions.find_one({"_id": decision_id}))

    async def latest(self, target: Target) -> Record | None:
        found = await self.history(target)
        return found[-1] if found else None

    async def history(self, target: Target) -> list[Record]:
        rows = self._decisions.find(_on(target)).sort([("at", ASCENDING), ("order", ASCENDING), ("_id", ASCENDING)])
        return [record for row in await rows.to_list() if (record := _record(row))]

    async def record(self, record: Record) -> Record:
        try:
            await self._decisions.insert_one(_row(record))
        except DuplicateKeyError:
            kept = await self.decision(record.id)
            return kept or record
        return record

    async def rule(self, ruling: Ruling) -> None:
        try:
            await self._rule(ruling)
        except DuplicateKeyError as error:
            if await self.decision(ruling.record.id) is not None:
                raise Overruled(ruling.record.id) from error
            # Another moderator put the same content on a list in this moment: now it is there to be replaced.
            await self._rule(ruling)

    async def _rule(self, ruling: Ruling) -> None:
        target = _on(ruling.record.target)
        case = _case_on(ruling.record.target)

        async def work(session: AsyncClientSession) -> list[Document]:
            await self._decisions.insert_one(_row(ruling.record), session=session)
            await self._cases.update_one(case, {"$set": {"state": ruling.case}}, session=session)
            await self._reports.update_many(target, {"$set": {"outcome": ruling.reports}}, session=session)
            if ruling.record.fingerprint:
                await self._learn(ruling, session)
            return await self._outbox.add(session, ruling.told)

        self._outbox.flush(await self._mongo.transaction(work))

    async def _learn(self, ruling: Ruling, session: AsyncClientSession) -> None:
        record, case = ruling.record, ruling.allowed
        content = {"_id": f"{record.stage}:{record.fingerprint}"}
        if case is not None:
            await self._overturned.replace_one(content, case.model_dump(), upsert=True, session=session)
        else:
            await self._overturned.delete_one(content, session=session)
        if record.stage == "image" and ruling.known:
            row = {"bands": bands(record.fingerprint)}
            await self._known.replace_one({"_id": record.fingerprint}, row, upsert=True, session=session)
        elif record.stage == "image":
            await self._known.delete_one({"_id": record.fingerprint}, session=session)

    async def standing(self, owner_id: str, since: datetime) -> Standing:
        """Strikes expire by `since`; a later decision on the same target voids them: only the last one counts."""
        rows = await self._decisions.find(
            {"owner_id": owner_id, "at": {"$gte": since}}, {"target": 1, "verdict": 1, "actor": 1, "at": 1}
        ).to_list()
        last: dict[tuple[str, str], Document] = {}
        for row in sorted(rows, key=lambda each: each["at"]):
            last[(row["target"]["kind"], row["target"]["id"])] = row
        stopped = [row for row in last.values() if row["verdict"] != "allow"]
        strikes = sum(row["verdict"] == "block" and row["actor"] != POLICY for row in stopped)
        return Standing(checked=len(last), stopped=len(stopped), strikes=strikes)

    async def erase(self, user_id: str) -> None:
        theirs = await self._decisions.distinct("_id", {"owner_id": user_id})
        await self._overturned.update_many({"decision_id": {"$in": theirs}}, {"$set": {"text": None}})
        await self._erased.update_one({"_id": user_id}, {"$set": {"at": utcnow()}}, upsert=True)
        forgotten: Document = {"owner_id": ERASED, "text": None, "span": None, "image_hash": None, "context": {}}
        await self._decisions.update_many({"owner_id": user_id}, {"$set": forgotten})
        await self._cases.delete_many({"owner_id": user_id})
        async for report in self._reports.find({"reporter_id": user_id}, {"target": 1, "reason": 1, "text": 1}):
            case = _case_on(Target(**report["target"]))
            await self._cases.update_one(case, {"$pull": {"why": reported(report["reason"], report["text"])}})
            await self._cases.update_one(case, {"$addToSet": {"why": reported(report["reason"], "")}})
        await self._reports.update_many({"reporter_id": user_id}, {"$set": {"reporter_id": ERASED, "text": ""}})
        for rows in (self._decisions, self._reports):
            about = {"target.kind": {"$in": ["profile", "user"]}, "target.id": user_id}
            await rows.update_many(about, {"$set": {"target.id": ERASED}})

    async def erased(self, user_id: str) -> bool:
        return await self._erased.find_one({"_id": user_id}) is not None

    async def allowed(self, stage: Stage, fingerprint: str) -> bool:
        return await self._overturned.find_one({"_id": f"{stage}:{fingerprint}"}) is not None

    async def overturned(self) -> list[Overturned]:
        rows = await self._overturned.find().sort("at", ASCENDING).to_list()
        return [Overturned.model_validate(row) for row in rows]

    async def is_known(self, fingerprint: str) -> bool:
        near = self._known.find({"bands": {"$in": bands(fingerprint)}}, {"_id": 1})
        return any(alike(fingerprint, row["_id"]) for row in await near.to_list())


def _on(target: Target) -> dict[str, Any]:
    return {"target.kind": target.kind, "target.id": target.id}


def _case_on(target: Target) -> dict[str, Any]:
    return {"_id": f"{target.kind}:{target.id}"}


def _row(record: Record) -> Document:
    row = record.model_dump(exclude={"id"})
    row["span"] = list(record.span) if record.span else None
    # Two decisions may fall into one millisecond: a policy's comes before a moderator's.
    return {"_id": record.id, **row, "order": 0 if record.automatic else 1}


def _record(row: Document | None) -> Record | None:
    return Record.model_validate({**row, "id": row["_id"]}) if row else None
