"""Keeping counters true: each is a projection of ledger rows, moved with every change and counted again later.

A counter is moved right after the ledger's transaction, not inside it: fifty people who like one post at once would
otherwise make each other's transactions start over. What a crash in between leaves wrong is found here, corrected,
and measured.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta

import structlog
from opentelemetry import metrics

from services.gateway.context import Parts
from services.gateway.store.reactions import COUNTERS
from shared.events import utcnow

log = structlog.get_logger(__name__)

SETTLED_AFTER = timedelta(seconds=30)
"""A change younger than this may be between its ledger row and its counter: a busy database takes its time."""

CLOCKS_APART = timedelta(minutes=1)
"""How far the clock of another gateway may be ahead."""

_drift = metrics.get_meter(__name__).create_counter(
    "counters.drift", unit="{count}", description="By how much counters had to be corrected."
)


async def reconcile_recent(parts: Parts, since: datetime) -> datetime:
    """Count again what was touched since then; gives the moment from which the next round goes on."""
    until = utcnow() - SETTLED_AFTER
    if until <= since:
        return since
    touched = await _touched(parts, since, until) | await parts.recounts.due("post", until)
    await reconcile(parts, touched, settled_by=until)
    await parts.recounts.done("post", until)
    return until


async def reconcile(parts: Parts, post_ids: Iterable[str], *, settled_by: datetime | None = None) -> int:
    """Make the counters of these posts agree with the ledgers; by how much they were off, in all.

    With `settled_by`, a post that was touched after that moment is left alone: it seems off while a counter's move is
    on its way, and would be after it had been corrected. Its round comes when it has been quiet.
    """
    off = [found for post_id in post_ids async for found in _off(parts, post_id)]
    if off and settled_by:
        unsettled = await _touched(parts, settled_by, utcnow() + CLOCKS_APART)
        unsettled |= await parts.recounts.noted_since("post", settled_by)
        off = [found for found in off if found[0] not in unsettled]
    drift = 0
    for post_id, name, wrong, right in off:
        if await parts.posts.correct(post_id, name, wrong, right):
            drift += abs(wrong - right)
            _drift.add(abs(wrong - right), {"counter": name})
            log.warning("counter corrected", counter=name, post_id=post_id, was=wrong, now=right)
    return drift


async def _touched(parts: Parts, since: datetime, until: datetime) -> set[str]:
    return await parts.reactions.moved(since, until) | await parts.comments.commented_since(since, until)


async def _off(parts: Parts, post_id: str) -> AsyncIterator[tuple[str, str, int, int]]:
    """The counters of a post that don't agree with their ledgers: post, name, wrong and right value."""
    post = await parts.posts.get(post_id)
    if post is None:
        return
    true = {name: await parts.reactions.count(kind, post_id) for kind, name in COUNTERS.items()}
    true["comments"] = await parts.comments.count(post_id)
    true["remixes"] = await parts.posts.count_remixes(post_id)
    for name, right in true.items():
        if post["counts"][name] != right:
            yield post_id, name, post["counts"][name], right
