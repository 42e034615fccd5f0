"""What people like together: two closed-form models over posts, blended, and refreshed in the background.

1. EASE (Steck 2019): B = I − P · diag(P)⁻¹ with P = (G + own_share · diag(XᵀX) + λI)⁻¹, where X holds who liked what.
   G says how much posts go together, and adds up three ways: liked by one person (XᵀX); liked by one person in one
   sitting, exp(−Δt / 60 s); and being alike (side information as further rows of X, Jeunen et al. 2020), by the square
   of the cosine, as a little likeness says next to nothing. The share of the diagonal stands for dropout of likes
   (EDLAE, Steck 2020). There are two λ, and a person's scores lie between by how much they like: where many signs
   agree the weak ones need less weight.
2. A low-pass filter of the normalised graph of people and posts (GF-CF, Shen et al. 2021), read with less weight of
   what is popular than there: `graph_exponent` stands for their 0.5.

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
RECENT_LIKES = 4.0


@dataclass(frozen=True, slots=True)
class Blend:
    """Settings of the models. `sitting_share` is a share of all that goes together by likes.

    `regularisation` is for whoever likes next to nothing, `regularisation_of_many` for whoever likes very much, and
    who likes `many` posts stands in the middle.
    """

    regularisation: float = 400.0
    regularisation_of_many: float = 1300.0
    many: float = 80.0
    own_share: float = 2.0
    sitting_share: float = 0.05
    likeness: float = 40.0
    factors: int = 48
    graph_exponent: float = 0.3
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
class Evidence:
    """What is known of posts, whatever the settings. The first three are posts × posts.

    `together` counts who likes both, and on its diagonal who likes one. `waves` has the eigenvectors of the normalised
    graph as columns, the smoothest last.
    """

    posts: Sequence[str]
    together: Matrix
    sitting: Matrix
    likeness: Matrix
    waves: Matrix

    @classmethod
    def of(cls, likes: Iterable[Like], posts: Sequence[str], contents: Matrix) -> Evidence:
        """From the likes of `posts`; `contents` has a vector for each, zero where what it shows is unknown."""
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
            sitting[np.ix_(items, items)] += np.exp(-np.abs(times[:, None] - times) / SITTING_S)
        return cls(posts, liked.T @ liked, sitting, _likeness(contents), _waves(liked))


@dataclass(frozen=True, slots=True)
class Parts:
    """Matrices of posts × posts: a person's scores are their row of likes times each of the first three.

    `together` says which posts any one person likes both of.
    """

    ease: Matrix
    tight: Matrix
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
    def fit(cls, evidence: Evidence, blend: Blend = CHOSEN) -> CoEngagement:
        """Both models of the evidence; of fewer than two posts there is nothing to know."""
        gram = evidence.together
        if len(gram) < 2:
            return cls.empty()
        share = blend.sitting_share
        pulled = (1.0 - share) * gram + share * (gram.sum() / evidence.sitting.sum()) * evidence.sitting
        pulled += blend.likeness * evidence.likeness
        pulled[np.diag_indices_from(pulled)] += blend.own_share * np.diag(gram)
        ease, tight = (_ease(pulled, ridge) for ridge in (blend.regularisation, blend.regularisation_of_many))
        smooth = evidence.waves[:, -blend.factors :]
        counts: Matrix = np.maximum(np.diag(gram), 1.0) ** np.float32(blend.graph_exponent)
        graph: Matrix = (smooth / counts[:, None]) @ (smooth * counts[:, None]).T
        return cls(evidence.posts, Parts(ease, tight, graph, gram > 0), blend)

    def scores(self, liked: Matrix) -> Matrix:
        """Scores of every post (columns like `posts`) for people given as rows of how much each like weighs."""
        if self._parts is None:
            return np.zeros_like(liked)
        much = liked.sum(axis=1, keepdims=True)
        tight: Matrix = much / (much + self._blend.many)
        ease = (1.0 - tight) * _standard(liked @ self._parts.ease) + tight * _standard(liked @ self._parts.tight)
        blend: Matrix = _standard(ease) + self._blend.graph_weight * _standard(liked @ self._parts.graph)
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
    """Squares of the cosines between what posts show, beyond what all of them have in common; 0 for the unlike."""
    known = contents.any(axis=1)
    centred = contents - contents.sum(axis=0) / max(int(known.sum()), 1)
    centred[~known] = 0.0
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    likeness: Matrix = np.maximum(centred @ centred.T, 0.0) ** 2
    return likeness


def _ease(gram: Matrix, ridge: float) -> Matrix:
    inverse = np.linalg.inv(gram + ridge * np.eye(len(gram), dtype=np.float32))
    weights: Matrix = (-inverse / np.diag(inverse)).astype(np.float32)
    np.fill_diagonal(weights, 0.0)
    return weights


def _waves(liked: Matrix) -> Matrix:
    people = np.maximum(liked.sum(axis=1), 1.0) ** -0.5
    posts = np.maximum(liked.sum(axis=0), 1.0) ** -0.5
    graph = people[:, None] * liked * posts
    if graph.shape[0] >= graph.shape[1]:
        return np.linalg.eigh(graph.T @ graph)[1].astype(np.float32)
    values, left = np.linalg.eigh(graph @ graph.T)
    kept = values > 1e-6
    waves: Matrix = (graph.T @ left[:, kept] / np.sqrt(values[kept])).astype(np.float32)
    return waves


def _standard(scores: Matrix) -> Matrix:
    centred = scores - scores.mean(axis=1, keepdims=True)
    standard: Matrix = centred / (scores.std(axis=1, keepdims=True) + 1e-9)
    return standard
