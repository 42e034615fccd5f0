"""A page of `for_you`: every stage, one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from random import Random

import numpy as np

from services.feed.learned import Learned, learned_of
from services.feed.pool import Pool
from services.feed.ports import Meaning
from services.feed.records import Pick, Post
from services.feed.senses import Senses
from services.feed.stages.candidates import MOST, Wanted, take
from services.feed.stages.candidates.followed import followed
from services.feed.stages.candidates.fresh import fresh
from services.feed.stages.candidates.remixes import remixes
from services.feed.stages.candidates.taste import near_taste
from services.feed.stages.candidates.trending import trending
from services.feed.stages.candidates.unexplored import unexplored
from services.feed.stages.diversify import diversify
from services.feed.stages.explore_slots import draw, slot_positions
from services.feed.stages.features import measure
from services.feed.stages.interests import Interest
from services.feed.stages.score import SOURCES, score, welcome
from services.feed.taste import NO_TASTE, Taste
from services.feed.viewer import Viewer

FOLLOWED, TASTE, CO_LIKED, REMIXES, TRENDING, FRESH = 300, 400, 200, 100, 300, 300
UNEXPLORED = 24
"""Few, so that those get the impressions they lack; enough for a page without two by one author or two alike."""
STILL_LIKEABLE = 0.35
"""Aversion up to which a post may fill an explore slot."""

CoLiked = Callable[[Mapping[str, float]], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Candidates, and what is needed to rank them. `remixes` and `unexplored` are those that came from there."""

    posts: list[Post]
    remixes: list[str]
    unexplored: list[str]
    taste: Taste
    follows: set[str]
    senses: Senses
    interests: list[Interest]
    co_liked: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A page: its picks, what could have stood at each explored position, and whether no candidate is left after it."""

    picks: list[Pick]
    chances: list[tuple[int, tuple[tuple[str, float], ...]]]
    last: bool


async def gather(
    pool: Pool, viewer: Viewer, shown: set[str], meaning: Meaning, co_liked: CoLiked, now: datetime
) -> Gathered:
    """Candidates from every source: at most 1,500, none of them met, shown, one's own, or by someone hidden.

    For someone who wants no personal pages only the sources that are the same for everyone give any.
    """

    def wanted(post: Post) -> bool:
        return (
            post.id not in shown
            and not viewer.has_met(post.id)
            and post.author_id != viewer.id
            and viewer.may_see(post)
        )

    unlearned = Learned(NO_TASTE, Senses(), [])
    learned = await learned_of(viewer, pool, meaning, now) if viewer.steering.personalised else unlearned
    taste, interests = learned.taste, learned.interests
    disliked, dislikes_known = learned.senses.images.take([dislike.post_id for dislike in taste.dislikes])
    near = await near_taste(meaning, pool, interests, list(disliked[dislikes_known]), viewer.encounters, wanted, TASTE)
    follows = viewer.follows if viewer.steering.personalised else set()
    together = co_liked(taste.latest)
    remixed = remixes(pool, list(taste.liked), wanted, REMIXES)
    unknown = unexplored(pool, wanted, UNEXPLORED)
    found = chain(
        near,
        (post.id for post in followed(pool, follows, wanted, FOLLOWED)),
        _wanted_of(pool, together, wanted, CO_LIKED),
        remixed,
        trending(pool, wanted, TRENDING),
        unknown,
        fresh(pool, wanted, FRESH),
    )
    ids = list(islice(dict.fromkeys(found), MOST))
    senses = await meaning.senses(ids)
    posts = [post for post in map(pool.get, ids) if post is not None]
    return Gathered(posts, remixed, unknown, taste, follows, senses, interests, together)


def rank(
    gathered: Gathered,
    before: Sequence[str],
    limit: int,
    exploration: float,
    chance: Random,
    now: datetime,
) -> Ranked:
    """The page. `before` are the authors just above, nearest last."""
    if not gathered.posts:
        return Ranked([], [], last=True)
    features = measure(
        gathered.posts, gathered.senses, gathered.interests, gathered.taste, gathered.follows,
        gathered.co_liked, gathered.remixes, now,
    )  # fmt: skip
    scores, contributions = score(features)
    rankable = int(np.isfinite(scores).sum())
    places = min(limit, rankable)
    likeable = (features.aversion <= STILL_LIKEABLE) & ~features.banned
    few_saw = set(gathered.unexplored)
    row_of = {post.id: row for row, post in enumerate(gathered.posts) if post.id in few_saw}
    eligible = [
        row
        for row in map(row_of.get, gathered.unexplored)
        if row is not None and likeable[row] and features.authors[row] not in before
    ]
    positions = slot_positions(places, exploration, chance)
    images = features.images(np.array(eligible, np.intp))
    drawn = draw([gathered.posts[row] for row in eligible], images, len(positions), chance)
    explored = {row_of[each.pick.post_id]: each for each in drawn}
    fixed = dict(zip(positions, explored, strict=False))
    page = diversify(
        scores, welcome(features), features.authors, features.images, features.background,
        limit=places, fixed=fixed, before=before,
    )  # fmt: skip
    picks = [
        explored[row].pick
        if row in explored
        else Pick(gathered.posts[row].id, features.authors[row], SOURCES[contributions[:, row].argmax()])
        for row in page
    ]
    chances = [(position, explored[row].chances) for position, row in enumerate(page) if row in explored]
    return Ranked(picks, chances, last=len(picks) == rankable)


def _wanted_of(pool: Pool, scored: Mapping[str, float], wanted: Wanted, limit: int) -> list[str]:
    best = sorted(scored, key=lambda post_id: -scored[post_id])
    return take(map(pool.get, best), wanted, limit)
