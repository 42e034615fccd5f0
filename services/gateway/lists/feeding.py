"""Asking the feed for a page, showing what the viewer may see of it, and falling back to recency when it is away."""

from __future__ import annotations

from dataclasses import dataclass

from services.gateway.context import Parts
from services.gateway.identity.auth import Viewer
from services.gateway.lists.listing import Place, by_id, visible_page
from services.gateway.visibility import Surface, visible_posts
from shared.bus import Unanswered
from shared.mongo import Document
from shared.queries import FeedItem, FeedMode, FeedPage, Reason

ROUNDS = 3
MOST_FOLLOWED = 5000
"""The fallback looks at this many followed people, the latest first."""

RANKING_TIMEOUT_S = 2.0
"""After which the fallback's page is better than a longer wait."""

FALLBACK = "recency"
RECENT = Reason(code="recent", text="New on Promptgram")
FOLLOWED = Reason(code="followed", text="From someone you follow")


@dataclass(frozen=True)
class Entry:
    """A post in the feed, why it is there, and what to send back with an interaction."""

    post: Document
    reasons: tuple[Reason, ...]
    feed_context: str


async def page(
    parts: Parts, viewer: Viewer | None, mode: FeedMode, limit: int, place: Place | None
) -> tuple[list[Entry], Place | None]:
    """One page, and the place of the next. A fallback's place stays with the fallback, so nothing is shown twice."""
    if place is None or "feed" in place:
        try:
            return await _ranked(parts, viewer, mode, limit, str(place["feed"]) if place else None)
        except Unanswered:
            place = None
    return await _by_recency(parts, viewer, mode, limit, place)


async def _ranked(
    parts: Parts, viewer: Viewer | None, mode: FeedMode, limit: int, cursor: str | None
) -> tuple[list[Entry], Place | None]:
    shown: list[Entry] = []
    for _ in range(ROUNDS):
        query = FeedPage(
            viewer_id=viewer.user_id if viewer else None, mode=mode, limit=limit - len(shown), cursor=cursor
        )
        answer = await parts.bus.ask(query, timeout_s=RANKING_TIMEOUT_S)
        entries = await _visible(parts, viewer, _surface(mode), answer.items)
        shown += await _followed(parts, viewer, entries) if mode == "following" and viewer else entries
        cursor = answer.next_cursor
        # A short page is better than a slow one; only one that lost more than half is refilled.
        if cursor is None or len(shown) * 2 > limit:
            break
    return shown, {"feed": cursor} if cursor else None


async def _visible(parts: Parts, viewer: Viewer | None, surface: Surface, items: tuple[FeedItem, ...]) -> list[Entry]:
    posts = await parts.posts.many([item.post_id for item in items])
    visible = {post["_id"]: post for post in await visible_posts(parts, viewer, posts, surface)}
    return [Entry(visible[item.post_id], item.reasons, item.feed_context) for item in items if item.post_id in visible]


async def _followed(parts: Parts, viewer: Viewer, entries: list[Entry]) -> list[Entry]:
    """Those by people whom the viewer follows at this moment: the feed may not have heard of an unfollow yet."""
    standing = await parts.relations.standing(viewer.user_id, [entry.post["author_id"] for entry in entries])
    return [entry for entry in entries if entry.post["author_id"] in standing.follows]


async def _by_recency(
    parts: Parts, viewer: Viewer | None, mode: FeedMode, limit: int, place: Place | None
) -> tuple[list[Entry], Place | None]:
    following = mode == "following" and viewer is not None
    authors: list[str] = []
    if following and viewer:
        rows = await parts.relations.targets(viewer.user_id, "follow", limit=MOST_FOLLOWED)
        authors = [row["target_id"] for row in rows]

    async def fetch(before: str | None, most: int) -> list[Document]:
        if following:
            shared = ("public", "followers")
            return await parts.posts.by_authors(authors, visibilities=shared, before=before, limit=most)
        return await parts.posts.latest_public(before=before, limit=most)

    surface = _surface("following" if following else "explore")
    posts, after = await visible_page(parts, viewer, surface, limit, place, by_id(fetch))
    reasons = (FOLLOWED if following else RECENT,)
    return [Entry(post, reasons, FALLBACK) for post in posts], after


def _surface(mode: FeedMode) -> Surface:
    return "explore" if mode == "explore" else "feed"
