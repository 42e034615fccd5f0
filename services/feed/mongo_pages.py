"""Served pages, impressions and the signing key, in MongoDB."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from services.feed.records import Impression, Page, Pick
from shared.events import utcnow
from shared.mongo import Database, Document

PAGE_LIFE = timedelta(hours=24)
IMPRESSION_LIFE = timedelta(days=180)


class MongoPages:
    """`PageStore` over the collections `pages`, `impressions` and `secrets`."""

    def __init__(self, database: Database) -> None:
        self._pages = database["pages"]
        self._impressions = database["impressions"]
        self._secrets = database["secrets"]

    async def prepare(self) -> None:
        """Make the indexes, among them those by which pages and impressions expire."""
        await self._pages.create_index([("session_id", 1)])
        await self._pages.create_index([("viewer_id", 1)])
        await self._pages.create_index([("served_at", 1)], expireAfterSeconds=int(PAGE_LIFE.total_seconds()))
        await self._impressions.create_index([("viewer_id", 1)])
        await self._impressions.create_index([("at", 1)], expireAfterSeconds=int(IMPRESSION_LIFE.total_seconds()))

    async def add(self, page: Page) -> Page:
        key = f"{page.session_id}:{page.number}"
        try:
            await self._pages.insert_one(
                {
                    "_id": key,
                    "session_id": page.session_id,
                    "number": page.number,
                    "viewer_id": page.viewer_id,
                    "mode": page.mode,
                    "picks": [[pick.post_id, pick.author_id, pick.source, pick.propensity] for pick in page.picks],
                    "last": page.last,
                    "served_at": utcnow(),
                }
            )
        except DuplicateKeyError:
            row = await self._pages.find_one({"_id": key})
            return page if row is None else _page(row)
        return page

    async def session(self, session_id: str) -> list[Page]:
        rows = await self._pages.find({"session_id": session_id}).to_list()
        return sorted(map(_page, rows), key=lambda page: page.number)

    async def log(self, impressions: Sequence[Impression]) -> None:
        if not impressions:
            return
        updates = [
            UpdateOne(
                {"_id": f"{impression.request_id}:{impression.post_id}"},
                {
                    "$setOnInsert": {
                        "request_id": impression.request_id,
                        "post_id": impression.post_id,
                        "viewer_id": impression.viewer_id,
                        "position": impression.position,
                        "source": impression.source,
                        "propensity": impression.propensity,
                        "at": impression.at,
                    }
                },
                upsert=True,
            )
            for impression in impressions
        ]
        await self._impressions.bulk_write(updates, ordered=False)

    async def logged(self, viewer_id: str) -> list[Impression]:
        return [
            Impression(
                row["request_id"], row["post_id"], row["viewer_id"], row["position"], row["source"], row["propensity"],
                row["at"],
            )
            for row in await self._impressions.find({"viewer_id": viewer_id}).to_list()
        ]  # fmt: skip

    async def erase(self, user_id: str) -> None:
        await self._pages.delete_many({"viewer_id": user_id})
        await self._impressions.delete_many({"viewer_id": user_id})

    async def secret(self) -> bytes:
        with contextlib.suppress(DuplicateKeyError):
            await self._secrets.insert_one({"_id": "feed_context", "key": secrets.token_bytes(32)})
        row = await self._secrets.find_one({"_id": "feed_context"})
        if row is None:
            raise LookupError("the signing key was removed while it was read")
        return bytes(row["key"])


def _page(row: Document) -> Page:
    return Page(
        session_id=row["session_id"],
        number=row["number"],
        viewer_id=row["viewer_id"],
        mode=row["mode"],
        picks=tuple(Pick(*pick) for pick in row["picks"]),
        last=row["last"],
    )
