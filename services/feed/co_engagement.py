"""What people like together: three closed-form models over posts, blended, and refreshed in the background.

1. EASE (Steck 2019): B = I − P · diag(P)⁻¹ with P = (XᵀX + λI)⁻¹, where X holds who liked what.
2. A low-pass filter of the normalised graph of people and posts (GF-CF, Shen et al. 2021).
3. The same sitting: posts liked within a minute or so by one person, exp(−Δt / 60 s), normalised by popularity.

Each person's scores are standardised before they are added. The blend was chosen on validation data; see docs/feed.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Like = tuple[str, str, float]
"""Person, post, and when, in seconds."""

MOST_POSTS = 2_000
MOST_BY_ONE = 500
REGULARISATION = 400.0
FACTORS = 64
SITTING_S = 60.0
FILTER_WEIGHT = 0.6
SITTING_WEIGHT = 0.9


@dataclass(frozen=True, slots=True)
class Parts:
    """Three matrices of posts × posts: a person's scores are their row of likes times each."""

    ease: Matrix
    graph: Matrix
    sitting: Matrix


class CoEngagement:
    """The fitted model; an unfitted one knows nothing and scores nothing."""

    def __init__(self, posts: list[str], parts: Parts | None) -> None:
        self.posts = posts
        self._rows = {post_id: row for row, post_id in enumerate(posts)}
        self._parts = parts

    @classmethod
    def empty(cls) -> CoEngagement:
        return cls([], None)

    @classmethod
    def fit(cls, likes: Iterable[Like], *, min_likes: int = 2) -> CoEngagement:
        """Fit to likes. At most 2,000 posts count, those with most likes, each at least `min_likes`."""
        latest = {(user_id, post_id): at for user_id, post_id, at in likes}
        popularity = Counter(post_id for _, post_id in latest)
        posts = [post_id for post_id, count in popularity.most_common(MOST_POSTS) if count >= min_likes]
        if len(posts) < 2:
            return cls.empty()
        column = {post_id: index for index, post_id in enumerate(posts)}
        histories: dict[str, list[tuple[float, int]]] = {}
        for (user_id, post_id), at in latest.items():
            if post_id in column:
                histories.setdefault(user_id, []).append((at, column[post_id]))
        liked = np.zeros((len(histories), len(posts)), np.float32)
        sitting = np.zeros((len(posts), len(posts)), np.float32)
        for row, history in enumerate(histories.values()):
            history.sort()
            times = np.array([at for at, _ in history[-MOST_BY_ONE:]])
            items = [item for _, item in history[-MOST_BY_ONE:]]
            liked[row, [item for _, item in history]] = 1.0
            sitting[np.ix_(items, items)] += np.exp(-np.abs(times[:, None] - times[None, :]) / SITTING_S)
        return cls(posts, Parts(_ease(liked), _graph_filter(liked), _normalised(sitting, liked.sum(axis=0))))

    def scores(self, liked: Matrix) -> Matrix:
        """Scores of every post (columns like `posts`) for people given as rows of what they like."""
        if self._parts is None:
            return np.zeros_like(liked)
        blend: Matrix = (
            _standard(liked @ self._parts.ease)
            + FILTER_WEIGHT * _standard(liked @ self._parts.graph)
            + SITTING_WEIGHT * _standard(liked @ self._parts.sitting)
        )
        return blend

    def __call__(self, liked: Mapping[str, float]) -> dict[str, float]:
        """Posts that go with what is liked, 0…1 relative to the best; what hardly goes with it is absent."""
        known = {self._rows[post_id]: min(1.0, weight) for post_id, weight in liked.items() if post_id in self._rows}
        if not known:
            return {}
        row = np.zeros((1, len(self.posts)), np.float32)
        row[0, list(known)] = list(known.values())
        scores = self.scores(row)[0]
        scores[list(known)] = 0.0
        best = float(scores.max())
        if best <= 0:
            return {}
        return {self.posts[index]: float(scores[index] / best) for index in np.flatnonzero(scores > 0.25 * best)}


def _ease(liked: Matrix) -> Matrix:
    gram = liked.T @ liked
    gram[np.diag_indices_from(gram)] += REGULARISATION
    inverse = np.linalg.inv(gram)
    weights: Matrix = (-inverse / np.diag(inverse)).astype(np.float32)
    np.fill_diagonal(weights, 0.0)
    return weights


def _graph_filter(liked: Matrix) -> Matrix:
    people = np.maximum(liked.sum(axis=1), 1.0) ** -0.5
    posts = np.maximum(liked.sum(axis=0), 1.0) ** -0.5
    graph = people[:, None] * liked * posts
    if graph.shape[0] < graph.shape[1]:
        values, left = np.linalg.eigh(graph @ graph.T)
        kept = values[-FACTORS:] > 1e-6
        right = (graph.T @ left[:, -FACTORS:][:, kept]) / np.sqrt(values[-FACTORS:][kept])
    else:
        right = np.linalg.eigh(graph.T @ graph)[1][:, -FACTORS:]
    smooth: Matrix = (posts[:, None] * (right @ right.T) / posts).astype(np.float32)
    return smooth


def _normalised(together: Matrix, popularity: Matrix) -> Matrix:
    np.fill_diagonal(together, 0.0)
    scale = np.maximum(popularity, 1.0) ** -0.5
    normalised: Matrix = (scale[:, None] * together * scale).astype(np.float32)
    return normalised


def _standard(scores: Matrix) -> Matrix:
    centred = scores - scores.mean(axis=1, keepdims=True)
    standard: Matrix = centred / (scores.std(axis=1, keepdims=True) + 1e-9)
    return standard
