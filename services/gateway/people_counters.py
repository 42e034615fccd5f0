"""Counters of followers, kept true: they are projections of the rows in `relations`."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from opentelemetry import metrics

from services.gateway.context import Parts
from shared.events import utcnow

log = structlog.get_logger(__name__)
SETTLED_AFTER = timedelta(seconds=5)
_drift = metrics.get_meter(__name__).create_counter(
    "people.counters.drift", unit="{count}", description="By how much follower counters were wrong when repaired."
)


async def repair(parts: Parts, since: datetime) -> int:
    """Count again for everybody whose relations moved since then, but not in the last seconds; how many were wrong."""
    repaired = 0
    for user_id in await parts.relations.moved(since, utcnow() - SETTLED_AFTER):
        repaired += await repair_one(parts, user_id)
    return repaired


async def repair_one(parts: Parts, user_id: str) -> bool:
    """Set one person's counters right; False when they were, or moved meanwhile."""
    account = await parts.accounts.get(user_id, {"counts": 1})
    if account is None:
        return False
    wrong = {name: account["counts"].get(name, 0) for name in ("followers", "following")}
    right = await parts.relations.counts(user_id)
    if wrong == right or not await parts.accounts.correct(user_id, wrong, right):
        return False
    drift = sum(abs(right[name] - wrong[name]) for name in right)
    _drift.add(drift)
    log.warning("follower counters repaired", user_id=user_id, drift=drift)
    return True
