"""What is measured of each candidate: columns of equal length, one row a candidate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from services.feed.records import Post
from services.feed.senses import Mask, Matrix, Senses
from services.feed.stages.interests import Interest
from services.feed.taste import Taste

Column = NDArray[np.float32]
DAY_S = 86_400.0
NEAREST_KIN = 0.85
"""Closeness from which a post is so much like one turned away that it is not shown while the dislike is hard."""


@dataclass(frozen=True, slots=True)
class Features:
    """All columns are in 0…1 except `aversion` (a sum over dislikes) and `images` (unit rows, zero where unknown)."""

    posts: list[Post]
    images: Matrix
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


def background_of(vectors: Matrix) -> float:
    """Mean cosine between the rows, which are unit vectors: what two unrelated pictures have in common anyway."""
    count = len(vectors)
    if count < 10:
        return 0.0
    total = vectors.sum(axis=0)
    return float(np.clip((total @ total - count) / (count * (count - 1)), 0.0, 0.95))


def closeness(cosines: Matrix, background: float) -> Matrix:
    """Cosines stretched so that the background becomes 0 and equality stays 1."""
    scale = np.float32(1.0 / (1.0 - background))
    stretched: Matrix = np.clip((cosines - np.float32(background)) * scale, 0.0, 1.0)
    return stretched


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
    rows = list(posts)
    ids = [post.id for post in rows]
    images, has_image = senses.images.take(ids)
    prompts, has_prompt = senses.prompts.take(ids)
    image_ground, prompt_ground = background_of(images[has_image]), background_of(prompts[has_prompt])

    def close_to(others: Kin) -> Matrix:
        """Closeness of each candidate (rows) to each other (columns): the mean over the sides that both have."""
        by_image = closeness(images @ others.images.T, image_ground)
        by_prompt = closeness(prompts @ others.prompts.T, prompt_ground)
        sides = np.outer(has_image, others.has_image).astype(np.float32) + np.outer(has_prompt, others.has_prompt)
        mean: Matrix = ((by_image + by_prompt) / np.maximum(sides, 1.0)).astype(np.float32)
        return mean

    blind = ~(has_image | has_prompt)
    liking = np.zeros(len(rows), np.float32)
    if interests:
        strengths = np.array([0.6 + 0.4 * interest.weight for interest in interests], np.float32)
        liking = (close_to(_kin_of(interests, prompts.shape[1])) * strengths).max(axis=1)
    by_words = blind if interests else np.ones(len(rows), bool)
    liking[by_words] = _word_overlap(compress(rows, by_words), taste.words)

    aversion = np.zeros(len(rows), np.float32)
    banned = np.zeros(len(rows), bool)
    known = [dislike for dislike in taste.dislikes if dislike.post_id in senses]
    if known:
        kin = [dislike.post_id for dislike in known]
        near = close_to(Kin(*senses.images.take(kin), *senses.prompts.take(kin)))
        aversion = near**2 @ np.array([dislike.strength for dislike in known], np.float32)
        banned = ((near >= NEAREST_KIN) & np.array([dislike.hard for dislike in known])).any(axis=1)
    if taste.dislikes:
        by_words = blind if known else np.ones(len(rows), bool)
        aversion[by_words] = _word_overlap(compress(rows, by_words), taste.unwanted_words) * len(taste.dislikes)

    row_of = {post_id: row for row, post_id in enumerate(ids)}
    published = np.array([post.published_s for post in rows])
    points: Column = np.array([post.points for post in rows], np.float32)
    impressions: Column = np.array([post.impressions for post in rows], np.float32)
    authors = [post.author_id for post in rows]
    age_days: Column = (np.maximum(0.0, now.timestamp() - published) / DAY_S).astype(np.float32)
    current: Column = points * 0.5**age_days
    followed = np.array([author in follows for author in authors], np.float32)
    affinity = [taste.authors.get(author, 0.0) for author in authors] if taste.authors else np.zeros(len(rows))
    return Features(
        posts=rows,
        images=images,
        background=image_ground,
        taste=liking * np.float32(taste.confidence**0.5),
        aversion=aversion,
        banned=banned,
        followed=followed * 0.5 ** (age_days / 3.0),
        affinity=np.minimum(1.0, np.asarray(affinity, np.float32) / 5.0),
        co_liked=_scattered(co_liked, row_of),
        remix=_scattered(dict.fromkeys(remixes, 1.0), row_of),
        trending=current / (current + 5.0),
        fresh=0.5**age_days,
        quality=(points + 1.0) / (points + impressions + 10.0),
    )


@dataclass(frozen=True, slots=True)
class Kin:
    """What candidates are held against: rows of both spaces, and which of them are known."""

    images: Matrix
    has_image: Mask
    prompts: Matrix
    has_prompt: Mask


def _kin_of(interests: Sequence[Interest], prompt_size: int) -> Kin:
    prompts = [interest.prompt for interest in interests]
    usable = np.array([prompt is not None and len(prompt) == prompt_size for prompt in prompts])
    rows = [
        prompt if ok and prompt is not None else np.zeros(prompt_size)
        for prompt, ok in zip(prompts, usable, strict=True)
    ]
    images = np.stack([interest.image for interest in interests])
    return Kin(images, np.ones(len(interests), bool), np.stack(rows).astype(np.float32), usable)


def _scattered(values: Mapping[str, float], row_of: Mapping[str, int]) -> Column:
    """A column that is zero but for the candidates that have a value."""
    column = np.zeros(len(row_of), np.float32)
    there = [(row_of[post_id], value) for post_id, value in values.items() if post_id in row_of]
    if there:
        at, what = zip(*there, strict=True)
        column[list(at)] = what
    return column


def _word_overlap(posts: Iterable[Post], weights: Mapping[str, float]) -> Column:
    """Share of a post's words, 0…1, that weigh, each relative to the heaviest."""
    heaviest = max(weights.values(), default=0.0) or 1.0
    sums = (sum(weights.get(word, 0.0) for word in post.words) / max(3, len(post.words)) for post in posts)
    return np.array([min(1.0, total / heaviest) for total in sums], np.float32)
