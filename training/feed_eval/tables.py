"""The tables of the comparison on MovieLens-100k."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from services.feed.co_engagement import CHOSEN, RECENT_LIKES
from services.feed.stages.diversify import RELEVANCE
from training.bootstrap import interval
from training.feed_eval import choose, measures, models, movielens
from training.feed_eval.movielens import Ratings

SIZE = 10
SEEDS = (71, 72, 73, 74, 75)
Row = dict[str, object]


def by_item(ratings: Ratings) -> list[Row]:
    """Five random splits; intervals over people, each with the mean of their splits."""
    _heading(f"MovieLens-100k, 75/25 by film, {len(SEEDS)} splits")
    rows = []
    for name, model in _models("film").items():
        ndcg, recall = (np.full((len(SEEDS), ratings.shape[0]), np.nan) for _ in range(2))
        others = []
        for number, seed in enumerate(SEEDS):
            train, test = movielens.by_item(ratings, seed)
            ndcg[number], recall[number], more = _judged(ratings, model, train, test)
            others.append(more)
        rows.append(_row(name, np.nanmean(ndcg, axis=0), np.nanmean(recall, axis=0), np.mean(others, axis=0)))
    return rows


def leave_last(ratings: Ratings) -> list[Row]:
    """One split by time; every film that the person has not rated is ranked."""
    _heading("MovieLens-100k, each person's last rating, full ranking")
    train, test = movielens.leave_last(ratings)
    return [_row(name, *_judged(ratings, model, train, test)) for name, model in _models("time").items()]


def diversified(ratings: Ratings) -> list[Row]:
    """What the feed's diversification costs and gains at each weight of relevance, means over the five splits."""
    print(f"\nthe first {SIZE} diversified by genre: relevance, nDCG@{SIZE}, distance by genre, distance by who rated")
    chosen = json.loads(choose.FILE.read_text())["diversified"]["relevance"]
    found: dict[float, list[tuple[float, float, float]]] = {}
    for seed in SEEDS:
        train, test = movielens.by_item(ratings, seed)
        scores, _ = models.co_engagement()(ratings, train)
        liked = models.likes_of(ratings, train)
        known, wanted = liked > 0, models.likes_of(ratings, test) > 0
        raters = (liked / np.maximum(np.linalg.norm(liked, axis=0), 1.0)).T
        for relevance in (1.0, *choose.RELEVANCE):
            ranked = (
                measures.top(scores, known, SIZE)
                if relevance == 1.0
                else models.diversified(scores, known, ratings.contents(), SIZE, relevance)
            )
            ndcg = float(measures.accuracy(ranked, wanted)[0].mean())
            distances = measures.variety(ranked, ratings.genres), measures.variety(ranked, raters)
            found.setdefault(relevance, []).append((ndcg, *distances))
    rows: list[Row] = []
    plain = np.mean(found[1.0], axis=0)
    for relevance, values in found.items():
        ndcg, genre, rated = np.mean(values, axis=0)
        notes = [note for note, at in (("chosen on validation", chosen), ("the feed's", RELEVANCE)) if at == relevance]
        print(
            f"  {relevance:.2f}   {ndcg:.4f} ({ndcg / plain[0] - 1:+.1%})   "
            f"{genre:.4f} ({genre / plain[1] - 1:+.1%})   "
            f"{rated:.4f} ({rated / plain[2] - 1:+.1%})   {', '.join(notes)}",
            flush=True,
        )
        row: Row = {"relevance": relevance, "ndcg@10": round(ndcg, 4), "notes": notes}
        rows.append(row | {"by genre": round(genre, 4), "by raters": round(rated, 4)})
    return rows


def _models(split: str) -> dict[str, models.Model]:
    chosen = json.loads(choose.FILE.read_text())
    return {
        "popular": models.popular,
        "ALS (implicit)": models.als(chosen[f"ALS by {split}"]),
        "BPR (implicit)": models.bpr(chosen[f"BPR by {split}"]),
        "ours, all likes alike": models.co_engagement(CHOSEN),
        "ours, without contents": models.co_engagement(replace(CHOSEN, likeness=0.0)),
        "ours, latest likes most": models.co_engagement(CHOSEN, RECENT_LIKES),
    }


def _judged(
    ratings: Ratings, model: models.Model, train: movielens.Rows, test: movielens.Rows
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """nDCG and recall of each person (NaN without anything to find), and coverage, novelty, distance and seconds."""
    scores, seconds = model(ratings, train)
    known, wanted = models.likes_of(ratings, train) > 0, models.likes_of(ratings, test) > 0
    ranked = measures.top(scores, known, SIZE)
    ndcg, recall = np.full((2, len(known)), np.nan)
    there = wanted.any(axis=1)
    ndcg[there], recall[there] = measures.accuracy(ranked, wanted)
    others = (
        measures.coverage(ranked, known.shape[1]), measures.novelty(ranked, known.mean(axis=0)),
        measures.variety(ranked, ratings.genres), seconds,
    )  # fmt: skip
    return ndcg, recall, np.array(others)


def _row(name: str, ndcg: np.ndarray, recall: np.ndarray, others: np.ndarray) -> Row:
    """One model's line, printed and returned."""
    there = ~np.isnan(ndcg)
    mean, low, high = interval(ndcg[there], seed=0)
    found, least, most = interval(recall[there], seed=0)
    print(
        f"  {name:<25}{mean:.4f} [{low:.4f}, {high:.4f}]   {found:.4f} [{least:.4f}, {most:.4f}]   "
        f"{others[0]:8.3f} {others[1]:8.2f} {others[2]:8.3f} {others[3]:6.1f}",
        flush=True,
    )
    names = ("coverage", "novelty", "distance", "fit seconds")
    return {
        "model": name,
        "ndcg@10": round(mean, 4),
        "ndcg@10 interval": [round(low, 4), round(high, 4)],
        "recall@10": round(found, 4),
        "recall@10 interval": [round(least, 4), round(most, 4)],
        **{name: round(float(value), 4) for name, value in zip(names, others, strict=True)},
    }


def _heading(text: str) -> None:
    print(f"\n{text}: nDCG@{SIZE} and recall@{SIZE} [95 %]; coverage, novelty, distance by genre, fit s", flush=True)
