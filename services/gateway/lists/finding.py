"""Asking search, and showing of its hits what the viewer may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.gateway.context import Parts
from services.gateway.errors import unavailable
from services.gateway.identity.auth import Viewer
from services.gateway.lists.listing import ROUNDS, Place
from services.gateway.visibility import Surface, visible_posts
from shared.bus import Unanswered
from shared.mongo import Document
from shared.queries import Hit, Hits, PostFilter, Query, SearchPosts, SimilarPosts

DEEPEST = 1000
"""Search answers no deeper than this; nobody reads the thousandth page of a fuzzy list."""

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
    parts: Parts, viewer: Viewer | None, text: str, only: PostFilter, sort: str, limit: int, place: Place | None
) -> tuple[list[Match], Place | None]:
    """Posts that match, and the place of the next page."""
    if sort == "top":
        return await _top(parts, viewer, text, only, limit, place)

    def ask(offset: int, most: int) -> Query[Hits]:
        order = "new" if sort == "new" else "relevance"
        return SearchPosts.model_validate(
            {"text": text, "filter": only, "sort": order, "offset": offset, "limit": most}
        )

    return await _ranked(parts, viewer, "search", ask, limit, place)


async def similar(
    parts: Parts, viewer: Viewer | None, post_id: str, limit: int, place: Place | None
) -> tuple[list[Document], Place | None]:
    """Posts near this one, and the place of the next page."""

    def ask(offset: int, most: int) -> Query[Hits]:
        return SimilarPosts(post_id=post_id, offset=offset, limit=most)

    found, following = await _ranked(parts, viewer, "similar", ask, limit, place)
    return [match.post for match in found], following


async def _ranked(
    parts: Parts, viewer: Viewer | None, surface: Surface, ask: Ask, limit: int, place: Place | None
) -> tuple[list[Match], Place | None]:
    offset = int(str(place["offset"])) if place else 0
    shown: list[Match] = []
    for _ in range(ROUNDS):
        if offset >= DEEPEST:
            return shown, None
        hits = await _ask(parts, ask(offset, limit + 1))
        for consumed, match in await _matches(parts, viewer, surface, hits):
            if len(shown) == limit:
                return shown, {"offset": offset + consumed}
            shown.append(match)
        if len(hits) <= limit:
            return shown, None
        offset += len(hits)
    return shown, {"offset": offset}


async def _top(
    parts: Parts, viewer: Viewer | None, text: str, only: PostFilter, limit: int, place: Place | None
) -> tuple[list[Match], Place | None]:
    hits = await _ask(parts, SearchPosts(text=text, filter=only, limit=TOP_OF))
    found = [match for _, match in await _matches(parts, viewer, "search", hits)]
    found.sort(key=_rank, reverse=True)
    if place:
        last = (int(str(place["likes"])), str(place["post"]))
        found = [match for match in found if _rank(match) < last]
    page = found[:limit]
    if len(found) <= limit:
        return page, None
    likes, post_id = _rank(page[-1])
    return page, {"likes": likes, "post": post_id}


def _rank(match: Match) -> tuple[int, str]:
    return match.post["counts"]["likes"], match.post["_id"]


async def _matches(
    parts: Parts, viewer: Viewer | None, surface: Surface, hits: tuple[Hit, ...]
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
