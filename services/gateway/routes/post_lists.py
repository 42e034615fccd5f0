"""Lists of posts around a post or a person: similar ones, remixes, a profile's."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.gateway import present
from services.gateway.answers import Post
from services.gateway.context import PartsDep
from services.gateway.edge.paging import Cursor, Limit, Page, decode_cursor, encode_cursor, paged
from services.gateway.identity.auth import MaybeSignedIn
from services.gateway.lists import finding
from services.gateway.lists.listing import by_id, visible_page
from services.gateway.lists.ranked import Reading
from services.gateway.routes.posts import VisiblePost
from services.gateway.routes.users import UsernamePath, find_person
from shared.events import utcnow
from shared.mongo import Document

router = APIRouter(tags=["posts"])


@router.get("/v1/posts/{post_id}/similar")
async def list_similar(
    request: Request,
    response: Response,
    post: VisiblePost,
    viewer: MaybeSignedIn,
    parts: PartsDep,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Post]:
    """Posts whose pictures and prompts are near this one's, nearest first."""
    reading = Reading.at(decode_cursor(cursor)) if cursor else Reading(utcnow())
    found, following = await finding.similar(parts, viewer, post["_id"], limit, reading)
    answers = await present.posts(parts, viewer, found)
    return paged(request, response, answers, encode_cursor(following.place()) if following else None)


@router.get("/v1/posts/{post_id}/remixes")
async def list_remixes(
    request: Request,
    response: Response,
    post: VisiblePost,
    viewer: MaybeSignedIn,
    parts: PartsDep,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Post]:
    """Posts made from a picture of this one, newest first."""

    async def fetch(before: str | None, most: int) -> list[Document]:
        return await parts.posts.remixes_of(post["_id"], before=before, limit=most)

    place = decode_cursor(cursor, post=str) if cursor else None
    shown, following = await visible_page(parts, viewer, "remixes", limit, place, by_id(fetch))
    answers = await present.posts(parts, viewer, shown)
    return paged(request, response, answers, encode_cursor(following) if following else None)


@router.get("/v1/users/{username}/posts")
async def list_posts_of(
    request: Request,
    response: Response,
    username: UsernamePath,
    viewer: MaybeSignedIn,
    parts: PartsDep,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Post]:
    """A person's posts, newest first; one's own with those that only oneself sees."""
    account = await find_person(parts, viewer, username)
    own = viewer is not None and viewer.user_id == account["_id"]
    visibilities = ("public", "followers", "unlisted", "private") if own else ("public", "followers")

    async def fetch(before: str | None, most: int) -> list[Document]:
        return await parts.posts.by_authors([account["_id"]], visibilities=visibilities, before=before, limit=most)

    place = decode_cursor(cursor, post=str) if cursor else None
    shown, following = await visible_page(parts, viewer, "profile", limit, place, by_id(fetch))
    answers = await present.posts(parts, viewer, shown)
    return paged(request, response, answers, encode_cursor(following) if following else None)
