"""`/v1/search`: finding posts by meaning and by words."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from services.gateway import present
from services.gateway.answers import SearchEntry
from services.gateway.context import Parts, PartsDep
from services.gateway.edge.paging import Cursor, Limit, Page, decode_cursor, encode_cursor, paged
from services.gateway.edge.text import Line
from services.gateway.errors import unauthenticated
from services.gateway.identity.auth import MaybeSignedIn, Viewer
from services.gateway.lists import finding
from services.gateway.lists.ranked import Reading
from services.gateway.people.preferences import Moment
from services.gateway.posting.tags import Tag
from shared.events import utcnow
from shared.queries import PostFilter

router = APIRouter(prefix="/v1/search", tags=["finding"])
Sort = Literal["relevance", "new", "top"]


@router.get("")
async def search(
    request: Request,
    response: Response,
    viewer: MaybeSignedIn,
    parts: PartsDep,
    q: Annotated[Line, Query(max_length=500, description="Words; empty lists what passes the filters.")] = "",
    author: Annotated[Line | None, Query(alias="from", max_length=64, description="A username, or `me`.")] = None,
    aspect: Annotated[Line | None, Query(max_length=16)] = None,
    model: Annotated[Line | None, Query(max_length=100)] = None,
    tag: Annotated[Tag | None, Query(max_length=51)] = None,
    after: Annotated[Moment | None, Query(description="Published at or after; a date or an RFC 3339 time.")] = None,
    before: Annotated[Moment | None, Query(description="Published before.")] = None,
    sort: Annotated[Sort, Query(description="`top`: most liked among the best matches.")] = "relevance",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[SearchEntry]:
    """Posts that match. The page tells for each how near it is and which signal found it."""
    reading = Reading.at(decode_cursor(cursor)) if cursor else Reading(utcnow())
    who = await _author_id(parts, viewer, author) if author else None
    if author and who is None:
        return paged(request, response, [], None)
    only = PostFilter(
        author_id=who,
        aspect=aspect,
        model=model,
        tag=tag,
        after=after,
        before=before,
        include_hidden=viewer is not None and who == viewer.user_id,
    )
    matches, following = await finding.search(parts, viewer, q, only, sort, limit, reading)
    shown = {post.id: post for post in await present.posts(parts, viewer, [match.post for match in matches])}
    items = [
        SearchEntry(
            post=shown[match.hit.post_id],
            score=match.hit.score,
            matched=list(match.hit.matched),
            less_related=match.hit.less_related,
        )
        for match in matches
        if match.hit.post_id in shown
    ]
    return paged(request, response, items, encode_cursor(following.place()) if following else None)


async def _author_id(parts: Parts, viewer: Viewer | None, author: str) -> str | None:
    """The person meant; None when there is nobody of that name."""
    if author == "me":
        if viewer is None:
            raise unauthenticated("Sign in to search among your own posts.")
        return viewer.user_id
    account = await parts.accounts.by_username(author.removeprefix("@"), {"_id": 1})
    return account["_id"] if account else None
