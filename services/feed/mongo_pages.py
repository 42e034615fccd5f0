"""Served pages, impressions and the signing key, in MongoDB."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from services.feed.records import Impression, Page, Pick, SlotDraw
from shared.events import utcnow
from shared.mongo import Database, Document

PAGE_LIFE = timedelta(hours=24)
IMPRESSION_LIFE = timedelta(days=180)
DRAW_LIFE = timedelta(days=30)
"""Shorter, because a draw holds all that could have been drawn."""
LOOKED_UP_AT_ONCE = 1000


class MongoPages:
    """`PageStore` over the collections `pages`, `impressions`, `draws` and `secrets`."""

    def __init__(self, database: Database) -> None:
        self._pages = database["pages"]
        self._impressions = database["impressions"]
        self._draws = database["draws"]
        self._secrets = database["secrets"]

    async def prepare(self) -> None:
        """Make the indexes, among them those by which pages and impressions expire."""
        await self._pages.create_index([("session_id", 1)])
        await self._pages.create_index([("viewer_id", 1)])
        await self._pages.create_index([("served_at", 1)], expireAfterSeconds=int(PAGE_LIFE.total_seconds()))
        await self._impressions.create_index([("viewer_id", 1)])
        await self._impressions.create_index([("at", 1)], expireAfterSeconds=int(IMPRESSION_LIFE.total_seconds()))

        await self._draws.create_index([("viewer_id", 1)])
        await self._draws.create_index([("at", 1)], expireAfterSeconds=int(DRAW_LIFE.total_seconds()))

    async def add(self, page: Page) -> Page:
        key = page.request_id
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

    async def log_draws(self, draws: Sequence[SlotDraw]) -> None:
        updates = [
            UpdateOne(
                {"_id": f"{draw.request_id}:{draw.position}"},
                {
                    "$setOnInsert": {
                        "request_id": draw.request_id,
                        "position": draw.position,
                        "viewer_id": draw.viewer_id,
                        "post_id": draw.post_id,
                        "chances": [list(chance) for chance in draw.chances],
                        "at": draw.at,
                    }
                },
                upsert=True,
            )
            for draw in draws
        ]
        if updates:
            await self._draws.bulk_write(updates, ordered=False)

    async def shown_draws(self, since: datetime, limit: int) -> list[SlotDraw]:
        rows = await self._draws.find({"at": {"$gte": since}}).sort([("at", -1), ("_id", 1)]).limit(limit).to_list()
        shown: set[str] = set()
        for start in range(0, len(rows), LOOKED_UP_AT_ONCE):
            names = [f"{row['request_id']}:{row['post_id']}" for row in rows[start : start + LOOKED_UP_AT_ONCE]]
            shown |= {row["_id"] for row in await self._impressions.find({"_id": {"$in": names}}, {"_id": 1}).to_list()}
        return [
            SlotDraw(
                row["request_id"], row["position"], row["viewer_id"], row["post_id"],
                tuple((post_id, probability) for post_id, probability in row["chances"]), row["at"],
            )
            for row in rows
            if f"{row['request_id']}:{row['post_id']}" in shown
        ]  # fmt: skip

    async def erase(self, user_id: str) -> None:
        await self._pages.delete_many({"viewer_id": user_id})
        await self._impressions.delete_many({"viewer_id": user_id})
        await self._draws.delete_many({"viewer_id": user_id})

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
