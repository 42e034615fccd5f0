"""Pages of posts that lose items to the last look at visibility: refilled, in order, with a cursor that holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.gateway.context import Parts
from services.gateway.edge.paging import Scalar
from services.gateway.identity.auth import Viewer
from services.gateway.visibility import Surface, visible_posts
from shared.mongo import Document

Place = dict[str, Scalar]
"""Where a list goes on: after the item that was found there."""

Found = list[tuple[Place, Document]]
Fetch = Callable[[Place | None, int], Awaitable[Found]]
"""The next so many posts after a place, each with its own place."""

ROUNDS = 5
"""How often at most one page is refilled; a viewer who blocks half the world gets short pages, not slow ones."""


async def visible_page(
    parts: Parts, viewer: Viewer | None, surface: Surface, limit: int, place: Place | None, fetch: Fetch
) -> tuple[list[Document], Place | None]:
    """Up to `limit` posts that the viewer may see, and the place of the next page; None at the end."""
    shown: Found = []
    for _ in range(ROUNDS):
        found = await fetch(place, limit + 1)
        visible = await visible_posts(parts, viewer, [post for _, post in found], surface)
        seen = {post["_id"]: post for post in visible}
        shown += [(at, seen[post["_id"]]) for at, post in found if post["_id"] in seen]
        if len(shown) > limit:
            return [post for _, post in shown[:limit]], shown[limit - 1][0]
        if len(found) <= limit:
            return [post for _, post in shown], None
        place = found[-1][0]
    return [post for _, post in shown], place


def by_id(fetch: Callable[[str | None, int], Awaitable[list[Document]]]) -> Fetch:
    """A fetch over posts that are ordered by their id."""

    async def fetch_by_id(place: Place | None, limit: int) -> Found:
        posts = await fetch(str(place["post"]) if place else None, limit)
        return [({"post": post["_id"]}, post) for post in posts]

    return fetch_by_id
