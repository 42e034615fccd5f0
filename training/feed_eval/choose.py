"""`python -m training.feed_eval.choose`: choose every setting on validation data, and write `chosen.json`.

Validation data is cut from the training part alone. By film: of splits 39 and 40, which are not among those reported,
a third of the people after the other are judged by a quarter of their ratings in the training part. So models have
nearly as much to learn from as they will have (with less they want to be held tighter), and as large a share of a
person's ratings to find. By time: each person's last rating, the test, is set aside, and the one before is judged by.
One setting after another takes the value with the best nDCG@10, in one round. All splits draw from the same ratings,
so that settings, though no model, have met some of what is tested; that is so for all models.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np

from services.feed.co_engagement import Blend
from training.feed_eval import measures, models, movielens
from training.feed_eval.movielens import Ratings, Rows

FILE = Path(__file__).parent / "chosen.json"
FOLDER = Path("var/training/feed")
SIZE = 10
FOLDS = (39, 40)
GROUPS = 3
MOST_LOST = 0.015
Fold = tuple[Rows, Rows]
Grid = Mapping[str, tuple[float, ...]]

BLEND: Grid = {
    "regularisation": (200, 400, 600, 900),
    "own_share": (0.0, 0.5, 1.0, 2.0),
    "sitting_share": (0.0, 0.05, 0.1, 0.2),
    "likeness": (0, 20, 40, 80),
    "factors": (32, 48, 64, 96),
    "graph_weight": (0.0, 0.3, 0.5, 0.7),
}
RECENT: Grid = {"recent_likes": (2, 4, 6, 8, 12, 20, 40, 100)}
ALS: Grid = {"factors": (16, 32, 64, 128), "regularization": (0.05, 1, 10, 30, 100), "alpha": (1, 3, 10)}
BPR: Grid = {"factors": (16, 32, 64), "learning_rate": (0.01, 0.03, 0.1), "regularization": (0.003, 0.01, 0.03)}
BLEND_START = {
    "regularisation": 600,
    "own_share": 0.5,
    "sitting_share": 0.05,
    "likeness": 40,
    "factors": 48,
    "graph_weight": 0.5,
}
ALS_START = {"factors": 64, "regularization": 30, "alpha": 3, "iterations": 15}
BPR_START = {"factors": 32, "learning_rate": 0.03, "regularization": 0.01, "iterations": 100}
RELEVANCE = (0.9, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5)


def main() -> None:
    """Choose, print each step, and write the file."""
    ratings = movielens.load(FOLDER)
    by_item = [_inner_by_item(ratings, seed, group) for seed in FOLDS for group in range(GROUPS)]
    by_time = [movielens.leave_last(ratings, movielens.leave_last(ratings)[0])]

    def worth(build: Callable[[dict[str, float]], models.Model], folds: list[Fold]) -> Callable[..., float]:
        return lambda settings: float(np.mean([_ndcg(ratings, build(settings), fold) for fold in folds]))

    blend = _descend("co-engagement", BLEND, BLEND_START, worth(lambda s: models.co_engagement(_blend(s)), by_item))
    recent = _descend(
        "recency",
        RECENT,
        {"recent_likes": 8},
        worth(lambda s: models.co_engagement(_blend(blend), s["recent_likes"]), by_time),
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
    rows, _ = movielens.by_item(ratings, seed)
    groups = np.random.default_rng(seed).permutation(ratings.shape[0]) % GROUPS
    judged = groups[ratings.users[rows]] == group
    learned, wanted = movielens.by_item(ratings, seed + 1000, rows[judged])
    return np.concatenate([rows[~judged], learned]), wanted


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
    """The weight with the widest lists that costs those judged no more than 1.5 % of nDCG."""
    fitted = []
    for train, test in folds:
        judged = np.unique(ratings.users[test])
        known, wanted = (models.likes_of(ratings, rows)[judged] > 0 for rows in (train, test))
        scores = model(ratings, train)[0][judged]
        fitted.append((scores, known, wanted, measures.accuracy(measures.top(scores, known, SIZE), wanted)[0].mean()))
    allowed = RELEVANCE[0]
    for relevance in RELEVANCE:
        lost = []
        for scores, known, wanted, plain in fitted:
            pages = models.diversified(scores, known, ratings.contents(), SIZE, relevance)
            lost.append(1 - measures.accuracy(pages, wanted)[0].mean() / plain)
        print(f"diversified: relevance {relevance} costs {np.mean(lost):.2%} of nDCG@{SIZE}", flush=True)
        if np.mean(lost) <= MOST_LOST:
            allowed = relevance
    return allowed


if __name__ == "__main__":
    main()
