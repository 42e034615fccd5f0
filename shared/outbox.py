"""Events that are stored in the same transaction as the change they tell of, and published right after.

So nothing is answered and then forgotten: if the broker is down the rows wait, and if the process dies another sweeps.
"""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import structlog
from nats.errors import MaxPayloadError
from opentelemetry import context, metrics, propagate
from pydantic import ValidationError
from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from shared import background
from shared.bus import Bus
from shared.events import Event, every_event, utcnow
from shared.ids import new_id
from shared.mongo import Document, Mongo

log = structlog.get_logger(__name__)

SWEEP_EVERY_S = 1.0
LEFT_BEHIND_AFTER = timedelta(seconds=2)
SWEEP_ORDER = [("created_at", ASCENDING), ("order", ASCENDING)]
BATCH = 200
STUCK = "stuck"
"""Marks rows that this version can't publish, for instance a newer version's events after a roll-back. They are tried
again at the next start."""

_KINDS: dict[str, type[Event]] = {kind.subject: kind for kind in every_event()}
_published = metrics.get_meter(__name__).create_counter("outbox.published", unit="{event}")


class Outbox:
    """The `outbox` collection of one service, and the relay that empties it.

    Each process publishes at once what it stored itself; a sweep publishes what any process left behind. Both may
    publish the same row: the message id makes that harmless.
    """

    def __init__(self, mongo: Mongo, bus: Bus) -> None:
        self._rows = mongo.database["outbox"]
        self._bus = bus
        self._fresh: asyncio.Queue[Document] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._behind = False

    async def add(self, session: AsyncClientSession, *events: Event) -> list[Document]:
        """Store events within the caller's transaction. Hand the rows to `flush` once it has committed.

        A fact that still waits to be published may be stored again: it stays as it is.
        """
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        rows: list[Document] = [
            {
                "_id": event.message_id,
                "subject": event.subject,
                "body": event.model_dump_json(),
                "trace": carrier,
                "created_at": utcnow(),
                "order": new_id(),
            }
            for event in events
        ]
        if rows:
            upserts = [UpdateOne({"_id": row["_id"]}, {"$setOnInsert": row}, upsert=True) for row in rows]
            await self._rows.bulk_write(upserts, session=session)
        return rows

    def flush(self, rows: list[Document]) -> None:
        """Publish rows that have been committed, soon and in order, without waiting for it."""
        if self._behind:
            return  # they would overtake older rows; the sweep takes all in order
        for row in rows:
            self._fresh.put_nowait(row)

    async def waiting(self) -> int:
        """How many events have been stored and not yet published."""
        return await self._rows.estimated_document_count()

    async def names(self, text: str) -> bool:
        """Whether an event that has yet to be published has this in it."""
        return await self._rows.find_one({"body": {"$regex": re.escape(text)}}, {"_id": 1}) is not None

    async def start(self) -> None:
        await self._rows.create_index(SWEEP_ORDER)
        await self._rows.update_many({STUCK: True}, {"$unset": {STUCK: ""}})
        self._tasks = [asyncio.create_task(self._publish_fresh()), asyncio.create_task(self._sweep())]

    async def stop(self) -> None:
        await background.end(self._tasks)

    async def _publish_fresh(self) -> None:
        while True:
            rows = [await self._fresh.get()]
            while not self._fresh.empty() and len(rows) < BATCH:
                rows.append(self._fresh.get_nowait())
            await self._publish(rows)
            while self._behind and not self._fresh.empty():
                self._fresh.get_nowait()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            while await self._publish_left_behind() == BATCH:
                pass

    async def _publish_left_behind(self) -> int:
        """Publish the oldest rows that nobody has published in time; returns how many."""
        left: dict[str, Any] = {STUCK: {"$exists": False}}
        if not self._behind:
            left["created_at"] = {"$lt": utcnow() - LEFT_BEHIND_AFTER}
        try:
            rows = await self._rows.find(left).sort(SWEEP_ORDER).limit(BATCH).to_list()
        except PyMongoError as error:
            log.warning("outbox can't be read", error=str(error))
            return 0
        published = await self._publish(rows)
        self._behind = len(rows) == BATCH or published < len(rows)
        return published

    async def _publish(self, rows: list[Document]) -> int:
        """Publish in order, then clear what the broker has stored; the first failure leaves the rest to the sweep."""
        done: list[Any] = []
        stuck: list[Any] = []
        for row in rows:
            token = context.attach(propagate.extract(row["trace"]))
            try:
                await self._bus.emit(_KINDS[row["subject"]].model_validate_json(row["body"]))
            except (KeyError, ValidationError, MaxPayloadError) as error:
                log.error("outbox row can't be published", row=row["_id"], error=f"{type(error).__name__}: {error}")
                stuck.append(row["_id"])
                continue
            except Exception as error:
                reason = str(error) or type(error).__name__
                log.warning("outbox is waiting for the broker", event_subject=row["subject"], error=reason)
                self._behind = True
                break
            finally:
                context.detach(token)
            done.append(row["_id"])
        try:
            if done:
                _published.add(len(done))
                await self._rows.delete_many({"_id": {"$in": done}})
            if stuck:
                await self._rows.update_many({"_id": {"$in": stuck}}, {"$set": {STUCK: True}})
        except PyMongoError as error:
            log.warning("outbox rows will be published again", error=str(error))
        return len(done)
