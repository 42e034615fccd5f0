"""`/v1/feed`: what to look at next, and what became of it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from services.gateway import present
from services.gateway.answers import FeedEntry
from services.gateway.context import Parts, PartsDep
from services.gateway.edge.idempotency import Idempotent
from services.gateway.edge.limits import limited_writes
from services.gateway.edge.paging import Cursor, Limit, Page, bad_cursor, decode_cursor, encode_cursor, paged
from services.gateway.edge.text import Line, StrictBody
from services.gateway.errors import unauthenticated
from services.gateway.identity.auth import MaybeSignedIn, SignedIn
from services.gateway.lists import feeding
from shared.bus import Unanswered
from shared.events import FeedInteracted, Interaction
from shared.queries import FeedMode, NoteInteractions

NOTED_WITHIN_S = 1.0
TURNED_AWAY = frozenset({"less", "hidden"})
"""What the very next page has to heed. An event would come too late for whoever turns the page at once."""

router = APIRouter(prefix="/v1/feed", tags=["finding"])


class PostInteraction(StrictBody):
    """What a person did with one item of the feed."""

    post_id: str = Field(min_length=1, max_length=64)
    event: Literal["seen", "opened", "dwelled", "more", "less", "hidden"]
    feed_context: Annotated[Line, Field(max_length=1000)] | None = Field(None, description="As it came with the item.")


class Interactions(StrictBody):
    items: list[PostInteraction] = Field(min_length=1, max_length=100)


class Accepted(BaseModel):
    accepted: int


@router.get("")
async def read_feed(
    request: Request,
    response: Response,
    viewer: MaybeSignedIn,
    parts: PartsDep,
    mode: Annotated[FeedMode | None, Query(description="Default `for_you`, or `explore` without signing in.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[FeedEntry]:
    """A page of posts with the reason why each is there. `following` is strictly followed people, newest first."""
    mode = mode or ("for_you" if viewer else "explore")
    if viewer is None and mode != "explore":
        raise unauthenticated("Sign in to see this feed; `explore` is open to everybody.")
    place = decode_cursor(cursor) if cursor else None
    if place is not None and (
        place.keys() - {"feed", "post"} or not all(isinstance(one, str) for one in place.values())
    ):
        raise bad_cursor()
    entries, following = await feeding.page(parts, viewer, mode, limit, place)
    shown = {post.id: post for post in await present.posts(parts, viewer, [entry.post for entry in entries])}
    items = [
        FeedEntry(post=shown[entry.post["_id"]], reasons=list(entry.reasons), feed_context=entry.feed_context)
        for entry in entries
        if entry.post["_id"] in shown
    ]
    return paged(request, response, items, encode_cursor(following) if following else None)


@router.post("/interactions", status_code=202, response_model=Accepted, dependencies=[Depends(limited_writes)])
async def tell_interactions(body: Interactions, viewer: SignedIn, parts: PartsDep, idempotent: Idempotent) -> Response:
    """Tell what was seen, opened, wanted more or less of. `less` changes the very next page."""

    async def make() -> Response:
        told = FeedInteracted(
            batch_id=idempotent.resource_id,
            user_id=viewer.user_id,
            items=tuple(Interaction(**item.model_dump()) for item in body.items),
        )
        if not (any(item.event in TURNED_AWAY for item in body.items) and await _noted(parts, told)):
            await parts.outbox.commit([], told)
        return JSONResponse({"accepted": len(body.items)}, 202)

    return await idempotent.run(make)


async def _noted(parts: Parts, told: FeedInteracted) -> bool:
    """Whether the feed has it on record; while it is away an event waits for it."""
    try:
        await parts.bus.ask(NoteInteractions(interactions=told), timeout_s=NOTED_WITHIN_S)
    except Unanswered:
        return False
    return True
