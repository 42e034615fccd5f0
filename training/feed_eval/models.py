"""The models in the comparison, each as a function from ratings to scores of every person and film."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from services.feed.co_engagement import CoEngagement
from services.feed.stages.diversify import diversify
from training.feed_eval.movielens import Ratings, Rows

Matrix = NDArray[np.float32]
Model = Callable[[Ratings, Rows], tuple[Matrix, float]]
"""Learns from some rows; gives scores (people × films) and the seconds that fitting took."""


def likes_of(ratings: Ratings, rows: Rows) -> Matrix:
    """Who rated what, as ones (people × films)."""
    liked = np.zeros(ratings.shape, np.float32)
    liked[ratings.users[rows], ratings.items[rows]] = 1.0
    return liked


def popular(ratings: Ratings, rows: Rows) -> tuple[Matrix, float]:
    """Everyone gets what most people rated."""
    return np.tile(likes_of(ratings, rows).sum(axis=0), (ratings.shape[0], 1)), 0.0


def als(ratings: Ratings, rows: Rows) -> tuple[Matrix, float]:
    """Implicit alternating least squares (Hu, Koren, Volinsky 2008) from the library `implicit`."""
    with threadpool_limits(1, "blas"):
        return _factors(AlternatingLeastSquares(64, regularization=0.05, iterations=15, random_state=1), ratings, rows)


def bpr(ratings: Ratings, rows: Rows) -> tuple[Matrix, float]:
    """Bayesian personalised ranking (Rendle et al. 2009) from the library `implicit`."""
    return _factors(BayesianPersonalizedRanking(64, iterations=300, random_state=1), ratings, rows)


def fit(ratings: Ratings, rows: Rows) -> tuple[CoEngagement, float]:
    """The feed's own model of what people like together, and the seconds that fitting it took."""
    likes = [(str(ratings.users[row]), str(ratings.items[row]), float(ratings.times[row])) for row in rows]
    start = time.perf_counter()
    model = CoEngagement.fit(likes, min_likes=1)
    return model, time.perf_counter() - start


def co_engagement(ratings: Ratings, rows: Rows) -> tuple[Matrix, float]:
    """The feed's own model."""
    model, seconds = fit(ratings, rows)
    columns = np.array([int(post) for post in model.posts])
    scores = np.full(ratings.shape, -1e9, np.float32)
    scores[:, columns] = model.scores(likes_of(ratings, rows)[:, columns])
    return scores, seconds


def _factors(model: object, ratings: Ratings, rows: Rows) -> tuple[Matrix, float]:
    matrix = csr_matrix(likes_of(ratings, rows))
    start = time.perf_counter()
    model.fit(matrix, show_progress=False)  # type: ignore[attr-defined]
    seconds = time.perf_counter() - start
    return model.user_factors @ model.item_factors.T, seconds  # type: ignore[attr-defined]


def diversified(scores: Matrix, known: NDArray[np.bool_], vectors: Matrix, size: int) -> NDArray[np.intp]:
    """The first `size` of each person's list after the feed's own diversification; no two films share an author."""
    pages = []
    authors = [str(item) for item in range(scores.shape[1])]
    for row in range(len(scores)):
        masked = np.where(known[row], -np.inf, scores[row])
        floor = np.partition(masked, -100)[-100]
        relative = np.where(masked >= floor, masked - floor + 1e-3, -np.inf).astype(np.float32)
        pages.append(diversify(relative, authors, vectors, 0.0, limit=size, fixed={}))
    return np.array(pages)
