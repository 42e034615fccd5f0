"""Carrying out removals: bytes that no picture needs, what hung on a post that is gone, late news of the erased."""

from __future__ import annotations

import time
from collections.abc import Iterable

import structlog

from services.gateway.context import Parts
from services.gateway.store.removals import Kind, Removal
from shared.events import UserErased

log = structlog.get_logger(__name__)


async def carry_out(parts: Parts, removals: Iterable[Removal]) -> None:
    """Do them now; what fails stays noted, and the reconciler tries again."""
    for removal in removals:
        kind, name = removal
        try:
            await _remove(parts, kind, name)
        except Exception as error:
            log.warning("removal will be tried again", kind=kind, error=str(error) or type(error).__name__)
            continue
        await parts.removals.clear(removal)


async def _remove(parts: Parts, kind: Kind, name: str) -> None:
    match kind:
        case "picture":
            await parts.pictures.remove(name)
        case "post":
            await _clear_post(parts, name)
        case "person":
            await parts.bus.emit(UserErased(user_id=name, reissue=int(time.time())))
            await parts.bus.forget(name)


async def _clear_post(parts: Parts, post_id: str) -> None:
    await parts.comments.delete_on(post_id)
    await parts.reactions.delete_on(post_id)
    await parts.notifications.delete_on(post_id)
