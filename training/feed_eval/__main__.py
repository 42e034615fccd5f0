"""`python -m training.feed_eval [--out table.json]`: the feed's models on MovieLens-100k, and the speed of ranking."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from training.feed_eval import measures, models, movielens
from training.feed_eval.ranking_speed import ranking_speed

FOLDER = Path("var/training/feed")
SIZE = 10
SEEDS = (42, 43, 44, 45, 46)
MODELS: dict[str, models.Model] = {
    "popular": models.popular,
    "ALS (implicit)": models.als,
    "BPR (implicit)": models.bpr,
    "co-engagement (ours)": models.co_engagement,
}


def main() -> None:
    """Print each table as soon as it is there; keep all of it as JSON with `--out`."""
    parser = argparse.ArgumentParser(prog="make eval-feed")
    parser.add_argument("--out", type=Path, help="file for the tables as JSON")
    arguments = parser.parse_args()
    try:
        ratings = movielens.load(FOLDER)
    except RuntimeError as error:
        sys.exit(str(error))
    tables = {
        "split by item, 75/25": by_item(ratings),
        "leave last out": leave_last(ratings),
        "diversified": diversified(ratings),
        "ranking speed": ranking_speed(),
    }
    if arguments.out:
        arguments.out.write_text(json.dumps(tables, indent=2) + "\n")
        print(f"kept in {arguments.out}")


def by_item(ratings: movielens.Ratings) -> list[dict[str, object]]:
    """Five random splits; intervals over all people of all splits."""
    heading(
        f"MovieLens-100k, 75/25 by film, {len(SEEDS)} splits: nDCG@10 [95 %]   recall@10   coverage  novelty  fit s"
    )
    rows = []
    for name, model in MODELS.items():
        ndcg, recall, others = [], [], []
        for seed in SEEDS:
            train, test = movielens.by_item(ratings, seed)
            scores, seconds = model(ratings, train)
            known = models.likes_of(ratings, train) > 0
            ranked = measures.top(scores, known, SIZE)
            gains, found = measures.accuracy(ranked, models.likes_of(ratings, test) > 0)
            ndcg.append(gains)
            recall.append(found)
            share = known.mean(axis=0)
            others.append((measures.coverage(ranked, known.shape[1]), measures.novelty(ranked, share), seconds))
        rows.append(row(name, np.concatenate(ndcg), np.concatenate(recall), np.mean(others, axis=0)))
    return rows


def leave_last(ratings: movielens.Ratings) -> list[dict[str, object]]:
    """One split by time; every film that the person has not rated is ranked."""
    heading(
        "MovieLens-100k, each person's last rating, full ranking: nDCG@10 [95 %]   recall@10   coverage  novelty  fit s"
    )
    rows = []
    train, test = movielens.leave_last(ratings)
    known = models.likes_of(ratings, train) > 0
    for name, model in MODELS.items():
        scores, seconds = model(ratings, train)
        ranked = measures.top(scores, known, SIZE)
        ndcg, recall = measures.accuracy(ranked, models.likes_of(ratings, test) > 0)
        others = np.array(
            [measures.coverage(ranked, known.shape[1]), measures.novelty(ranked, known.mean(axis=0)), seconds]
        )
        rows.append(row(name, ndcg, recall, others))
    return rows


def diversified(ratings: movielens.Ratings) -> dict[str, float]:
    """What the feed's diversification costs and gains; films are compared by who rated them in the training part."""
    heading("the first ten, plain and diversified: nDCG@10, intra-list distance")
    train, test = movielens.by_item(ratings, SEEDS[0])
    scores, _ = models.co_engagement(ratings, train)
    liked = models.likes_of(ratings, train)
    relevant = models.likes_of(ratings, test) > 0
    vectors = (liked / np.maximum(np.linalg.norm(liked, axis=0), 1.0)).T
    found = {}
    for name, ranked in (
        ("plain", measures.top(scores, liked > 0, SIZE)),
        ("diversified", models.diversified(scores, liked > 0, vectors, SIZE)),
    ):
        found[f"{name} nDCG@10"] = round(float(measures.accuracy(ranked, relevant)[0].mean()), 4)
        found[f"{name} distance"] = round(measures.variety(ranked, vectors), 4)
        print(f"  {name:<24}{found[f'{name} nDCG@10']:.4f}  {found[f'{name} distance']:.4f}", flush=True)
    return found


def row(name: str, ndcg: np.ndarray, recall: np.ndarray, others: np.ndarray) -> dict[str, object]:
    """One model's line, printed and returned."""
    mean, low, high = measures.interval(ndcg)
    print(
        f"  {name:<24}{mean:.4f} [{low:.4f}, {high:.4f}]   {recall.mean():.4f}   "
        f"{others[0]:8.3f} {others[1]:8.2f} {others[2]:6.1f}",
        flush=True,
    )
    return {
        "model": name,
        "ndcg@10": round(mean, 4),
        "ndcg@10 interval": [round(low, 4), round(high, 4)],
        "recall@10": round(float(recall.mean()), 4),
        "coverage": round(float(others[0]), 4),
        "novelty": round(float(others[1]), 3),
        "fit seconds": round(float(others[2]), 2),
    }


def heading(text: str) -> None:
    """A table's title."""
    print(f"\n{text}", flush=True)


if __name__ == "__main__":
    main()
