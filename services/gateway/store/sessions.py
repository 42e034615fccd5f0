"""Sessions: one row for each sign-in, a family of refresh tokens of which only the latest is good.

A token is `<family>.<random>.<mac>`. The mac tells a token that we once gave out from a made-up one: only the former,
when it is not the latest, proves that a token was stolen, and ends its family.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from services.gateway.store.accounts import Accounts
from shared.events import utcnow
from shared.ids import new_id
from shared.mongo import Document, Mongo

LONGEST_AGENT = 300
MOST_LISTED = 100


@dataclass(frozen=True)
class Refreshed:
    """A family that goes on: whose it is, and its next token."""

    family_id: str
    user_id: str
    token: str


class Sessions:
    """Rows `{_id: <family>, user_id, agent, current: <hash>, created_at, used_at, expires_at, revoked_at}`.

    `agent` is the browser's own description at sign-in. Rows are gone once expired. A family that is ended is noted on
    its person's account too, which each request reads: its access tokens are refused from then on.
    """

    def __init__(self, mongo: Mongo, secret: str, life: timedelta, accounts: Accounts) -> None:
        self._rows, self._accounts = mongo.database["sessions"], accounts
        self._key = hashlib.blake2b(secret.encode(), person=b"refresh-token").digest()
        self._life = life

    @property
    def life_s(self) -> int:
        return int(self._life.total_seconds())

    async def create_indexes(self) -> None:
        await self._rows.create_index([("user_id", ASCENDING)])
        await self._rows.create_index("expires_at", expireAfterSeconds=0)

    async def start(self, user_id: str, agent: str, session: AsyncClientSession | None = None) -> Refreshed:
        """Begin a family for a person who has just proven who they are, in the browser that calls itself `agent`."""
        family_id = new_id()
        token = self._new_token(family_id)
        now = utcnow()
        row = {"_id": family_id, "user_id": user_id, "agent": agent[:LONGEST_AGENT], "current": _hash(token)}
        times = {"created_at": now, "used_at": now, "expires_at": now + self._life, "revoked_at": None}
        await self._rows.insert_one(row | times, session=session)
        return Refreshed(family_id, user_id, token)

    async def refresh(self, token: str) -> Refreshed | None:
        """Exchange the latest token for the next; None for any other. An older one ends the whole family."""
        family_id = self._family_of(token)
        if family_id is None:
            return None
        following = self._new_token(family_id)
        now = utcnow()
        done = await self._rows.update_one(
            {"_id": family_id, "current": _hash(token), "revoked_at": None, "expires_at": {"$gt": now}},
            {"$set": {"current": _hash(following), "used_at": now, "expires_at": now + self._life}},
        )
        row = await self._rows.find_one({"_id": family_id}, {"user_id": 1}) if done.modified_count else None
        if row is None:
            await self.end(family_id)
            return None
        return Refreshed(family_id, row["user_id"], following)

    async def end(self, family_id: str) -> None:
        """Make every token of a family worthless."""
        row = await self._rows.find_one({"_id": family_id}, {"user_id": 1})
        if row:
            await self.end_of(row["user_id"], family_id)

    async def end_by_token(self, token: str) -> bool:
        """End the family of a refresh token; False when the token was not made here."""
        family_id = self._family_of(token)
        if family_id:
            await self.end(family_id)
        return family_id is not None

    async def of(self, user_id: str) -> list[Document]:
        """A person's sign-ins that are good, the newest first, `MOST_LISTED` at most."""
        query = {"user_id": user_id, "revoked_at": None, "expires_at": {"$gt": utcnow()}}
        return await self._rows.find(query, {"current": 0}).sort("_id", -1).limit(MOST_LISTED).to_list()

    async def end_of(self, user_id: str, family_id: str) -> bool:
        """End one sign-in of a person; False when it is not theirs, or over."""
        query = {"_id": family_id, "user_id": user_id, "revoked_at": None}
        ended = (await self._rows.update_one(query, {"$set": {"revoked_at": utcnow()}})).modified_count == 1
        if ended:
            await self._accounts.note_ended(user_id, [family_id])
        return ended

    async def end_others(self, user_id: str, family_id: str | None) -> None:
        """End all sign-ins of a person but one."""
        query = {"user_id": user_id, "revoked_at": None, "_id": {"$ne": family_id}}
        ended = [row["_id"] async for row in self._rows.find(query, {"_id": 1}).sort("_id", 1)]
        await self._rows.update_many(query, {"$set": {"revoked_at": utcnow()}})
        await self._accounts.note_ended(user_id, ended)

    async def delete_of(self, user_id: str, session: AsyncClientSession | None = None) -> int:
        """Forget all sign-ins of a person; how many there were."""
        return (await self._rows.delete_many({"user_id": user_id}, session=session)).deleted_count

    def _new_token(self, family_id: str) -> str:
        body = f"{family_id}.{secrets.token_urlsafe(24)}"
        return f"{body}.{self._mac(body)}"

    def _family_of(self, token: str) -> str | None:
        body, _, mac = token.rpartition(".")
        if not hmac.compare_digest(self._mac(body).encode(), mac.encode("utf-8", "replace")):
            return None
        return body.partition(".")[0]

    def _mac(self, body: str) -> str:
        return hmac.new(self._key, body.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
