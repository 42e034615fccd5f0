"""What one gateway process at a time does in the background: overdue generations, removals, counters."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import structlog
from opentelemetry import metrics
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from services.gateway import recounting
from services.gateway.context import Parts
from services.gateway.generating import flow, steps
from services.gateway.generating.steps import Change
from services.gateway.people.counters import PEOPLE
from services.gateway.pictures import cleaning
from services.gateway.posting.counters import POSTS
from shared.events import utcnow
from shared.ids import new_id
from shared.mongo import Document

log = structlog.get_logger(__name__)

TASK = "reconciler"
EVERY_S = 5.0
LEASE = timedelta(seconds=30)
BATCH = 100
COUNT_AGAIN = timedelta(hours=1)
"""How far back the first round after a start looks for what was touched."""

_reissued = metrics.get_meter(__name__).create_counter("generation.reissued", unit="{generation}")


async def run(parts: Parts) -> None:
    """Work until cancelled; whatever goes wrong in one round is tried again in the next."""
    holder = new_id()
    since = {counted: utcnow() - COUNT_AGAIN for counted in (POSTS, PEOPLE)}
    try:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                if not await parts.leases.take(TASK, holder, LEASE):
                    continue
                await tell_overdue_again(parts)
                await cleaning.carry_out(parts, await parts.removals.waiting(BATCH))
                for counted in since:
                    since[counted] = await recounting.recount_recent(parts, counted, since[counted])
            except Exception as error:
                log.warning("reconciler round failed", error=str(error) or type(error).__name__)
    finally:
        # Another process need not wait for the lease to run out; where the database is away it does.
        with contextlib.suppress(PyMongoError):
            await parts.leases.give_back(TASK, holder)


async def tell_overdue_again(parts: Parts) -> int:
    """Submit generations that stayed in a state beyond its deadline once more, or give them up; how many there were.

    Not while events can't leave: a generation is not late because the broker is down.
    """
    overdue = await parts.generations.overdue(utcnow(), BATCH)
    if not overdue:
        return 0
    await parts.bus.ping()
    if await parts.outbox.waiting():
        return 0
    for generation in overdue:
        await _tell_again(parts, generation["_id"], patient=parts.line.waits(generation["_id"]))
    return len(overdue)


async def _tell_again(parts: Parts, generation_id: str, *, patient: bool) -> None:
    def step(generation: Document) -> Change | None:
        return steps.told_again(generation, utcnow(), patient=patient)

    async def work(session: AsyncClientSession) -> tuple[Document, Change, list[Document]] | None:
        generation, change = await parts.generations.advance(generation_id, step, session)
        if generation is None or change is None:
            return None
        again = not steps.terminal(generation) and "reissue" in change.values
        rows = await parts.outbox.add(session, steps.submission(generation)) if again else []
        return generation, change, rows

    done = await parts.mongo.transaction(work)
    if done is None:
        return
    generation, change, rows = done
    parts.outbox.flush(rows)
    if rows:
        _reissued.add(1)
        log.info("generation told again", generation_id=generation_id, status=generation["status"])
    await flow.follow_up(parts, generation, change)
