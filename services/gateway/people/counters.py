"""Counters of people, kept true: they are projections of the rows in `relations` and `posts`."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta

import structlog
from opentelemetry import metrics

from services.gateway.context import Parts
from services.gateway.posting.counters import CLOCKS_APART, SETTLED_AFTER
from shared.events import utcnow
from shared.ids import new_id

log = structlog.get_logger(__name__)
TASK = "people_counters"
EVERY_S = 5.0
LEASE = timedelta(seconds=30)
LOOK_BACK = timedelta(hours=1)
"""How far back the first round after a start looks."""

_drift = metrics.get_meter(__name__).create_counter(
    "people.counters.drift", unit="{count}", description="By how much people's counters were wrong when repaired."
)


async def run(parts: Parts) -> None:
    """Repair for ever, in one process at a time; whatever goes wrong in one round is tried again in the next."""
    holder = new_id()
    since = utcnow() - LOOK_BACK
    try:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                if await parts.leases.take(TASK, holder, LEASE):
                    until = utcnow() - SETTLED_AFTER
                    await repair(parts, since, until)
                    since = until
            except Exception as error:
                log.warning("counting people again failed", error=str(error) or type(error).__name__)
    finally:
        with contextlib.suppress(Exception):
            await parts.leases.give_back(TASK, holder)


async def repair(parts: Parts, since: datetime, until: datetime) -> int:
    """Count again for everybody whose relations or posts moved in this time; how many were wrong.

    Who moved again since is left to a later round, as posts are.
    """
    repaired = 0
    noted = await parts.recounts.due("person", until)
    for user_id in await parts.relations.moved(since, until) | noted:
        repaired += await repair_one(parts, user_id, posts=user_id in noted, settled_by=until)
    await parts.recounts.done("person", until)
    return repaired


async def repair_one(parts: Parts, user_id: str, *, posts: bool = False, settled_by: datetime | None = None) -> bool:
    """Set one person's counters right, with `posts` that of their posts too; False when they were, or moved meanwhile.

    A new follower is no reason to count somebody's posts: there may be thousands.
    """
    account = await parts.accounts.get(user_id, {"counts": 1})
    if account is None:
        return False
    right = await parts.relations.counts(user_id)
    if posts:
        right["posts"] = await parts.posts.count_listed(user_id)
    wrong = {name: account["counts"].get(name, 0) for name in right}
    if wrong != right and settled_by and user_id in await _moved_since(parts, settled_by):
        return False
    if wrong == right or not await parts.accounts.correct(user_id, wrong, right):
        return False
    drift = sum(abs(right[name] - wrong[name]) for name in right)
    _drift.add(drift)
    log.warning("counters of a person repaired", user_id=user_id, drift=drift)
    return True


async def _moved_since(parts: Parts, moment: datetime) -> set[str]:
    moved = await parts.relations.moved(moment, utcnow() + CLOCKS_APART)
    return moved | await parts.recounts.noted_since("person", moment)
