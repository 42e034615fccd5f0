"""The public page: what trends and what is new, woven together, and nobody more than twice in ten."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

from services.feed.records import Pick, Post, Source

WINDOW = 10
MOST_BY_ONE = 2
FRESH_EVERY = 3
"""Every third place goes to something new."""


def interleave(
    trending: Iterable[Post], fresh: Iterable[Post], before: list[str], limit: int, *, short_pages: bool
) -> tuple[list[Pick], bool]:
    """Picks for the next places, and whether none is left to pick after them.

    `before` are the authors of the items above, nearest last: no ten places in a row hold more than two by one person,
    across pages too. A community of fewer than five people can't fill ten places so; with `short_pages` a page ends
    where the rule would break, and the next one starts anew.
    """
    queues = {"trending": _Queue(trending), "fresh": _Queue(fresh)}
    order: tuple[tuple[Source, Source], ...] = (("trending", "fresh"), ("fresh", "trending"))
    recent = [] if short_pages else list(before[-(WINDOW - 1) :])
    picks: list[Pick] = []
    chosen: set[str] = set()

    def allowed(post: Post) -> bool:
        return post.id not in chosen and recent[-(WINDOW - 1) :].count(post.author_id) < MOST_BY_ONE

    while len(picks) < limit:
        for source in order[len(picks) % FRESH_EVERY == FRESH_EVERY - 1]:
            post = queues[source].next(allowed)
            if post is not None:
                picks.append(Pick(post.id, post.author_id, source))
                chosen.add(post.id)
                recent.append(post.author_id)
                break
        else:
            break
    over = (len(picks) < limit and not short_pages) or not any(queue.holds_more(chosen) for queue in queues.values())
    return picks, over


class _Queue:
    """Posts in order, of which those that were not allowed yet are tried again first."""

    def __init__(self, posts: Iterable[Post]) -> None:
        self._coming = iter(posts)
        self._passed: list[Post] = []

    def next(self, allowed: Callable[[Post], bool]) -> Post | None:
        for index, post in enumerate(self._passed):
            if allowed(post):
                return self._passed.pop(index)
        for post in self._coming:
            if allowed(post):
                return post
            self._passed.append(post)
        return None

    def holds_more(self, chosen: set[str]) -> bool:
        return any(post.id not in chosen for post in chain(self._passed, self._coming))
