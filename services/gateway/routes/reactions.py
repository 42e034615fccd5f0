"""Likes and bookmarks of posts, and one's own lists of them."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Depends, Request, Response

from services.gateway import present
from services.gateway.answers import Post
from services.gateway.context import Parts, PartsDep
from services.gateway.edge.limits import limited_writes
from services.gateway.edge.paging import Cursor, Limit, Page, bad_cursor, decode_cursor, encode_cursor, paged
from services.gateway.identity.auth import SignedIn, Viewer
from services.gateway.lists.listing import Found, Place, visible_page
from services.gateway.posting.reacting import react, share
from services.gateway.routes.posts import VisiblePost
from services.gateway.store.reactions import Kind
from services.gateway.visibility import Surface

router = APIRouter(tags=["posts"])


@router.put("/v1/posts/{post_id}/like", status_code=204, dependencies=[Depends(limited_writes)])
async def like(viewer: SignedIn, post: VisiblePost, parts: PartsDep) -> None:
    """Like a post; liking it again changes nothing."""
    await react(parts, viewer, post, "like", on=True)


@router.delete("/v1/posts/{post_id}/like", status_code=204, dependencies=[Depends(limited_writes)])
async def unlike(viewer: SignedIn, post_id: str, parts: PartsDep) -> None:
    """Take a like back, also when the post is out of sight by now. Where there is none nothing happens."""
    await _take_back(parts, viewer, post_id, "like")


@router.put("/v1/posts/{post_id}/bookmark", status_code=204, dependencies=[Depends(limited_writes)])
async def bookmark(viewer: SignedIn, post: VisiblePost, parts: PartsDep) -> None:
    """Keep a post for oneself; nobody is told."""
    await react(parts, viewer, post, "bookmark", on=True)


@router.delete("/v1/posts/{post_id}/bookmark", status_code=204, dependencies=[Depends(limited_writes)])
async def unbookmark(viewer: SignedIn, post_id: str, parts: PartsDep) -> None:
    """Keep it no longer, also when it is out of sight by now. Where nothing is kept nothing happens."""
    await _take_back(parts, viewer, post_id, "bookmark")


@router.post("/v1/posts/{post_id}/shares", status_code=204, dependencies=[Depends(limited_writes)])
async def tell_share(viewer: SignedIn, post: VisiblePost, parts: PartsDep) -> None:
    """Tell that one has passed its link on; the feed takes it as a sign of liking."""
    await share(parts, viewer, post)


@router.get("/v1/me/likes")
async def list_likes(
    request: Request, response: Response, viewer: SignedIn, parts: PartsDep, limit: Limit = 20, cursor: Cursor = None
) -> Page[Post]:
    """Posts that one likes, latest like first."""
    return await _reacted(request, response, viewer, parts, "like", "likes", limit, cursor)


@router.get("/v1/me/bookmarks")
async def list_bookmarks(
    request: Request, response: Response, viewer: SignedIn, parts: PartsDep, limit: Limit = 20, cursor: Cursor = None
) -> Page[Post]:
    """Posts that one keeps, latest first. Only oneself sees this."""
    return await _reacted(request, response, viewer, parts, "bookmark", "bookmarks", limit, cursor)


async def _take_back(parts: Parts, viewer: Viewer, post_id: str, kind: Kind) -> None:
    # Visible or not, what is one's own stays one's own to take back; with a post its reactions are gone.
    post = await parts.posts.get(post_id)
    if post is not None:
        await react(parts, viewer, post, kind, on=False)


async def _reacted(
    request: Request,
    response: Response,
    viewer: Viewer,
    parts: Parts,
    kind: Kind,
    surface: Surface,
    limit: int,
    cursor: str | None,
) -> Page[Post]:
    async def fetch(place: Place | None, most: int) -> Found:
        rows = await parts.reactions.page(kind, viewer.user_id, before=_moment(place), limit=most)
        posts = {post["_id"]: post for post in await parts.posts.many([row["post_id"] for row in rows])}
        # A post that is gone still marks its place, or the page would seem to be the last.
        return [
            ({"at": row["at"].isoformat(), "row": row["_id"]}, posts.get(row["post_id"], _gone(row["post_id"])))
            for row in rows
        ]

    place = decode_cursor(cursor, at=str, row=str) if cursor else None
    _moment(place)
    shown, following = await visible_page(parts, viewer, surface, limit, place, fetch)
    answers = await present.posts(parts, viewer, shown)
    return paged(request, response, answers, encode_cursor(following) if following else None)


def _gone(post_id: str) -> dict[str, str | None]:
    return {"_id": post_id, "author_id": None}


def _moment(place: Place | None) -> tuple[datetime, str] | None:
    try:
        return (datetime.fromisoformat(str(place["at"])), str(place["row"])) if place else None
    except ValueError as error:
        raise bad_cursor() from error
