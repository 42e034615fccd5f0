"""Telling a person what somebody did that concerns them."""

from __future__ import annotations

import asyncio

from services.gateway.context import Parts
from services.gateway.store.notifications import NotificationKind


async def notify(
    parts: Parts,
    recipient_id: str,
    kind: NotificationKind,
    actor_id: str,
    *,
    post_id: str | None = None,
    comment_id: str | None = None,
) -> None:
    """Tell `recipient_id` that `actor_id` did something, unless it was themselves or they do not want to know.

    Call it after the act's transaction has committed: a group that many people touch at once must not make them retry.
    """
    if recipient_id == actor_id:
        return
    recipient, standing = await asyncio.gather(
        parts.accounts.get(recipient_id, {"preferences": 1}), parts.relations.standing(recipient_id, [actor_id])
    )
    if recipient is None or actor_id in standing.blocks | standing.blocked_by | standing.mutes:
        return
    if not recipient.get("preferences", {}).get("notifications", {}).get(kind, True):
        return
    await parts.notifications.add(recipient_id, kind, actor_id, post_id=post_id, comment_id=comment_id)
