"""Telling a person what somebody did that concerns them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from services.gateway.context import Parts
from services.gateway.store.notifications import Act, NotificationKind
from shared.mongo import Write


async def notify(parts: Parts, act: Act, *, counted: Sequence[Write] = ()) -> None:
    """Tell somebody of an act, unless it was their own or they do not want to know.

    `counted` is what the act moves in any case, written along with it. Call it after the act's transaction has
    committed: a counter or a group that many people touch at once must not make them retry.
    """
    if await _wants_to_know(parts, act.recipient_id, act.kind, act.actor_id):
        await parts.notifications.add(act, counted=counted)
    elif counted:
        await parts.mongo.write_with_others(counted)


async def _wants_to_know(parts: Parts, recipient_id: str, kind: NotificationKind, actor_id: str) -> bool:
    if recipient_id == actor_id:
        return False
    recipient, standing = await asyncio.gather(
        parts.accounts.get(recipient_id, {"preferences": 1}), parts.relations.standing(recipient_id, [actor_id])
    )
    if recipient is None or actor_id in standing.blocks | standing.blocked_by | standing.mutes:
        return False
    return bool(recipient.get("preferences", {}).get("notifications", {}).get(kind, True))
