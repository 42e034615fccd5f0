"""What was learned of a person in words that they can read, and how they take it back."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice

from services.feed.learned import Learned
from services.feed.pool import Pool
from services.feed.ports import Meaning
from services.feed.stages.interests import MOST, same_from
from services.feed.taste import MOST_FORGOTTEN, SOFT, taste_of
from services.feed.viewer import Viewer
from shared.queries import TasteFound, TasteInterest, TasteLess

SHOWN = 9
"""Posts told of each interest: more than a page shows, as some may no longer be seen."""
SAMPLE = 500
NAMELESS, NAMELESS_LESS = "Pictures you enjoyed", "A picture you turned away"
INTEREST, LESS = "interest-", "less-"


def taste_found(viewer: Viewer, pool: Pool, learned: Learned, exploration: float) -> TasteFound:
    """The taste as a page would use it. `exploration` holds for those who chose none."""
    usual = _usual_words(pool)
    chosen = viewer.steering.exploration
    return TasteFound(
        personalised=viewer.steering.personalised,
        exploration=exploration if chosen is None else chosen,
        interests=tuple(
            TasteInterest(
                id=INTEREST + post_ids[0],
                label=_label(viewer, pool, post_ids, usual) or NAMELESS,
                weight=weight,
                post_ids=post_ids[:SHOWN],
            )
            for post_ids, weight in _groups(pool, learned, usual)
        ),
        less=tuple(
            TasteLess(
                id=LESS + dislike.post_id,
                label=_label(viewer, pool, [dislike.post_id], usual) or NAMELESS_LESS,
                since=dislike.since,
                fades_at=dislike.since + SOFT,
            )
            for dislike in learned.taste.dislikes
        ),
    )


async def to_forget(
    viewer: Viewer, pool: Pool, meaning: Meaning, learned: Learned, taste_id: str, now: datetime
) -> list[str]:
    """The posts that taught the interest or dislike of this id; empty when there is none.

    An interest is known by any picture it holds, as its dearest may have changed since it was shown. With it goes all
    that is liked and near it, also what a page no longer counts: else it would come back from there.
    """
    if taste_id.startswith(LESS):
        post_id = taste_id.removeprefix(LESS)
        return [dislike.post_id for dislike in learned.taste.dislikes if dislike.post_id == post_id]
    post_id = taste_id.removeprefix(INTEREST)
    found = next((post_ids for post_ids, _ in _groups(pool, learned, _usual_words(pool)) if post_id in post_ids), None)
    if found is None or not taste_id.startswith(INTEREST):
        return []
    centre = next((interest.image for interest in learned.interests if post_id in interest.post_ids), None)
    if centre is None:
        return list(found)
    every = taste_of(
        viewer.encounters.values(), now, lambda _: None, viewer.steering.reset_at, most_liked=MOST_FORGOTTEN
    )
    liked = list(every.liked)
    images, known = (await meaning.senses(liked)).images.take(liked)
    near = known & (images @ centre >= same_from(learned.senses.images.background))
    return list(dict.fromkeys([*found, *(liked[row] for row in near.nonzero()[0])]))


def _groups(pool: Pool, learned: Learned, usual: Counter[str]) -> list[tuple[tuple[str, ...], float]]:
    """Posts of each interest and its weight, greatest first: by what pictures show, else by words."""
    liked = learned.taste.liked
    groups = [interest.post_ids for interest in learned.interests]
    blind = {post_id: weight for post_id, weight in liked.items() if post_id not in learned.senses.images}
    groups += _by_words(pool, blind, usual)
    weights = [sum(liked[post_id] for post_id in post_ids) for post_ids in groups]
    heaviest = max(weights, default=1.0)
    order = sorted(range(len(groups)), key=lambda index: -weights[index])[:MOST]
    return [(groups[index], weights[index] / heaviest) for index in order]


def _by_words(pool: Pool, liked: Mapping[str, float], usual: Counter[str]) -> list[tuple[str, ...]]:
    """Groups that share a word, the most telling word first, and at last what shares none."""
    left = dict(liked)
    groups: list[tuple[str, ...]] = []
    while left and len(groups) < MOST:
        words: dict[str, float] = defaultdict(float)
        for post_id, weight in left.items():
            for word in _words(pool, post_id):
                words[word] += weight * _telling(word, usual)
        if not words:
            break
        top = min(words, key=lambda word: (-words[word], word))
        group = tuple(post_id for post_id in left if top in _words(pool, post_id))
        groups.append(group)
        for post_id in group:
            del left[post_id]
    return [*groups, tuple(left)] if left else groups


def _words(pool: Pool, post_id: str) -> Iterable[str]:
    post = pool.get(post_id)
    return () if post is None else post.words


def _label(viewer: Viewer, pool: Pool, post_ids: Sequence[str], usual: Counter[str]) -> str:
    """The two words that tell these posts from others best, of those that the person may read; "" without any."""
    words: Counter[str] = Counter()
    for post_id in post_ids:
        post = pool.get(post_id)
        if post is not None and viewer.may_see(post):
            words.update(post.words)
    telling = {word: count * _telling(word, usual) for word, count in words.items()}
    return ", ".join(sorted(telling, key=lambda word: (-telling[word], word))[:2])


def _telling(word: str, usual: Counter[str]) -> float:
    """How much a word sets a post apart: its inverse document frequency."""
    return math.log((SAMPLE + 2) / (usual[word] + 1))


def _usual_words(pool: Pool) -> Counter[str]:
    """How many of the newest 500 posts say each word."""
    words: Counter[str] = Counter()
    for post_id in islice(pool.newest, SAMPLE):
        words.update(_words(pool, post_id))
    return words
