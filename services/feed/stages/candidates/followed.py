"""Posts by people one follows, also those only for followers."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import merge
from itertools import islice

from services.feed.pool import Place, Pool, place
from services.feed.records import Post
from services.feed.stages.candidates import Wanted


def followed(pool: Pool, authors: Iterable[str], wanted: Wanted, limit: int, before: Place | None = None) -> list[Post]:
    """The newest wanted posts of these authors, newest first, from after `before` on."""
    streams = (pool.by_author(author, before) for author in authors)
    return list(islice((post for post in merge(*streams, key=place, reverse=True) if wanted(post)), limit))
