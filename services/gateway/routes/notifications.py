"""What others did that concerns oneself."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from services.gateway.context import PartsDep
from services.gateway.edge.limits import limited_writes
from services.gateway.edge.paging import Cursor, Limit, Page, decode_cursor, encode_cursor, paged
from services.gateway.edge.text import StrictBody
from services.gateway.identity.auth import SignedIn
from services.gateway.people.notices import Notification, present_groups
from services.gateway.people.preferences import Moment
from shared.events import utcnow
from shared.mongo import Document

ROUNDS = 5
router = APIRouter(tags=["notifications"])


class NotificationPage(Page[Notification]):
    unread: int = Field(description="How many groups have news, 100 at most.")


class ReadMark(StrictBody):
    """What has been read; empty marks everything."""

    ids: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=100)] | None = None
    up_to: Moment | None = Field(None, description="Acts after this moment stay unread; defaults to now.")


@router.get("/v1/notifications")
async def list_notifications(
    request: Request,
    response: Response,
    parts: PartsDep,
    viewer: SignedIn,
    limit: Limit = 20,
    cursor: Cursor = None,
    unread: bool = False,
) -> NotificationPage:
    """Groups of acts, the latest first: one entry for "Ada and 12 others liked your post"."""
    before = str(decode_cursor(cursor, before=str)["before"]) if cursor else None
    items: list[Notification] = []
    for _ in range(ROUNDS):
        wanted = limit - len(items)
        groups: list[Document] = await parts.notifications.page(
            viewer.user_id, before=before, limit=wanted + 1, unread=unread
        )
        more = len(groups) > wanted
        groups = groups[:wanted]
        items += await present_groups(parts, viewer, groups)
        before = groups[-1]["order"] if groups else before
        if not more or len(items) == limit:
            break
    page = paged(request, response, items, encode_cursor({"before": before}) if more else None)
    return NotificationPage(**dict(page), unread=await parts.notifications.unread(viewer.user_id))


@router.post("/v1/notifications/read", status_code=204, dependencies=[Depends(limited_writes)])
async def mark_read(parts: PartsDep, viewer: SignedIn, body: ReadMark | None = None) -> None:
    """Mark groups as read: those named, or all."""
    mark = body or ReadMark()
    await parts.notifications.mark_read(viewer.user_id, ids=mark.ids, up_to=mark.up_to or utcnow())
