"""What is measured of each candidate: columns of equal length, one row a candidate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress, repeat
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from services.feed.records import Post
from services.feed.senses import Mask, Matrix, Rows, Senses
from services.feed.stages.interests import Interest
from services.feed.taste import Dislike, Taste

Column = NDArray[np.float32]
DAY_S = 86_400.0
HALF, WHOLE = np.float32(0.5), np.float32(1.0)
NEAREST_KIN = 0.85
"""Closeness from which a post is so much like one turned away that it is not shown while the dislike is hard."""


@dataclass(frozen=True, slots=True)
class Features:
    """All columns are in 0…1 except `aversion` (a sum over dislikes).

    `images` gives the vectors of the candidates that are asked for (unit rows, zero where unknown).
    """

    authors: list[str]
    images: Callable[[Rows], Matrix]
    background: float
    taste: Column
    aversion: Column
    banned: Mask
    followed: Column
    affinity: Column
    co_liked: Column
    remix: Column
    trending: Column
    fresh: Column
    quality: Column


def closeness(cosines: Matrix, background: float) -> Matrix:
    """Cosines stretched so that the background becomes 0 and equality stays 1."""
    scale = np.float32(1.0 / (1.0 - background))
    stretched: Matrix = (cosines - np.float32(background)) * scale
    return np.minimum(np.maximum(stretched, 0.0, out=stretched), 1.0, out=stretched)


def measure(
    posts: Sequence[Post],
    senses: Senses,
    interests: Sequence[Interest],
    taste: Taste,
    follows: set[str],
    co_liked: Mapping[str, float],
    remixes: Iterable[str],
    now: datetime,
) -> Features:
    """Measure every candidate. `co_liked` is in 0…1; `remixes` are of posts the person likes."""
    ids = [post.id for post in posts]
    image_rows, prompt_rows = senses.images.find(ids), senses.prompts.find(ids)
    has_image, has_prompt = image_rows > 0, prompt_rows > 0
    known = [dislike for dislike in taste.dislikes if dislike.post_id in senses]
    kin = _kin_of(interests, known, senses)
    background = senses.images.background
    near = closeness(senses.images.products(kin.images, image_rows), background)
    near += closeness(senses.prompts.products(kin.prompts, prompt_rows), senses.prompts.background)
    # Both sides say something of a pair that has pictures and prompts: then the mean counts.
    near *= np.where(np.outer(kin.has_image, has_image) & np.outer(kin.has_prompt, has_prompt), HALF, WHOLE)
    likes, dislikes = near[: len(interests)], near[len(interests) :]

    blind = ~(has_image | has_prompt)
    liking: Column = np.zeros(len(ids), np.float32)
    if interests:
        strengths = np.array([interest.weight**0.5 for interest in interests], np.float32)
        liking = (likes * strengths[:, None]).max(axis=0)
    by_words = blind if interests else np.ones(len(ids), bool)
    liking[by_words] = _word_overlap(compress(posts, by_words), taste.words)

    aversion: Column = np.array([dislike.strength for dislike in known], np.float32) @ dislikes**2
    hard = np.array([dislike.hard for dislike in known], bool)[:, None]
    banned = ((dislikes >= NEAREST_KIN) & hard).any(axis=0)
    if taste.dislikes:
        by_words = blind if known else np.ones(len(ids), bool)
        aversion[by_words] = _word_overlap(compress(posts, by_words), taste.unwanted_words) * len(taste.dislikes)

    points, impressions = _each("points", posts), _each("impressions", posts)
    authors = [post.author_id for post in posts]
    age_s = now.timestamp() - np.fromiter(map(attrgetter("published_s"), posts), np.float64, len(ids))
    age_days: Column = (np.maximum(0.0, age_s) / DAY_S).astype(np.float32)
    fresh: Column = 0.5**age_days
    current = points * fresh
    followed = np.fromiter(map(follows.__contains__, authors), np.float32, len(ids))
    return Features(
        authors=authors,
        images=lambda candidates: senses.images.at(image_rows[candidates]),
        background=background,
        taste=liking * np.float32(taste.confidence**0.5),
        aversion=aversion,
        banned=banned,
        followed=followed * 0.5 ** (age_days / 3.0),
        affinity=np.minimum(1.0, _looked_up(taste.authors, authors) / 5.0),
        co_liked=_looked_up(co_liked, ids),
        remix=_looked_up(dict.fromkeys(remixes, 1.0), ids),
        trending=current / (current + 5.0),
        fresh=fresh,
        quality=(points + 1.0) / (points + impressions + 10.0),
    )


@dataclass(frozen=True, slots=True)
class Kin:
    """What candidates are held against: rows of both spaces, and which of them are known."""

    images: Matrix
    has_image: Mask
    prompts: Matrix
    has_prompt: Mask


def _kin_of(interests: Sequence[Interest], dislikes: Sequence[Dislike], senses: Senses) -> Kin:
    """The interests, then the dislikes."""
    ids = [dislike.post_id for dislike in dislikes]
    images, has_image = senses.images.take(ids)
    prompts, has_prompt = senses.prompts.take(ids)
    # An interest may be of an encoder that the table has left behind.
    wanted = [
        (interest.prompt if interest.prompt is not None and interest.prompt.shape == prompts.shape[1:] else None)
        for interest in interests
    ]
    nothing = np.zeros(prompts.shape[1], np.float32)
    said = [nothing if own is None else own for own in wanted]
    return Kin(
        images=np.concatenate([[interest.image for interest in interests], images]) if interests else images,
        has_image=np.concatenate([np.ones(len(interests), bool), has_image]),
        prompts=np.concatenate([said, prompts]) if interests else prompts,
        has_prompt=np.concatenate([np.array([own is not None for own in wanted], bool), has_prompt]),
    )


def _each(name: str, posts: Sequence[Post]) -> Column:
    return np.fromiter(map(attrgetter(name), posts), np.float32, len(posts))


def _looked_up(values: Mapping[str, float], keys: Sequence[str]) -> Column:
    """The value of each key, 0 for those without."""
    if not values:
        return np.zeros(len(keys), np.float32)
    return np.fromiter(map(values.get, keys, repeat(0.0)), np.float32, len(keys))


def _word_overlap(posts: Iterable[Post], weights: Mapping[str, float]) -> Column:
    """Share of a post's words, 0…1, that weigh, each relative to the heaviest."""
    heaviest = max(weights.values(), default=0.0) or 1.0
    sums = (sum(weights.get(word, 0.0) for word in post.words) / max(3, len(post.words)) for post in posts)
    return np.array([min(1.0, total / heaviest) for total in sums], np.float32)
