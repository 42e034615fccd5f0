"""What was answered to requests that carried an `Idempotency-Key`, for 24 hours.

Answers can hold tokens, so they are sealed with a key that is not in the database; bodies can hold passwords, so only a
keyed hash of them is kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken
from pymongo.errors import DuplicateKeyError

from shared.events import utcnow
from shared.ids import new_id
from shared.mongo import Document, Mongo

KEPT_S = 24 * 3600
LEASE = timedelta(seconds=60)


@dataclass(frozen=True)
class StoredAnswer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class Claim:
    """The right to carry a request out. `repeated` when an earlier attempt may have had its effect already."""

    resource_id: str
    locked_until: datetime
    repeated: bool


class IdempotencyRecords:
    """Records by the hash of (who, route, key)."""

    def __init__(self, mongo: Mongo, secret: str) -> None:
        self._rows = mongo.database["idempotency"]
        self._hash_key = hashlib.blake2b(secret.encode(), person=b"idem-fingerprint").digest()
        seal = hashlib.blake2b(secret.encode(), digest_size=32, person=b"idem-seal").digest()
        self._seal = Fernet(base64.urlsafe_b64encode(seal))

    async def create_indexes(self) -> None:
        await self._rows.create_index("created_at", expireAfterSeconds=KEPT_S)
        await self._rows.create_index("user_id")
        await self._rows.create_index("resource_id")

    def digest(self, *parts: bytes) -> str:
        """Keyed hash of several parts, none of which can run into the next."""
        joined = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.new(self._hash_key, joined, hashlib.sha256).hexdigest()

    async def find(self, record_id: str) -> Document | None:
        return await self._rows.find_one({"_id": record_id})

    async def claim(self, record_id: str, fingerprint: str, user_id: str | None) -> Claim | None:
        """Start a new record; None when there is one already."""
        now = utcnow()
        claim = Claim(new_id(), now + LEASE, repeated=False)
        try:
            await self._rows.insert_one(
                {
                    "_id": record_id,
                    "fingerprint": fingerprint,
                    "user_id": user_id,
                    "resource_id": claim.resource_id,
                    "locked_until": claim.locked_until,
                    "answer": None,
                    "created_at": now,
                }
            )
        except DuplicateKeyError:
            return None
        return claim

    async def take_over(self, record: Document) -> Claim | None:
        """Claim a record whose owner died or gave up; None when another was quicker."""
        until = utcnow() + LEASE
        done = await self._rows.update_one(
            {"_id": record["_id"], "answer": None, "locked_until": record["locked_until"]},
            {"$set": {"locked_until": until}},
        )
        return Claim(record["resource_id"], until, repeated=True) if done.modified_count else None

    async def store(self, record_id: str, answer: StoredAnswer) -> None:
        """Keep the answer for repeats."""
        plain = json.dumps([answer.status, answer.headers, base64.b64encode(answer.body).decode()])
        sealed = self._seal.encrypt(plain.encode())
        await self._rows.update_one({"_id": record_id}, {"$set": {"answer": sealed}})

    async def release(self, record_id: str) -> None:
        """Let the next repeat try anew, with the same resource id."""
        await self._rows.update_one({"_id": record_id}, {"$set": {"locked_until": utcnow()}})

    async def delete_of(self, user_id: str) -> int:
        """Forget a person's answers, and the one that made their account."""
        gone = [await self._rows.delete_many({field: user_id}) for field in ("user_id", "resource_id")]
        return sum(done.deleted_count for done in gone)

    def open(self, record: Document) -> StoredAnswer | None:
        """The answer in a record; None when there is none yet, or it was sealed with another secret."""
        if record["answer"] is None:
            return None
        try:
            status, headers, body = json.loads(self._seal.decrypt(bytes(record["answer"])))
        except InvalidToken:
            return None
        return StoredAnswer(status, [(name, value) for name, value in headers], base64.b64decode(body))
