"""Where posts for a personal page come from. One file a source; each is bounded and skips what `wanted` refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from services.feed.records import Post

Wanted = Callable[[Post], bool]
MOST = 1_500


def take(posts: Iterable[Post | None], wanted: Wanted, limit: int) -> list[str]:
    """Ids of the first `limit` posts that are wanted."""
    return list(islice((post.id for post in posts if post is not None and wanted(post)), limit))
