"""The models in the comparison, each as a function from ratings to scores of every person and film."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from services.feed.co_engagement import CHOSEN, Blend, CoEngagement, Evidence, most_liked, recency
from services.feed.stages.diversify import diversify
from training.feed_eval.movielens import Ratings, Rows

Matrix = NDArray[np.float32]
Model = Callable[[Ratings, Rows], tuple[Matrix, float]]
"""Learns from some rows; gives scores (people × films) and the seconds that fitting took."""
Settings = Mapping[str, float]


def likes_of(ratings: Ratings, rows: Rows) -> Matrix:
    """Who rated what, as ones (people × films)."""
    liked = np.zeros(ratings.shape, np.float32)
    liked[ratings.users[rows], ratings.items[rows]] = 1.0
    return liked


def recent_of(ratings: Ratings, rows: Rows, recent_likes: float) -> Matrix:
    """As `likes_of`, but each person's latest ratings weigh most, as the feed weighs likes."""
    ordered = rows[np.lexsort((rows, -ratings.times[rows], ratings.users[rows]))]
    weights = np.zeros(ratings.shape, np.float32)
    for own in np.split(ordered, np.flatnonzero(np.diff(ratings.users[ordered])) + 1):
        weights[ratings.users[own], ratings.items[own]] = recency(len(own), recent_likes)
    return weights


def popular(ratings: Ratings, rows: Rows) -> tuple[Matrix, float]:
    """Everyone gets what most people rated."""
    return np.tile(likes_of(ratings, rows).sum(axis=0), (ratings.shape[0], 1)), 0.0


def als(settings: Settings) -> Model:
    """Implicit alternating least squares (Hu, Koren, Volinsky 2008) from the library `implicit`."""

    def model(ratings: Ratings, rows: Rows) -> tuple[Matrix, float]:
        with threadpool_limits(1, "blas"):
            return _factors(AlternatingLeastSquares(random_state=1, **_whole(settings)), ratings, rows)

    return model


def bpr(settings: Settings) -> Model:
    """Bayesian personalised ranking (Rendle et al. 2009) from the library `implicit`."""
    return lambda ratings, rows: _factors(
        BayesianPersonalizedRanking(random_state=1, **_whole(settings)), ratings, rows
    )


def evidence_of(ratings: Ratings, rows: Rows) -> Evidence:
    """What the feed's own model is fitted to."""
    likes = [(str(ratings.users[row]), str(ratings.items[row]), float(ratings.times[row])) for row in rows]
    posts = most_liked(likes, min_likes=1)
    return Evidence.of(likes, posts, ratings.traits[[int(post) for post in posts]])


def co_engagement(
    blend: Blend = CHOSEN,
    recent_likes: float | None = None,
    evidence: Callable[[Ratings, Rows], Evidence] = evidence_of,
) -> Model:
    """The feed's own model. With `recent_likes` a person's latest likes weigh most; else all weigh the same."""
    weigh = likes_of if recent_likes is None else partial(recent_of, recent_likes=recent_likes)

    def model(ratings: Ratings, rows: Rows) -> tuple[Matrix, float]:
        start = time.perf_counter()
        fitted = CoEngagement.fit(evidence(ratings, rows), blend)
        seconds = time.perf_counter() - start
        columns = np.array([int(post) for post in fitted.posts])
        scores = np.full(ratings.shape, -1e9, np.float32)
        scores[:, columns] = fitted.scores(weigh(ratings, rows)[:, columns])
        return scores, seconds

    return model


def diversified(scores: Matrix, known: NDArray[np.bool_], vectors: Matrix, size: int, relevance: float) -> Matrix:
    """The first `size` of each person's list after the feed's own diversification; no two films share an author."""
    pages = []
    welcome = np.ones(scores.shape[1], np.float32)
    authors = [str(item) for item in range(scores.shape[1])]
    for row in range(len(scores)):
        masked = np.where(known[row], -np.inf, scores[row])
        floor = np.partition(masked, -100)[-100]
        relative = np.where(masked >= floor, masked - floor + 1e-3, -np.inf).astype(np.float32)
        page = diversify(
            relative, welcome, authors, vectors.__getitem__, 0.0, limit=size, fixed={}, relevance=relevance
        )  # fmt: skip
        pages.append(page)
    return np.array(pages)


def _whole(settings: Settings) -> dict[str, float | int]:
    return {name: int(value) if float(value).is_integer() else value for name, value in settings.items()}


def _factors(model: object, ratings: Ratings, rows: Rows) -> tuple[Matrix, float]:
    matrix = csr_matrix(likes_of(ratings, rows))
    start = time.perf_counter()
    model.fit(matrix, show_progress=False)  # type: ignore[attr-defined]
    seconds = time.perf_counter() - start
    return model.user_factors @ model.item_factors.T, seconds  # type: ignore[attr-defined]
