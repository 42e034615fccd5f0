"""Carrying out removals: bytes that no picture needs, and what hung on a post that is gone."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from services.gateway.context import Parts
from services.gateway.store.removals import Removal

log = structlog.get_logger(__name__)


async def carry_out(parts: Parts, removals: Iterable[Removal]) -> None:
    """Do them now; what fails stays noted, and the reconciler tries again."""
    for removal in removals:
        kind, name = removal
        try:
            await (_clear_post(parts, name) if kind == "post" else parts.pictures.remove(name))
        except Exception as error:
            log.warning("removal will be tried again", kind=kind, error=str(error) or type(error).__name__)
            continue
        await parts.removals.clear(removal)


async def _clear_post(parts: Parts, post_id: str) -> None:
    await parts.comments.delete_on(post_id)
    await parts.reactions.delete_on(post_id)
    await parts.notifications.delete_on(post_id)
