"""`python -m training.feed_eval.choose`: choose every setting on validation data, and write `chosen.json`.

Validation data is cut from the training part alone. By film: of splits 38 to 41, which are not among those reported,
a quarter of each film's ratings in the training part is set aside, and a third of the people after the other are
judged by theirs; the others' are learned from. So models have nearly as much to learn from as they will have (with
less they want to be held tighter), as large a share of a person's ratings to find, and of rare films no larger a share
than there will be. By time: each person's last rating, the test, is set aside, and each of the five before is judged
by, found from what came before it.
One setting after another takes the value with the best nDCG@10, in one round. All splits draw from the same ratings,
so that settings, though no model, have met some of what is tested; that is so for all models.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.feed.co_engagement import Blend, Evidence
from training.feed_eval import measures, models, movielens
from training.feed_eval.movielens import Ratings, Rows

FILE = Path(__file__).parent / "chosen.json"
FOLDER = Path("var/training/feed")
SIZE = 10
FOLDS = (38, 39, 40, 41)
GROUPS = 3
BEFORE = 5
WIDER = 0.11
"""The goal, a tenth, and a little more, as the test is other data."""
Fold = tuple[Rows, Rows]
Grid = Mapping[str, tuple[float, ...]]

BLEND: Grid = {
    "regularisation": (200, 300, 400, 600),
    "regularisation_of_many": (900, 1300, 1800),
    "many": (40, 80, 160),
    "own_share": (0.5, 1.0, 2.0, 4.0),
    "sitting_share": (0.0, 0.05, 0.1),
    "likeness": (20, 40, 60),
    "factors": (32, 48, 64),
    "graph_exponent": (0.2, 0.3, 0.4),
    "graph_weight": (0.3, 0.4, 0.5, 0.6),
}
RECENT: Grid = {"recent_likes": (2, 3, 4, 6, 8, 12, 20)}
ALS: Grid = {"factors": (32, 64, 128, 256), "regularization": (1, 10, 30, 100), "alpha": (1, 3, 10)}
BPR: Grid = {"factors": (16, 32, 64), "learning_rate": (0.003, 0.01, 0.03), "regularization": (0.003, 0.01, 0.03)}
BLEND_START = {
    "regularisation": 400,
    "regularisation_of_many": 1300,
    "many": 80,
    "own_share": 2.0,
    "sitting_share": 0.05,
    "likeness": 40,
    "factors": 48,
    "graph_exponent": 0.3,
    "graph_weight": 0.5,
}
ALS_START = {"factors": 64, "regularization": 30, "alpha": 3, "iterations": 15}
BPR_START = {"factors": 32, "learning_rate": 0.03, "regularization": 0.01, "iterations": 100}
RELEVANCE = (0.8, 0.7, 0.65, 0.6, 0.55, 0.5)


def main() -> None:
    """Choose, print each step, and write the file."""
    ratings = movielens.load(FOLDER)
    by_item = [_inner_by_item(ratings, seed, group) for seed in FOLDS for group in range(GROUPS)]
    by_time = _inner_by_time(ratings)
    known = {id(train): models.evidence_of(ratings, train) for train, _ in by_item + by_time}

    def evidence(_: Ratings, rows: Rows) -> Evidence:
        return known[id(rows)]

    def worth(build: Callable[[dict[str, float]], models.Model], folds: list[Fold]) -> Callable[..., float]:
        return lambda settings: float(np.mean([_ndcg(ratings, build(settings), fold) for fold in folds]))

    blend = _descend(
        "co-engagement",
        BLEND,
        BLEND_START,
        worth(lambda s: models.co_engagement(_blend(s), evidence=evidence), by_item),
    )
    recent = _descend(
        "recency",
        RECENT,
        {"recent_likes": 8},
        worth(lambda s: models.co_engagement(_blend(blend), s["recent_likes"], evidence), by_time),
    )
    chosen = {
        "co-engagement": blend | recent,
        "ALS by film": _descend("ALS by film", ALS, ALS_START, worth(models.als, by_item)),
        "ALS by time": _descend("ALS by time", ALS, ALS_START, worth(models.als, by_time)),
        "BPR by film": _descend("BPR by film", BPR, BPR_START, worth(models.bpr, by_item)),
        "BPR by time": _descend("BPR by time", BPR, BPR_START, worth(models.bpr, by_time)),
        "diversified": {"relevance": _relevance(ratings, models.co_engagement(_blend(blend)), by_item)},
    }
    FILE.write_text(json.dumps(chosen, indent=2) + "\n")
    print(f"written to {FILE}; the feed's own settings stand in services/feed/co_engagement.py")


def _inner_by_item(ratings: Ratings, seed: int, group: int) -> Fold:
    learned, wanted = movielens.by_item(ratings, seed + 1000, movielens.by_item(ratings, seed)[0])
    groups = np.random.default_rng(seed).permutation(ratings.shape[0]) % GROUPS
    judged = groups[ratings.users[wanted]] == group
    return np.concatenate([learned, wanted[~judged]]), wanted[judged]


def _inner_by_time(ratings: Ratings) -> list[Fold]:
    rows, _ = movielens.leave_last(ratings)
    folds = []
    for _ in range(BEFORE):
        rows, wanted = movielens.leave_last(ratings, rows)
        folds.append((rows, wanted))
    return folds


def _blend(settings: Mapping[str, float]) -> Blend:
    return Blend(**{**settings, "factors": int(settings["factors"])})


def _descend(
    name: str, grid: Grid, start: Mapping[str, float], worth_of: Callable[[dict[str, float]], float]
) -> dict[str, float]:
    """Settings after coordinate descent over the grid."""
    worth = cache(lambda items: worth_of(dict(items)))
    best = dict(start)
    for setting, values in grid.items():
        best = max(({**best, setting: one} for one in values), key=lambda tried: worth(tuple(tried.items())))
    print(f"{name}: nDCG@{SIZE} {worth(tuple(best.items())):.4f} with {best}", flush=True)
    return best


def _ndcg(ratings: Ratings, model: models.Model, fold: Fold) -> float:
    scores, _ = model(ratings, fold[0])
    known = models.likes_of(ratings, fold[0]) > 0
    gains, _ = measures.accuracy(measures.top(scores, known, SIZE), models.likes_of(ratings, fold[1]) > 0)
    return float(gains.mean())


def _relevance(ratings: Ratings, model: models.Model, folds: list[Fold]) -> float:
    """The greatest weight with lists that are wider by as much as is wanted: more variety costs relevance."""
    fitted = []
    for train, test in folds:
        judged = np.unique(ratings.users[test])
        known, wanted = (models.likes_of(ratings, rows)[judged] > 0 for rows in (train, test))
        scores = model(ratings, train)[0][judged]
        plain = measures.top(scores, known, SIZE)
        fitted.append((scores, known, wanted, *_worth_and_variety(ratings, plain, wanted)))
    for relevance in RELEVANCE:
        change = []
        for scores, known, wanted, worth, variety in fitted:
            pages = models.diversified(scores, known, ratings.contents(), SIZE, relevance)
            found = _worth_and_variety(ratings, pages, wanted)
            change.append((found[0] / worth - 1, found[1] / variety - 1))
        gained, wider = np.mean(change, axis=0)
        print(f"diversified: relevance {relevance}: nDCG@{SIZE} {gained:+.2%}, distance {wider:+.2%}", flush=True)
        if wider >= WIDER:
            break
    return relevance


def _worth_and_variety(ratings: Ratings, pages: measures.Table, wanted: NDArray[np.bool_]) -> tuple[float, float]:
    return float(measures.accuracy(pages, wanted)[0].mean()), measures.variety(pages, ratings.genres)


if __name__ == "__main__":
    main()
