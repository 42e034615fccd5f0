"""Asking search, and showing of its hits what the viewer may see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.gateway.context import Parts
from services.gateway.errors import unavailable
from services.gateway.identity.auth import Viewer
from services.gateway.lists.listing import ROUNDS
from services.gateway.lists.ranked import DEEPEST, Reading
from services.gateway.visibility import Surface, visible_posts
from shared.bus import Unanswered
from shared.mongo import Document
from shared.queries import Hit, Hits, PostFilter, Query, SearchPosts, SimilarPosts

TOP_OF = 500
"""`sort=top` orders this many best matches by their likes."""

Ask = Callable[[int, int], Query[Hits]]
"""The query for so many hits from an offset on."""


@dataclass(frozen=True)
class Match:
    """A post that was found, and how."""

    post: Document
    hit: Hit


async def search(
    parts: Parts, viewer: Viewer | None, text: str, only: PostFilter, sort: str, limit: int, reading: Reading
) -> tuple[list[Match], Reading | None]:
    """Posts that match, and where the next page goes on."""
    only = only.model_copy(update={"before": min(only.before or reading.until, reading.until)})
    if sort == "top":
        return await _top(parts, viewer, text, only, limit, reading)

    def ask(offset: int, most: int) -> Query[Hits]:
        order = "new" if sort == "new" else "relevance"
        return SearchPosts.model_validate(
            {"text": text, "filter": only, "sort": order, "offset": offset, "limit": most}
        )

    return await _ranked(parts, viewer, "search", ask, limit, reading)


async def similar(
    parts: Parts, viewer: Viewer | None, post_id: str, limit: int, reading: Reading
) -> tuple[list[Document], Reading | None]:
    """Posts near this one, and where the next page goes on."""

    def ask(offset: int, most: int) -> Query[Hits]:
        return SimilarPosts(post_id=post_id, before=reading.until, offset=offset, limit=most)

    found, following = await _ranked(parts, viewer, "similar", ask, limit, reading)
    return [match.post for match in found], following


async def _ranked(
    parts: Parts, viewer: Viewer | None, surface: Surface, ask: Ask, limit: int, reading: Reading
) -> tuple[list[Match], Reading | None]:
    shown: list[Match] = []
    for _ in range(ROUNDS):
        if reading.rank >= DEEPEST:
            return shown, None
        wanted = max(0, reading.rank - reading.start) + limit + 1
        hits = await _ask(parts, ask(reading.start, wanted))
        fresh = reading.fresh([hit.post_id for hit in hits])
        ahead = fresh[: limit + 1]
        for place, match in await _matches(parts, viewer, surface, [hits[rank - reading.start] for rank, _ in ahead]):
            if len(shown) == limit:
                return shown, reading.past(ahead[:place])
            shown.append(match)
        if not ahead or (len(hits) < wanted and len(fresh) <= limit + 1):
            return shown, None
        reading = reading.past(ahead)
    return shown, reading


async def _top(
    parts: Parts, viewer: Viewer | None, text: str, only: PostFilter, limit: int, reading: Reading
) -> tuple[list[Match], Reading | None]:
    hits = await _ask(parts, SearchPosts(text=text, filter=only, limit=TOP_OF))
    found = [match for _, match in await _matches(parts, viewer, "search", hits)]
    found.sort(key=lambda match: (match.post["counts"]["likes"], match.post["_id"]), reverse=True)
    fresh = reading.fresh([match.post["_id"] for match in found[reading.start :]])
    page = fresh[:limit]
    return [found[rank] for rank, _ in page], reading.past(page) if len(fresh) > limit else None


async def _matches(
    parts: Parts, viewer: Viewer | None, surface: Surface, hits: Sequence[Hit]
) -> list[tuple[int, Match]]:
    """The visible posts among the hits, each with its place among them."""
    posts = await parts.posts.many([hit.post_id for hit in hits])
    visible = {post["_id"]: post for post in await visible_posts(parts, viewer, posts, surface)}
    return [(place, Match(visible[hit.post_id], hit)) for place, hit in enumerate(hits) if hit.post_id in visible]


async def _ask(parts: Parts, query: Query[Hits]) -> tuple[Hit, ...]:
    try:
        return (await parts.bus.ask(query)).hits
    except Unanswered as error:
        raise unavailable("search_unavailable", "Search is away for the moment; everything else works.") from error
