"""Places on a page that are given by chance to posts that few have seen, with all that could have been drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from services.feed.records import Pick, Post
from services.feed.senses import Matrix
from services.feed.stages.diversify import NEAR_DUPLICATE


def slot_positions(limit: int, share: float, chance: Random) -> list[int]:
    """Which positions of a page of `limit` are explored: `share` of them on average, never the first."""
    exact = limit * share
    count = int(exact) + (chance.random() < exact - int(exact))
    return sorted(chance.sample(range(1, limit), min(count, limit - 1))) if limit > 1 else []


@dataclass(frozen=True, slots=True)
class Drawn:
    """A pick, and the probability of each post that could have been drawn, itself among them."""

    pick: Pick
    chances: tuple[tuple[str, float], ...]


def draw(eligible: Sequence[Post], images: Matrix, count: int, chance: Random) -> list[Drawn]:
    """Draw `count` posts one after another, each time every post that is left alike.

    `images` are the posts' unit vectors, a row for each. The propensity of a pick is the probability it had at its own
    draw, given the draws before it. No two are by one author, and no two are near-duplicates.
    """
    drawn: list[Drawn] = []
    left = list(range(len(eligible)))
    while left and len(drawn) < count:
        index = chance.randrange(len(left))
        chosen = eligible[left[index]]
        alike = images @ images[left[index]] >= NEAR_DUPLICATE
        share = 1 / len(left)
        chances = tuple((eligible[row].id, share) for row in left)
        drawn.append(Drawn(Pick(chosen.id, chosen.author_id, "explore", share), chances))
        left = [
            row
            for row in left[:index] + left[index + 1 :]
            if not alike[row] and eligible[row].author_id != chosen.author_id
        ]
    return drawn
