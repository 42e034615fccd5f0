"""Accounts that are being erased, and the receipts of those that were."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from shared.events import utcnow
from shared.mongo import Document, Mongo


class Erasures:
    """Jobs `{_id: <user id>, requested_at, not_before}`, and receipts under a keyed hash of the id.

    A receipt proves to who knows the id that it was done, and says nothing to anybody else.
    """

    def __init__(self, mongo: Mongo, secret: str) -> None:
        self._jobs = mongo.database["erasures"]
        self._receipts = mongo.database["erasure_receipts"]
        self._key = hashlib.blake2b(secret.encode(), person=b"erasure").digest()

    async def create_indexes(self) -> None:
        await self._jobs.create_index([("not_before", ASCENDING)])

    async def request(self, user_id: str, session: AsyncClientSession) -> None:
        now = utcnow()
        job = {"_id": user_id, "requested_at": now, "not_before": now}
        await self._jobs.insert_one(job, session=session)

    async def next(self, busy_for: timedelta) -> Document | None:
        """Take the job that waits longest; another process may take it again after `busy_for`."""
        now = utcnow()
        return await self._jobs.find_one_and_update(
            {"not_before": {"$lte": now}}, {"$set": {"not_before": now + busy_for}}, sort=[("requested_at", ASCENDING)]
        )

    async def put_back(self, job: Document, pause: timedelta) -> None:
        """Leave a job to be taken up again after a pause."""
        await self._jobs.update_one({"_id": job["_id"]}, {"$set": {"not_before": utcnow() + pause}})

    async def finish(self, job: Document, removed: dict[str, int]) -> None:
        """Replace the job by its receipt: how many documents and objects were removed, by kind."""
        receipt = {"requested_at": job["requested_at"], "finished_at": utcnow(), "removed": removed}
        await self._receipts.update_one({"_id": self._hash(job["_id"])}, {"$setOnInsert": receipt}, upsert=True)
        await self._jobs.delete_one({"_id": job["_id"]})

    async def receipt(self, user_id: str) -> Document | None:
        """What was removed, once it is done."""
        return await self._receipts.find_one({"_id": self._hash(user_id)})

    async def concern(self, user_id: str) -> bool:
        """Whether this person has asked to be erased."""
        return await self._jobs.find_one({"_id": user_id}) is not None or await self.receipt(user_id) is not None

    def _hash(self, user_id: str) -> str:
        return hmac.new(self._key, user_id.encode(), hashlib.sha256).hexdigest()
