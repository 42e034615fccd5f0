"""Places on a page that are given by chance to posts that few have seen, with the probability of each draw."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from services.feed.pool import EXPOSURE_GOAL
from services.feed.records import Pick, Post
from services.feed.senses import Matrix
from services.feed.stages.diversify import NEAR_DUPLICATE


def slot_positions(limit: int, share: float, chance: Random) -> list[int]:
    """Which positions of a page of `limit` are explored: `share` of them on average, never the first."""
    exact = limit * share
    count = int(exact) + (chance.random() < exact - int(exact))
    return sorted(chance.sample(range(1, limit), min(count, limit - 1))) if limit > 1 else []


def draw(eligible: Sequence[Post], images: Matrix, count: int, chance: Random) -> list[Pick]:
    """Draw `count` posts one after another, each with a chance in proportion to the impressions it still lacks.

    `images` are the posts' unit vectors, a row for each. The propensity of a pick is the probability it had at its own
    draw, given the draws before it. No two are by one author, and no two are near-duplicates.
    """
    picks: list[Pick] = []
    left = list(range(len(eligible)))
    while left and len(picks) < count:
        weights = [float(max(1, EXPOSURE_GOAL - eligible[row].impressions)) for row in left]
        index = chance.choices(range(len(left)), weights)[0]
        chosen = eligible[left[index]]
        alike = images @ images[left[index]] >= NEAR_DUPLICATE
        picks.append(Pick(chosen.id, chosen.author_id, "explore", weights[index] / sum(weights)))
        left = [
            row
            for row in left[:index] + left[index + 1 :]
            if not alike[row] and eligible[row].author_id != chosen.author_id
        ]
    return picks
