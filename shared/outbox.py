"""Events that are stored in the same transaction as the change they tell of, and published right after.

So nothing is answered and then forgotten: if the broker is down the rows wait, and if the process dies another sweeps.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from nats.errors import MaxPayloadError
from opentelemetry import context, metrics, propagate
from pydantic import ValidationError
from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError, PyMongoError

from shared import background
from shared.bus import Bus
from shared.events import Event, every_event, utcnow
from shared.ids import new_id
from shared.mongo import Document, Mongo, Write, whose

log = structlog.get_logger(__name__)

CLEAR_EVERY_S = 0.25
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
        self._mongo = mongo
        self._rows = mongo.database["outbox"]
        self._bus = bus
        self._gathered = mongo.gathered(self._commit_for_all)
        self._fresh: asyncio.Queue[Document] = asyncio.Queue()
        self._published: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._behind = False

    async def commit(self, writes: Sequence[Write], *events: Event) -> None:
        """Store events and the writes that they tell of as one, then have them published.

        What is committed while an earlier transaction is on its way shares the next one.

        Raises:
            DuplicateKeyError: when one of the writes inserts what is there already; then nothing has happened.
        """
        rows = _rows(events)
        if failure := await self._gathered.ask([*writes, *self._upserts(rows)]):
            raise failure
        self.flush(rows)

    async def _commit_for_all(self, asked: Sequence[Sequence[Write]]) -> list[DuplicateKeyError | None]:
        """What kept each from being committed; whoever fails is left out, and the others begin again."""
        failures: list[DuplicateKeyError | None] = [None] * len(asked)
        left = list(range(len(asked)))
        while left:
            together = [write for number in left for write in asked[number]]
            try:
                if len(together) == 1:
                    await self._mongo.write(together)
                else:
                    await self._mongo.transaction(partial(self._mongo.write, together))
                break
            except DuplicateKeyError as failure:
                number, own = whose([asked[number] for number in left], failure)
                failures[left.pop(number)] = own
        return failures

    async def add(self, session: AsyncClientSession, *events: Event) -> list[Document]:
        """Store events within the caller's transaction, for what `commit` can't express. Hand the rows to `flush`
        once it has committed.
        """
        rows = _rows(events)
        if rows:
            await self._mongo.write(self._upserts(rows), session)
        return rows

    def _upserts(self, rows: list[Document]) -> list[Write]:
        """A fact that still waits to be published may be stored again: it stays as it is."""
        name = self._rows.full_name
        return [UpdateOne({"_id": row["_id"]}, {"$setOnInsert": row}, upsert=True, namespace=name) for row in rows]

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
        works = (self._publish_fresh(), self._clear_often(), self._sweep())
        self._tasks = [asyncio.create_task(work) for work in works]

    async def stop(self) -> None:
        await background.end(self._tasks)
        await self._clear()

    async def _publish_fresh(self) -> None:
        while True:
            rows = [await self._fresh.get()]
            while not self._fresh.empty() and len(rows) < BATCH:
                rows.append(self._fresh.get_nowait())
            await self._publish(rows)
            while self._behind and not self._fresh.empty():
                self._fresh.get_nowait()

    async def _clear_often(self) -> None:
        while True:
            await asyncio.sleep(CLEAR_EVERY_S)
            await self._clear()

    async def _clear(self) -> None:
        """Remove the rows that the broker has stored, many at once: each removal alone costs a commit."""
        done, self._published = self._published, []
        if not done:
            return
        try:
            await self._rows.delete_many({"_id": {"$in": done}})
        except PyMongoError as error:
            log.warning("outbox rows will be published again", error=str(error))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            while await self._publish_left_behind() == BATCH:
                pass

    async def _publish_left_behind(self) -> int:
        """Publish the oldest rows that nobody has published in time; returns how many."""
        await self._clear()
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
        """Publish in order; the first failure leaves the rest to the sweep. What the broker has is cleared soon."""
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
        if done:
            _published.add(len(done))
            self._published += done
        if stuck:
            try:
                await self._rows.update_many({"_id": {"$in": stuck}}, {"$set": {STUCK: True}})
            except PyMongoError as error:
                log.warning("outbox rows will be tried again", error=str(error))
        return len(done)


def _rows(events: Sequence[Event]) -> list[Document]:
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return [
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
