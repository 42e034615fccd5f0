"""What is measured of each candidate: columns of equal length, one row a candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from services.feed.ports import Sense, Vector
from services.feed.records import Post, Source
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
    images: NDArray[np.float32]
    background: float
    taste: Column
    aversion: Column
    banned: NDArray[np.bool_]
    followed: Column
    affinity: Column
    co_liked: Column
    remix: Column
    trending: Column
    fresh: Column
    quality: Column


def background_of(vectors: NDArray[np.float32]) -> float:
    """Mean cosine between the rows, which are unit vectors: what two unrelated pictures have in common anyway."""
    count = len(vectors)
    if count < 10:
        return 0.0
    total = vectors.sum(axis=0)
    return float(np.clip((total @ total - count) / (count * (count - 1)), 0.0, 0.95))


def closeness(cosines: NDArray[np.float32], background: float) -> NDArray[np.float32]:
    """Cosines stretched so that the background becomes 0 and equality stays 1."""
    stretched: NDArray[np.float32] = np.clip((cosines - background) / (1.0 - background), 0.0, 1.0).astype(np.float32)
    return stretched


def measure(
    posts: Sequence[Post],
    origins: Mapping[str, Sequence[Source]],
    senses: Mapping[str, Sense],
    interests: Sequence[Interest],
    taste: Taste,
    follows: set[str],
    co_liked: Mapping[str, float],
    now: datetime,
) -> Features:
    """Measure every candidate. `origins` names the sources each came from; `co_liked` is in 0…1."""
    rows = list(posts)
    images, has_image = _stack([senses[post.id].image if post.id in senses else None for post in rows])
    prompts, has_prompt = _stack([senses[post.id].prompt if post.id in senses else None for post in rows])
    image_ground, prompt_ground = background_of(images[has_image]), background_of(prompts[has_prompt])

    def close_to(others: Sequence[tuple[Vector | None, Vector | None]]) -> NDArray[np.float32]:
        """Closeness of each candidate (rows) to each other (columns): the mean over the sides that both have."""
        other_images, image_known = _stack([image for image, _ in others], images.shape[1])
        other_prompts, prompt_known = _stack([prompt for _, prompt in others], prompts.shape[1])
        by_image = closeness(images @ other_images.T, image_ground)
        by_prompt = closeness(prompts @ other_prompts.T, prompt_ground)
        sides = np.outer(has_image, image_known).astype(np.float32) + np.outer(has_prompt, prompt_known)
        mean: NDArray[np.float32] = ((by_image + by_prompt) / np.maximum(sides, 1.0)).astype(np.float32)
        return mean

    blind = ~(has_image | has_prompt)
    liking = np.zeros(len(rows), np.float32)
    if interests:
        near = close_to([(interest.image, interest.prompt) for interest in interests])
        strengths = np.array([0.6 + 0.4 * interest.weight for interest in interests], np.float32)
        liking = (near * strengths).max(axis=1)
    if blind.any() or not interests:
        words = _word_overlap(rows, taste.words)
        liking = np.where(blind | (not interests), words, liking)

    aversion = np.zeros(len(rows), np.float32)
    banned = np.zeros(len(rows), bool)
    known = [dislike for dislike in taste.dislikes if dislike.post_id in senses]
    if known:
        near = close_to([senses[dislike.post_id] for dislike in known])
        aversion = near**2 @ np.array([dislike.strength for dislike in known], np.float32)
        hard = np.array([dislike.hard for dislike in known])
        banned = ((near >= NEAREST_KIN) & hard).any(axis=1)
    if taste.dislikes and (blind.any() or len(known) < len(taste.dislikes)):
        words = _word_overlap(rows, taste.unwanted_words) * len(taste.dislikes)
        aversion = np.where(blind | (not known), words, aversion)

    age_days = np.array([max(0.0, (now - post.published_at).total_seconds()) for post in rows], np.float32) / DAY_S
    points = np.array([post.points for post in rows], np.float32)
    impressions = np.array([post.impressions for post in rows], np.float32)
    current = points * 0.5**age_days
    followed = np.array([post.author_id in follows for post in rows], np.float32)
    return Features(
        posts=rows,
        images=images,
        background=image_ground,
        taste=(liking * taste.confidence**0.5).astype(np.float32),
        aversion=aversion.astype(np.float32),
        banned=banned,
        followed=(followed * 0.5 ** (age_days / 3.0)).astype(np.float32),
        affinity=np.array([min(1.0, taste.authors.get(post.author_id, 0.0) / 5.0) for post in rows], np.float32),
        co_liked=np.array([co_liked.get(post.id, 0.0) for post in rows], np.float32),
        remix=np.array(["remix" in origins[post.id] for post in rows], np.float32),
        trending=(current / (current + 5.0)).astype(np.float32),
        fresh=(0.5**age_days).astype(np.float32),
        quality=((points + 1.0) / (points + impressions + 10.0)).astype(np.float32),
    )


def _stack(
    vectors: Sequence[Vector | None], dimensions: int | None = None
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Vectors as rows, zero where missing or of another length than the rest, and which rows are there."""
    if dimensions is None:
        dimensions = next((len(vector) for vector in vectors if vector is not None), 1)
    known = np.array([vector is not None and len(vector) == dimensions for vector in vectors], bool)
    rows = np.zeros((len(vectors), dimensions), np.float32)
    if known.any():
        rows[known] = [vector for vector, there in zip(vectors, known, strict=True) if there]
    return rows, known


def _word_overlap(posts: Sequence[Post], weights: Mapping[str, float]) -> Column:
    """Share of a post's words, 0…1, that weigh, each relative to the heaviest."""
    heaviest = max(weights.values(), default=0.0)
    if heaviest <= 0:
        return np.zeros(len(posts), np.float32)
    sums = (sum(weights.get(word, 0.0) for word in post.words) / max(3, len(post.words)) for post in posts)
    return np.fromiter((min(1.0, total / heaviest) for total in sums), np.float32, len(posts))
