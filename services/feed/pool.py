"""The posts that can be shown now, held in memory in the orders that candidates are drawn from.

MongoDB is the record; this is a copy of its newest part, small enough to rank from without asking the database.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from datetime import datetime

from services.feed.records import Post

Place = tuple[datetime, str]
"""Where a post stands among the newest: time of publication, then id."""

HOT_HALF_LIFE_S = 12 * 3600.0
EXPOSURE_GOAL = 100
REJECTION_MIN_IMPRESSIONS = 20
REJECTION_SHARE = 0.3


def place(post: Post) -> Place:
    """The post's key in newest-first order."""
    return post.published_at, post.id


def heat(post: Post) -> float:
    """How much a post trends: log2 of (1 + points), where 12 hours of age cost as much as half the points.

    The order by this number is the order by (1 + points) · 2^(−age / 12 h) at any moment, so it never has to be
    recomputed as time passes (forward decay, Cormode et al. 2009).
    """
    return math.log2(1.0 + post.points) + post.published_s / HOT_HALF_LIFE_S


def unexplored(post: Post) -> bool:
    """Whether too few people have seen the post to judge it, and those few have not turned it away."""
    if post.impressions >= EXPOSURE_GOAL:
        return False
    early = post.impressions >= REJECTION_MIN_IMPRESSIONS
    return not (early and post.rejections > REJECTION_SHARE * post.impressions)


class Ordered:
    """Ids in the order of a key that may change; iterates from the greatest key to the least."""

    def __init__(self) -> None:
        self._sorted: list[tuple[object, str]] = []
        self._keys: dict[str, object] = {}

    def put(self, post_id: str, key: object) -> None:
        if self._keys.get(post_id) == key:
            return
        self.drop(post_id)
        self._keys[post_id] = key
        insort(self._sorted, (key, post_id))

    def drop(self, post_id: str) -> None:
        key = self._keys.pop(post_id, None)
        if key is not None:
            del self._sorted[bisect_left(self._sorted, (key, post_id))]

    def __iter__(self) -> Iterator[str]:
        return (post_id for _, post_id in reversed(self._sorted))

    def __len__(self) -> int:
        return len(self._sorted)

    def after(self, key: object) -> Iterator[str]:
        """Ids whose key is less than `key`, greatest first."""
        for index in range(bisect_left(self._sorted, (key, "")) - 1, -1, -1):
            yield self._sorted[index][1]

    def last(self) -> str | None:
        """The id with the least key."""
        return self._sorted[0][1] if self._sorted else None


class Pool:
    """The newest `size` live posts that are public or for followers."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._posts: dict[str, Post] = {}
        self._all = Ordered()
        self._by_author: dict[str, Ordered] = {}
        self._remixes: dict[str, set[str]] = {}
        self.newest = Ordered()
        """Public posts by time."""
        self.hottest = Ordered()
        """Public posts that anybody reacted to, by `heat`."""
        self.unexplored = Ordered()
        """Public posts that still need impressions, by how many they have, then by time."""
        self.truncated = False
        """Whether older posts exist that are not in memory."""
        self.revision = 0
        """Grows with every change."""

    def __len__(self) -> int:
        return len(self._posts)

    def get(self, post_id: str) -> Post | None:
        return self._posts.get(post_id)

    def apply(self, posts: Iterable[Post]) -> None:
        """Bring posts up to what the record says; those that are gone or private leave."""
        for post in posts:
            known = self._posts.get(post.id)
            if known == post or (known is None and post.gone):
                continue
            self.revision += 1
            if post.gone or post.visibility not in ("public", "followers"):
                self._remove(post.id)
            else:
                self._put(post)
        while len(self._posts) > self._size:
            oldest = self._all.last()
            if oldest is None:
                break
            self._remove(oldest)
            self.truncated = True

    def by_author(self, author_id: str, before: Place | None = None) -> Iterator[Post]:
        """An author's public and followers' posts, newest first, from after `before` on."""
        order = self._by_author.get(author_id)
        if order is None:
            return iter(())
        ids = iter(order) if before is None else order.after(before)
        return (self._posts[post_id] for post_id in ids)

    def remixes_of(self, post_id: str) -> list[Post]:
        """Public remixes of a post, newest first."""
        found = [self._posts[remix_id] for remix_id in self._remixes.get(post_id, ())]
        return sorted((post for post in found if post.visibility == "public"), key=place, reverse=True)

    def horizon(self) -> Place | None:
        """The oldest place in memory; what is older has to be asked from the record."""
        oldest = self._all.last()
        return None if oldest is None else place(self._posts[oldest])

    def authors(self) -> int:
        """How many people have a post in memory."""
        return len(self._by_author)

    def _put(self, post: Post) -> None:
        known = self._posts.get(post.id)
        if known is not None and (known.author_id, known.parent_id) != (post.author_id, post.parent_id):
            self._remove(post.id)
        self._posts[post.id] = post
        self._all.put(post.id, place(post))
        self._by_author.setdefault(post.author_id, Ordered()).put(post.id, place(post))
        if post.parent_id:
            self._remixes.setdefault(post.parent_id, set()).add(post.id)
        public = post.visibility == "public"
        for order, belongs, key in (
            (self.newest, public, place(post)),
            (self.hottest, public and post.points > 0, heat(post)),
            (self.unexplored, public and unexplored(post), (post.impressions, *place(post))),
        ):
            if belongs:
                order.put(post.id, key)
            else:
                order.drop(post.id)

    def _remove(self, post_id: str) -> None:
        post = self._posts.pop(post_id, None)
        if post is None:
            return
        for order in (self._all, self.newest, self.hottest, self.unexplored):
            order.drop(post_id)
        author = self._by_author[post.author_id]
        author.drop(post_id)
        if not len(author):
            del self._by_author[post.author_id]
        if post.parent_id:
            siblings = self._remixes[post.parent_id]
            siblings.discard(post_id)
            if not siblings:
                del self._remixes[post.parent_id]
