"""Places on a page that are given by chance to posts that few have seen, with the probability of each draw."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from services.feed.pool import EXPOSURE_GOAL
from services.feed.records import Pick, Post


def slot_positions(limit: int, share: float, chance: Random) -> list[int]:
    """Which positions of a page of `limit` are explored: `share` of them on average, never the first."""
    exact = limit * share
    count = int(exact) + (chance.random() < exact - int(exact))
    return sorted(chance.sample(range(1, limit), min(count, limit - 1))) if limit > 1 else []


def draw(eligible: Sequence[Post], count: int, chance: Random) -> list[Pick]:
    """Draw `count` posts one after another, each with a chance in proportion to the impressions it still lacks.

    The propensity of a pick is the probability it had at its own draw, given the draws before it. No two are by
    one author.
    """
    picks: list[Pick] = []
    left = list(eligible)
    while left and len(picks) < count:
        weights = [float(max(1, EXPOSURE_GOAL - post.impressions)) for post in left]
        index = chance.choices(range(len(left)), weights)[0]
        chosen = left[index]
        picks.append(Pick(chosen.id, chosen.author_id, "explore", weights[index] / sum(weights)))
        left = [post for post in left if post.author_id != chosen.author_id]
    return picks
