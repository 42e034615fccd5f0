"""Keeping counters true: each is a projection of ledger rows, moved with every change and counted again later.

A counter is moved right after the ledger's transaction, not inside it: fifty people who like one post at once would
otherwise make each other's transactions start over. What a crash in between leaves wrong is found here, corrected,
and measured.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from opentelemetry import metrics

from services.gateway.context import Parts
from services.gateway.store.reactions import COUNTERS
from shared.events import utcnow

log = structlog.get_logger(__name__)

SETTLED_AFTER = timedelta(seconds=10)
"""A change younger than this may be between its ledger row and its counter."""

_drift = metrics.get_meter(__name__).create_counter(
    "counters.drift", unit="{count}", description="By how much counters had to be corrected."
)


async def reconcile_recent(parts: Parts, since: datetime) -> datetime:
    """Count again what was touched since then; gives the moment from which the next round goes on."""
    until = utcnow() - SETTLED_AFTER
    if until <= since:
        return since
    touched = await parts.reactions.moved(since, until)
    touched |= await parts.comments.commented_since(since, until)
    touched |= await parts.recounts.due("post", until)
    await reconcile(parts, touched)
    await parts.recounts.done("post", until)
    return until


async def reconcile(parts: Parts, post_ids: Iterable[str]) -> int:
    """Make the counters of these posts agree with the ledgers; by how much they were off, in all."""
    drift = 0
    for post_id in post_ids:
        post = await parts.posts.get(post_id)
        if post is None:
            continue
        true = {name: await parts.reactions.count(kind, post_id) for kind, name in COUNTERS.items()}
        true["comments"] = await parts.comments.count(post_id)
        true["remixes"] = await parts.posts.count_remixes(post_id)
        for name, right in true.items():
            wrong = post["counts"][name]
            if wrong != right and await parts.posts.correct(post_id, name, wrong, right):
                drift += abs(wrong - right)
                _drift.add(abs(wrong - right), {"counter": name})
                log.warning("counter corrected", counter=name, post_id=post_id, was=wrong, now=right)
    return drift
