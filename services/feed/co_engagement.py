"""What people like together: a linear model over posts, fitted in closed form and refreshed in the background.

EASE (Steck 2019): B = I − P · diag(P)⁻¹ with P = (XᵀX + λI)⁻¹, where X holds who liked what. A person's score for
a post is the sum of B over what they like.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

MOST_POSTS = 1_500
MIN_LIKES = 2
REGULARISATION = 20.0


class CoEngagement:
    """The fitted model; an unfitted one knows nothing and scores nothing."""

    def __init__(self, posts: list[str], weights: NDArray[np.float32]) -> None:
        self._posts = posts
        self._rows = {post_id: row for row, post_id in enumerate(posts)}
        self._weights = weights

    @classmethod
    def empty(cls) -> CoEngagement:
        return cls([], np.zeros((0, 0), np.float32))

    @classmethod
    def fit(cls, likes: Iterable[tuple[str, str]]) -> CoEngagement:
        """Fit to (person, post) pairs. At most 1,500 posts count, those with most likes, each twice or more."""
        pairs = set(likes)
        popularity = Counter(post_id for _, post_id in pairs)
        posts = [post_id for post_id, count in popularity.most_common(MOST_POSTS) if count >= MIN_LIKES]
        if len(posts) < 2:
            return cls.empty()
        rows = {post_id: row for row, post_id in enumerate(posts)}
        people = {user_id: row for row, user_id in enumerate({user for user, _ in pairs})}
        liked = np.zeros((len(people), len(posts)), np.float32)
        for user_id, post_id in pairs:
            if post_id in rows:
                liked[people[user_id], rows[post_id]] = 1.0
        precision = np.linalg.inv(liked.T @ liked + REGULARISATION * np.eye(len(posts), dtype=np.float32))
        weights = -precision / np.diag(precision)
        np.fill_diagonal(weights, 0.0)
        return cls(posts, weights.astype(np.float32))

    def __call__(self, liked: Mapping[str, float]) -> dict[str, float]:
        """Scores of posts that go with what is liked, 0…1 relative to the best; what does not go with it is absent."""
        known = [(self._rows[post_id], weight) for post_id, weight in liked.items() if post_id in self._rows]
        if not known:
            return {}
        index = [row for row, _ in known]
        scores = np.minimum([weight for _, weight in known], 1.0) @ self._weights[index]
        scores[index] = 0.0
        best = float(scores.max())
        if best <= 0:
            return {}
        return {self._posts[row]: float(scores[row] / best) for row in np.flatnonzero(scores > 0.05 * best)}
