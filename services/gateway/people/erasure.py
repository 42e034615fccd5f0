"""Forgetting a person: hidden from everyone in one transaction, then deleted by a job that survives crashes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from services.gateway import recounting
from services.gateway.context import Parts
from services.gateway.people import content_erasure
from services.gateway.people.counters import PEOPLE
from shared.events import UserErased, utcnow
from shared.mongo import Document

log = structlog.get_logger(__name__)
IDLE_S = 1.0
TRY_AGAIN = timedelta(seconds=5)
BUSY_FOR = timedelta(minutes=2)
"""After this another process takes a job up again; every step can be repeated."""


class StillTelling(Exception):
    """Events about the person have yet to leave."""


async def request(parts: Parts, user_id: str) -> None:
    """Hide the account, end its sign-ins and tell every service, all or nothing. Asking again changes nothing."""

    async def work(session: AsyncClientSession) -> list[Document]:
        if not await parts.accounts.mark_erased(user_id, utcnow(), session):
            return []
        await parts.sessions.delete_of(user_id, session)
        await parts.erasures.request(user_id, session)
        return await parts.outbox.add(session, UserErased(user_id=user_id))

    parts.outbox.flush(await parts.mongo.transaction(work))


async def run(parts: Parts) -> None:
    """Carry out jobs for ever."""
    while True:
        try:
            job = await parts.erasures.next(BUSY_FOR)
            if job:
                await _attempt(parts, job)
                continue
        except PyMongoError as error:
            log.warning("erasures wait for the database", error=str(error))
        await asyncio.sleep(IDLE_S)


async def _attempt(parts: Parts, job: Document) -> None:
    try:
        await carry_out(parts, job)
    except StillTelling:
        await parts.erasures.put_back(job, TRY_AGAIN)
    except Exception as error:
        log.warning("an erasure will be tried again", error=str(error) or type(error).__name__, exc_info=error)
        await parts.erasures.put_back(job, TRY_AGAIN)


async def forget_late_news(parts: Parts, user_id: str) -> None:
    """After news of something that is not there any more: if its person was erased, what the news left has to go."""
    if await parts.erasures.concern(user_id):
        await parts.decisions.delete_of(user_id)
        await parts.removals.add([("person", user_id)])


async def carry_out(parts: Parts, job: Document) -> None:
    """Delete everything of one person, and the job last, so that a crash in between leaves it to be repeated."""
    user_id = job["_id"]
    around = await parts.relations.people_around(user_id)
    # Noted before the relations go: after a crash nothing else would know them.
    await parts.recounts.add("person", around)
    removed = await content_erasure.remove(parts, user_id)
    removed |= {
        "relations": await parts.relations.delete_of(user_id),
        "notifications": await parts.notifications.delete_of(user_id),
        "reports": await parts.reports.delete_of(user_id),
        "decisions": await parts.decisions.delete_of(user_id),
        "idempotency": await parts.idempotency.delete_of(user_id),
        "sessions": await parts.sessions.delete_of(user_id),
    }
    await parts.recounts.delete_of(user_id)
    await recounting.recount(parts, PEOPLE, around)
    removed["accounts"] = await parts.accounts.forget(user_id)
    # The broker may be down, so this comes last: everything else is gone by then.
    if await parts.outbox.names(user_id):
        raise StillTelling(user_id)
    removed["events"] = await parts.bus.forget(user_id)
    await parts.erasures.finish(job, removed)
    log.info("a person was erased", removed=sum(removed.values()))
