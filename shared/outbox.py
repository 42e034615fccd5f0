"""Events that are stored in the same transaction as the change they tell of, and published right after.

So nothing is answered and then forgotten: if the broker is down the rows wait, and if the process dies another sweeps.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import structlog
from opentelemetry import context, metrics, propagate
from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from shared.bus import Bus
from shared.events import Event, every_event, utcnow
from shared.mongo import Document, Mongo

log = structlog.get_logger(__name__)

SWEEP_EVERY_S = 1.0
LEFT_BEHIND_AFTER = timedelta(seconds=2)
BATCH = 200
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

    async def add(self, session: AsyncClientSession, *events: Event) -> list[Document]:
        """Store events within the caller's transaction. Hand the rows to `flush` once it has committed."""
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        rows: list[Document] = [
            {
                "_id": event.message_id,
                "subject": event.subject,
                "body": event.model_dump_json(),
                "trace": carrier,
                "created_at": utcnow(),
            }
            for event in events
        ]
        if rows:
            await self._rows.insert_many(rows, session=session)
        return rows

    def flush(self, rows: list[Document]) -> None:
        """Publish rows that have been committed, soon and in order, without waiting for it."""
        for row in rows:
            self._fresh.put_nowait(row)

    async def waiting(self) -> int:
        """How many events have been stored and not yet published."""
        return await self._rows.estimated_document_count()

    async def start(self) -> None:
        await self._rows.create_index([("created_at", ASCENDING)])
        self._tasks = [asyncio.create_task(self._publish_fresh()), asyncio.create_task(self._sweep())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _publish_fresh(self) -> None:
        while True:
            rows = [await self._fresh.get()]
            while not self._fresh.empty() and len(rows) < BATCH:
                rows.append(self._fresh.get_nowait())
            await self._publish(rows)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                left = self._rows.find({"created_at": {"$lt": utcnow() - LEFT_BEHIND_AFTER}}).sort("created_at", 1)
                rows = await left.limit(BATCH).to_list()
            except PyMongoError as error:
                log.warning("outbox can't be read", error=str(error))
                continue
            await self._publish(rows)

    async def _publish(self, rows: list[Document]) -> None:
        """Publish in order, then clear what the broker has stored; the first failure leaves the rest to the sweep."""
        done: list[Any] = []
        for row in rows:
            token = context.attach(propagate.extract(row["trace"]))
            try:
                await self._bus.emit(_KINDS[row["subject"]].model_validate_json(row["body"]))
            except Exception as error:
                log.warning(
                    "outbox is waiting for the broker",
                    event_subject=row["subject"],
                    error=str(error) or type(error).__name__,
                )
                break
            finally:
                context.detach(token)
            done.append(row["_id"])
        if done:
            _published.add(len(done))
            try:
                await self._rows.delete_many({"_id": {"$in": done}})
            except PyMongoError as error:
                log.warning("outbox rows will be published again", error=str(error))
