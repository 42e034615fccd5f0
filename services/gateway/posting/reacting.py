"""Likes, bookmarks and shares: the ledger row and its event as one, then the counter and the news."""

from __future__ import annotations

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from services.gateway.context import Parts
from services.gateway.identity.auth import Viewer
from services.gateway.people.telling import notify
from services.gateway.store.notifications import Act
from services.gateway.store.reactions import COUNTERS, Kind
from shared.events import PostBookmarked, PostLiked, PostReaction, PostShared, PostUnbookmarked, PostUnliked, utcnow
from shared.mongo import Document

EVENTS: dict[tuple[Kind, bool], type[PostReaction]] = {
    ("like", True): PostLiked,
    ("like", False): PostUnliked,
    ("bookmark", True): PostBookmarked,
    ("bookmark", False): PostUnbookmarked,
}


async def react(parts: Parts, viewer: Viewer, post: Document, kind: Kind, *, on: bool) -> None:
    """Like or bookmark a post, or take it back. What is so already changes nothing and is told to nobody."""
    at = utcnow()
    post_id, author_id = post["_id"], post["author_id"]
    event = EVENTS[kind, on](post_id=post_id, author_id=author_id, user_id=viewer.user_id, occurred_at=at)

    async def switch(session: AsyncClientSession) -> list[Document]:
        if not await parts.reactions.switch(kind, post_id, viewer.user_id, on, at, session):
            return []
        return await parts.outbox.add(session, event)

    async def begun() -> bool:
        try:
            await parts.outbox.commit([parts.reactions.insertion(kind, post_id, viewer.user_id, at)], event)
        except DuplicateKeyError:
            return False
        return True

    async def switched() -> bool:
        rows = await parts.mongo.transaction(switch)
        parts.outbox.flush(rows)
        return bool(rows)

    # Most likes are a person's first of a post: one write instead of looking first.
    if not (on and await begun()) and not await switched():
        return
    counted = [parts.posts.counting(post_id, COUNTERS[kind], 1 if on else -1)]
    told = Act(author_id, "like", viewer.user_id, post_id)
    if kind == "like" and on:
        await notify(parts, told, counted=counted)
        return
    await parts.mongo.write_with_others(counted)
    if kind == "like":
        await parts.notifications.take_back([told])


async def share(parts: Parts, viewer: Viewer, post: Document) -> None:
    """Tell that somebody passed a post's link on."""
    event = PostShared(post_id=post["_id"], author_id=post["author_id"], user_id=viewer.user_id)
    await parts.outbox.commit([], event)
