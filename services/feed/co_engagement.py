"""What people like together: two closed-form models over posts, blended, and refreshed in the background.

1. EASE (Steck 2019): B = I − P · diag(P)⁻¹ with P = (G + own_share · diag(XᵀX) + λI)⁻¹, where X holds who liked what.
   G says how much posts go together, and adds up three ways: liked by one person (XᵀX); liked in one sitting, one soon
   after the other, exp(−Δt / 60 s − places between / 5); and being alike (side information as further rows of X,
   Jeunen et al. 2020). The share of the diagonal stands for dropout of likes (EDLAE, Steck 2020).
2. A low-pass filter of the normalised graph of people and posts (GF-CF, Shen et al. 2021).

Each person's scores are standardised before they are added. What a person likes now says more than what they liked
long ago, so the row they are scored by weighs the latest most (`recency`). `CHOSEN` was chosen on validation data by
`make choose-feed`; see docs/feed.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Like = tuple[str, str, float]
"""Person, post, and when, in seconds."""

MOST_POSTS = 2_000
MOST_BY_ONE = 500
SITTING_S = 60.0
SITTING_PLACES = 5.0
RECENT_LIKES = 4.0


@dataclass(frozen=True, slots=True)
class Blend:
    """Settings of the models. `sitting_share` is a share of all that goes together by likes."""

    regularisation: float = 900.0
    own_share: float = 1.0
    sitting_share: float = 0.05
    likeness: float = 40.0
    factors: int = 48
    graph_weight: float = 0.5


CHOSEN = Blend()


def recency(count: int, recent_likes: float = RECENT_LIKES) -> Matrix:
    """Weights for `count` likes, the latest first: e^(−places / recent_likes)."""
    weights: Matrix = np.exp(-np.arange(count) / recent_likes).astype(np.float32)
    return weights


def most_liked(likes: Iterable[Like], *, min_likes: int = 2) -> list[str]:
    """The posts that a model of these likes is about: at most 2,000, each with so many likes, the most liked first."""
    popularity = Counter(post_id for _, post_id in {(user_id, post_id) for user_id, post_id, _ in likes})
    return [post_id for post_id, count in popularity.most_common(MOST_POSTS) if count >= min_likes]


@dataclass(frozen=True, slots=True)
class Parts:
    """Matrices of posts × posts: a person's scores are their row of likes times each of the first two.

    `together` says which posts any one person likes both of.
    """

    ease: Matrix
    graph: Matrix
    together: NDArray[np.bool_]


class CoEngagement:
    """The fitted model; an unfitted one knows nothing and scores nothing."""

    def __init__(self, posts: Sequence[str], parts: Parts | None, blend: Blend = CHOSEN) -> None:
        self.posts = posts
        self._blend = blend
        self._rows = {post_id: row for row, post_id in enumerate(posts)}
        self._parts = parts

    @classmethod
    def empty(cls) -> CoEngagement:
        return cls([], None)

    @classmethod
    def fit(
        cls, likes: Iterable[Like], posts: Sequence[str], contents: Matrix, *, blend: Blend = CHOSEN
    ) -> CoEngagement:
        """Fit to the likes of `posts`; `contents` has a vector for each, zero where what it shows is unknown."""
        if len(posts) < 2:
            return cls.empty()
        column = {post_id: index for index, post_id in enumerate(posts)}
        histories: dict[str, list[tuple[float, int]]] = {}
        for (user_id, post_id), at in {(user_id, post_id): at for user_id, post_id, at in likes}.items():
            if post_id in column:
                histories.setdefault(user_id, []).append((at, column[post_id]))
        liked = np.zeros((len(histories), len(posts)), np.float32)
        sitting = np.zeros((len(posts), len(posts)), np.float32)
        for row, history in enumerate(histories.values()):
            history.sort()
            times = np.array([at for at, _ in history[-MOST_BY_ONE:]])
            items = [item for _, item in history[-MOST_BY_ONE:]]
            liked[row, [item for _, item in history]] = 1.0
            places = np.arange(len(items))
            apart = np.abs(times[:, None] - times) / SITTING_S + np.abs(places[:, None] - places) / SITTING_PLACES
            sitting[np.ix_(items, items)] += np.exp(-apart)
        gram = liked.T @ liked
        share = blend.sitting_share
        pulled = (1.0 - share) * gram + share * (gram.sum() / sitting.sum()) * sitting
        pulled += blend.likeness * _likeness(contents)
        pulled[np.diag_indices_from(pulled)] += blend.regularisation + blend.own_share * np.diag(gram)
        return cls(posts, Parts(_ease(pulled), _graph_filter(liked, blend.factors), gram > 0), blend)

    def scores(self, liked: Matrix) -> Matrix:
        """Scores of every post (columns like `posts`) for people given as rows of how much each like weighs."""
        if self._parts is None:
            return np.zeros_like(liked)
        graph = _standard(liked @ self._parts.graph)
        blend: Matrix = _standard(liked @ self._parts.ease) + self._blend.graph_weight * graph
        return blend

    def __call__(self, latest: Mapping[str, float]) -> dict[str, float]:
        """Posts that go with what is liked, 0…1 relative to the best; what hardly goes with it is absent.

        So is what nobody likes together with any of it: people are told that others do. `latest` says how much each
        post is liked, that with the latest sign first.
        """
        weights = zip(latest.items(), recency(len(latest)), strict=True)
        known = {
            self._rows[post_id]: min(1.0, weight) * fade for (post_id, weight), fade in weights if post_id in self._rows
        }
        if self._parts is None or not known:
            return {}
        row = np.zeros((1, len(self.posts)), np.float32)
        row[0, list(known)] = list(known.values())
        scores = self.scores(row)[0]
        scores[list(known)] = 0.0
        scores[~self._parts.together[list(known)].any(axis=0)] = 0.0
        best = float(scores.max())
        if best <= 0:
            return {}
        return {
            self.posts[index]: float(scores[index] / best) for index in np.flatnonzero(scores > 0.25 * best).tolist()
        }


def _likeness(contents: Matrix) -> Matrix:
    """Cosines between what posts show, beyond what all of them have in common."""
    known = contents.any(axis=1)
    centred = contents - contents.sum(axis=0) / max(int(known.sum()), 1)
    centred[~known] = 0.0
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    likeness: Matrix = centred @ centred.T
    return likeness


def _ease(gram: Matrix) -> Matrix:
    inverse = np.linalg.inv(gram)
    weights: Matrix = (-inverse / np.diag(inverse)).astype(np.float32)
    np.fill_diagonal(weights, 0.0)
    return weights


def _graph_filter(liked: Matrix, factors: int) -> Matrix:
    people = np.maximum(liked.sum(axis=1), 1.0) ** -0.5
    posts = np.maximum(liked.sum(axis=0), 1.0) ** -0.5
    graph = people[:, None] * liked * posts
    if graph.shape[0] < graph.shape[1]:
        values, left = np.linalg.eigh(graph @ graph.T)
        kept = values[-factors:] > 1e-6
        right = (graph.T @ left[:, -factors:][:, kept]) / np.sqrt(values[-factors:][kept])
    else:
        right = np.linalg.eigh(graph.T @ graph)[1][:, -factors:]
    smooth: Matrix = (posts[:, None] * (right @ right.T) / posts).astype(np.float32)
    return smooth


def _standard(scores: Matrix) -> Matrix:
    centred = scores - scores.mean(axis=1, keepdims=True)
    standard: Matrix = centred / (scores.std(axis=1, keepdims=True) + 1e-9)
    return standard
