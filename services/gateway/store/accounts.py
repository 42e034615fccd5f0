"""Accounts: `{_id, username, email, password_hash, display_name, bio, avatar_image_id, role, preferences, counts}`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from shared.events import utcnow
from shared.gathering import Gathered
from shared.mongo import Document, Mongo, Write

Role = str
ROLES = ("person", "moderator", "operator")
PUBLIC = {
    "username": 1, "display_name": 1, "bio": 1, "avatar_image_id": 1, "counts": 1, "created_at": 1, "suspension": 1,
}  # fmt: skip
"""What anyone may see of an account, and what tells whether they may, as a projection."""
MOST_ENDED = 50
"""So many of the sign-ins that were ended last are known on the account."""
_ERASED = {"erased_at": 1}


class Taken(Exception):
    """Another account has this `field` (`username`, `email` or `subject`)."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class Accounts:
    """People. An account whose `erased_at` is set is gone for everyone while its data is being deleted."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._rows = mongo.database["accounts"]
        self._gathered: dict[tuple[str, ...], Gathered[Collection[str], dict[str, Document]]] = {}

    async def create_indexes(self) -> None:
        await self._rows.create_index([("username", ASCENDING)], unique=True, name="username")
        for field in ("email", "subject"):
            # Of those that have one. `$type` would say it more plainly, but no search on one machine would use it.
            given = {field: {"$gt": ""}}
            await self._rows.create_index(
                [(field, ASCENDING)], unique=True, name=f"{field}_given", partialFilterExpression=given
            )

    async def add(self, account: Document, session: AsyncClientSession | None = None) -> None:
        """Store a new account; raises `Taken`, or `DuplicateKeyError` when this very id exists already."""
        try:
            await self._rows.insert_one(account, session=session)
        except DuplicateKeyError as error:
            for field in ("username", "email", "subject"):
                if field in (error.details or {}).get("keyPattern", {}) or f"index: {field}" in str(error):
                    raise Taken(field) from error
            raise

    async def get(self, user_id: str, projection: dict[str, int] | None = None) -> Document | None:
        return (await self._by_id([user_id], projection)).get(user_id)

    async def by_username(self, username: str, projection: dict[str, int] | None = None) -> Document | None:
        """Usernames are compared without regard to case."""
        return await self._present({"username": username.lower()}, projection)

    async def has_username(self, username: str) -> bool:
        """Whether the name is in use, also by somebody whose erasure is not finished."""
        return await self._rows.find_one({"username": username.lower()}, {"_id": 1}) is not None

    async def by_email(self, email: str) -> Document | None:
        return await self._present({"email": email.lower()})

    async def by_subject(self, subject: str) -> Document | None:
        """The account of a person of an outside issuer; `subject` is `<issuer>|<sub>`."""
        return await self._present({"subject": subject})

    async def many(self, user_ids: Iterable[str], projection: dict[str, int] | None = None) -> dict[str, Document]:
        """Existing accounts by id, as anyone may see them unless `projection` asks otherwise."""
        return await self._by_id(set(user_ids), projection or PUBLIC)

    async def _by_id(self, user_ids: Collection[str], projection: dict[str, int] | None) -> dict[str, Document]:
        """Those that exist. Almost every request asks for some account or other, so those of one moment go together."""
        fields = tuple(projection or ())
        if fields not in self._gathered:
            self._gathered[fields] = self._mongo.gathered(partial(self._look_up, projection))
        return await self._gathered[fields].ask(user_ids)

    async def _look_up(
        self, projection: dict[str, int] | None, asked: Sequence[Collection[str]]
    ) -> list[dict[str, Document]]:
        ids = list({user_id for each in asked for user_id in each})
        rows = self._rows.find({"_id": {"$in": ids}}, projection and projection | _ERASED)
        found = {row["_id"]: row async for row in rows if row.get("erased_at") is None}
        return [{user_id: dict(found[user_id]) for user_id in each if user_id in found} for each in asked]

    async def change(
        self, account: Document, fields: dict[str, Any], session: AsyncClientSession | None = None
    ) -> Document | None:
        """Set fields of an account as it was read, and give it as it is then; None when it was changed meanwhile."""
        known = {"_id": account["_id"], "erased_at": None, "revision": account.get("revision")}
        change = {"$set": fields | {"updated_at": utcnow()}, "$inc": {"revision": 1}}
        done = await self._rows.update_one(known, change, session=session)
        return await self._present({"_id": account["_id"]}, session=session) if done.modified_count else None

    def counting(self, user_id: str, name: str, step: int) -> Write:
        """Move one counter; an account that is gone is left alone."""
        return UpdateOne({"_id": user_id}, {"$inc": {f"counts.{name}": step}}, namespace=self._rows.full_name)

    async def correct(self, user_id: str, wrong: dict[str, int], right: dict[str, int]) -> bool:
        """Set counters to their true values, unless they have moved since `wrong` was read."""
        # An account that is older than a counter does not have it.
        query = {"_id": user_id} | {f"counts.{name}": value or {"$in": [0, None]} for name, value in wrong.items()}
        done = await self._rows.update_one(query, {"$set": {f"counts.{name}": value for name, value in right.items()}})
        return done.modified_count == 1

    async def rate_profile(self, user_id: str, verdict: str, *, written_at: datetime | None = None) -> None:
        """Hide name and bio from others, or show them again; what they said is kept beside for its owner.

        With `written_at`, only what was written then.
        """
        account = await self.get(user_id, {"username": 1, "display_name": 1, "bio": 1, "hidden_profile": 1})
        hidden = account.get("hidden_profile") if account else None
        if account is None or (verdict == "allow") == (hidden is None):
            return
        if hidden and written_at and hidden.get("written_at") != written_at:
            return
        if hidden:
            said = {name: hidden[name] for name in ("display_name", "bio")}
            change: Document = {"$set": said, "$unset": {"hidden_profile": ""}}
        else:
            said = {"display_name": account["display_name"], "bio": account["bio"]}
            change = {"$set": {"hidden_profile": said, "display_name": account["username"], "bio": ""}}
        await self._rows.update_one({"_id": user_id, "hidden_profile": hidden}, change)

    async def suspend(self, user_id: str, suspension: Document | None) -> None:
        """Keep a person from writing and from being seen, because of this decision; None lifts it."""
        change = {"$set": {"suspension": suspension}} if suspension else {"$unset": {"suspension": ""}}
        await self._rows.update_one({"_id": user_id}, change)

    async def note_ended(self, user_id: str, families: Sequence[str]) -> None:
        """Have the access tokens of these sign-ins refused. Those of the earliest ones have expired long since."""
        ended = {"ended_sessions": {"$each": list(families), "$slice": -MOST_ENDED}}
        await self._rows.update_one({"_id": user_id}, {"$push": ended})

    async def replace_password(self, user_id: str, known: str, following: str) -> None:
        """Change the hash, unless another has changed it since `known` was read."""
        await self._rows.update_one({"_id": user_id, "password_hash": known}, {"$set": {"password_hash": following}})

    async def forget(self, user_id: str) -> int:
        """Delete the account itself, the last step of an erasure."""
        return (await self._rows.delete_one({"_id": user_id})).deleted_count

    async def mark_erased(self, user_id: str, at: datetime, session: AsyncClientSession) -> bool:
        """Make the account invisible; False when it was so already."""
        done = await self._rows.update_one(
            {"_id": user_id, "erased_at": None}, {"$set": {"erased_at": at}}, session=session
        )
        return done.modified_count == 1

    async def _present(
        self, key: Document, projection: dict[str, int] | None = None, session: AsyncClientSession | None = None
    ) -> Document | None:
        """The account under a unique key, unless it is erased. Whether it is, is looked at here and not in the query:
        a key alone is the shortest way through any database.
        """
        row = await self._rows.find_one(key, projection and projection | _ERASED, session=session)
        return row if row and row.get("erased_at") is None else None
