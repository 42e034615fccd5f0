"""What is measured of each candidate: columns of equal length, one row a candidate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from services.feed.records import Post
from services.feed.senses import Mask, Matrix, Rows, Senses, Vector, VectorTable
from services.feed.stages.interests import Interest
from services.feed.taste import Dislike, Taste

Column = NDArray[np.float32]
DAY_S = 86_400.0
NEAREST_KIN = 0.85
"""Closeness from which a post is so much like one turned away that it is not shown while the dislike is hard."""


@dataclass(frozen=True, slots=True)
class Features:
    """All columns are in 0…1 except `aversion` (a sum over dislikes).

    `images` gives the vectors of the candidates that are asked for (unit rows, zero where unknown).
    """

    posts: list[Post]
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


def background_of(vectors: Matrix) -> float:
    """Mean cosine between the rows, which are unit vectors: what two unrelated pictures have in common anyway."""
    return _background(vectors.sum(axis=0), len(vectors))


def _background(total: Vector, count: int) -> float:
    if count < 10:
        return 0.0
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
    image_rows, prompt_rows = senses.images.find(ids), senses.prompts.find(ids)
    has_image, has_prompt = image_rows > 0, prompt_rows > 0
    known = [dislike for dislike in taste.dislikes if dislike.post_id in senses]
    kin = _kin_of(interests, known, senses)
    by_image, background = _closeness_in(senses.images, image_rows, kin.images)
    by_prompt, _ = _closeness_in(senses.prompts, prompt_rows, kin.prompts)
    sides = np.outer(has_image, kin.has_image).astype(np.float32) + np.outer(has_prompt, kin.has_prompt)
    near: Matrix = ((by_image + by_prompt) / np.maximum(sides, 1.0)).astype(np.float32)
    likes, dislikes = near[:, : len(interests)], near[:, len(interests) :]

    blind = ~(has_image | has_prompt)
    liking: Column = np.zeros(len(rows), np.float32)
    if interests:
        strengths = np.array([0.6 + 0.4 * interest.weight for interest in interests], np.float32)
        liking = (likes * strengths).max(axis=1)
    by_words = blind if interests else np.ones(len(rows), bool)
    liking[by_words] = _word_overlap(compress(rows, by_words), taste.words)

    aversion: Column = dislikes**2 @ np.array([dislike.strength for dislike in known], np.float32)
    banned = ((dislikes >= NEAREST_KIN) & np.array([dislike.hard for dislike in known], bool)).any(axis=1)
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
    followed = np.fromiter(map(follows.__contains__, authors), np.float32, len(rows))
    affinity = [taste.authors.get(author, 0.0) for author in authors] if taste.authors else np.zeros(len(rows))
    return Features(
        posts=rows,
        images=lambda candidates: senses.images.at(image_rows[candidates]),
        background=background,
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
    return Kin(
        images=np.stack([*(interest.image for interest in interests), *images]) if interests else images,
        has_image=np.concatenate([np.ones(len(interests), bool), has_image]),
        prompts=np.stack([*(nothing if own is None else own for own in wanted), *prompts]) if interests else prompts,
        has_prompt=np.concatenate([np.array([own is not None for own in wanted], bool), has_prompt]),
    )


def _closeness_in(table: VectorTable, rows: Rows, others: Matrix) -> tuple[Matrix, float]:
    """Closeness of each row of the table to each of the others, and the background it was measured from."""
    cosines, total = table.products(rows, others)
    background = _background(total, int((rows > 0).sum()))
    return closeness(cosines, background), background


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
