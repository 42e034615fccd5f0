"""Keeping counters true: each is a projection of ledger rows, moved with every change and counted again later.

A counter is moved right after the ledger's transaction, not inside it: fifty people who like one post at once would
otherwise make each other's transactions start over. What a crash in between leaves wrong is found here, corrected,
and measured.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from opentelemetry import metrics

from services.gateway.context import Parts
from services.gateway.store.recounts import Kind
from shared.events import utcnow

log = structlog.get_logger(__name__)

SETTLED_AFTER = timedelta(seconds=30)
"""A change younger than this may be between its ledger row and its counter: a busy database takes its time."""

CLOCKS_APART = timedelta(minutes=1)
"""How far the clock of another gateway may be ahead."""

_drift = metrics.get_meter(__name__).create_counter(
    "counters.drift", unit="{count}", description="By how much counters had to be corrected."
)

Counts = dict[str, int]


class Look(NamedTuple):
    """The counters of one record, and what the ledgers say they should be."""

    shown: Counts
    right: Counts


@dataclass(frozen=True)
class Counted:
    """Records that have counters.

    Attributes:
        moved: the ids of those whose ledger rows changed in a time.
        look: counts one of them, None when it is gone. Told whether it was noted to be counted again, which says more
            than that rows have moved.
        correct: sets counters to their true values, unless they have moved since they were looked at.
    """

    kind: Kind
    moved: Callable[[Parts, datetime, datetime], Awaitable[set[str]]]
    look: Callable[[Parts, str, bool], Awaitable[Look | None]]
    correct: Callable[[Parts, str, Look], Awaitable[bool]]


async def recount_recent(parts: Parts, counted: Counted, since: datetime) -> datetime:
    """Count again what was touched since then; gives the moment from which the next round goes on."""
    until = utcnow() - SETTLED_AFTER
    if until <= since:
        return since
    noted = await parts.recounts.due(counted.kind, until)
    await recount(parts, counted, await counted.moved(parts, since, until) | noted, noted=noted, settled_by=until)
    await parts.recounts.done(counted.kind, until)
    return until


async def recount(
    parts: Parts,
    counted: Counted,
    ids: Collection[str],
    *,
    noted: Collection[str] = (),
    settled_by: datetime | None = None,
) -> int:
    """Make the counters of these agree with the ledgers; by how much they were off, in all.

    With `settled_by`, what was touched after that moment is left alone: it seems off while a counter's move is on its
    way, and would be after it had been corrected. Its round comes when it has been quiet.
    """
    looks = {one: await counted.look(parts, one, one in noted) for one in ids}
    off = {one: look for one, look in looks.items() if look and look.shown != look.right}
    if off and settled_by:
        unsettled = await counted.moved(parts, settled_by, utcnow() + CLOCKS_APART)
        unsettled |= await parts.recounts.noted_since(counted.kind, settled_by)
        off = {one: look for one, look in off.items() if one not in unsettled}
    drift = 0
    for one, look in off.items():
        if await counted.correct(parts, one, look):
            drift += _tell(counted.kind, one, look)
    return drift


def _tell(kind: Kind, one: str, look: Look) -> int:
    wrong = {name: abs(look.shown[name] - right) for name, right in look.right.items()}
    for name, drift in wrong.items():
        if drift:
            _drift.add(drift, {"of": kind, "counter": name})
    log.warning("counter corrected", of=kind, id=one, was=look.shown, now=look.right)
    return sum(wrong.values())
