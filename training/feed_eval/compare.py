"""What other ways of filling the explored places would have earned: `python -m training.feed_eval.compare [--days N]`.

Reads the log that the feed keeps (`MONGODB_URL`): every place given by chance that was truly shown, and how likely each
post was that could have got it. A like by the person who saw it is the reward. The model of the doubly robust
estimate foresees a post's likes from those of other people.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

import numpy as np

from services.feed.mongo_encounters import MongoEncounters
from services.feed.mongo_pages import DRAW_LIFE, MongoPages
from services.feed.ports import EncounterStore, PageStore
from services.feed.records import SlotDraw
from shared.events import utcnow
from shared.mongo import Mongo
from shared.settings import MongoSettings
from training.bootstrap import interval
from training.feed_eval.off_policy import Column, Draw, doubly_robust, inverse_propensity

MOST_DRAWS, MOST_LIKES = 100_000, 1_000_000
SEED = 17
PRIOR, FOLDS = 20.0, 5
"""How many places at the average rate the model begins each post with, and in how many parts people are split."""
Policy = Callable[[Draw], Column]


def evenly(draw: Draw) -> Column:
    """Every post that could have got the place alike."""
    return np.full(len(draw.expected), 1 / len(draw.expected))


def most_liked(draw: Draw) -> Column:
    """Always the post that the model thinks best of."""
    chosen = np.zeros(len(draw.expected))
    chosen[int(draw.expected.argmax())] = 1.0
    return chosen


POLICIES: dict[str, Policy] = {"evenly": evenly, "most liked first": most_liked}


@dataclass(frozen=True)
class Logged:
    """A place that was given by chance and shown: to whom, and what came of it."""

    viewer_id: str
    draw: Draw


async def read(pages: PageStore, encounters: EncounterStore, since: datetime, most: int = MOST_DRAWS) -> list[Logged]:
    """The latest `most` places shown since a moment; the reward is 1 where the viewer liked the post since then.

    What a model foresees of one person's places comes from other people's alone (cross-fitting). Otherwise a policy
    that follows the model would follow the very rewards that are to correct it.
    """
    drawn = await pages.shown_draws(since, most)
    likes = {(person, post_id) for person, post_id, _ in await encounters.likes_since(since, MOST_LIKES)}
    shown, liked = Counter[tuple[int, str]](), Counter[tuple[int, str]]()
    for draw in drawn:
        shown[_fold(draw), draw.post_id] += 1
        liked[_fold(draw), draw.post_id] += (draw.viewer_id, draw.post_id) in likes
    rate = liked.total() / max(1, shown.total())

    def foreseen(fold: int, post_id: str) -> float:
        others = [other for other in range(FOLDS) if other != fold]
        likes_there = sum(liked[other, post_id] for other in others)
        return (likes_there + rate * PRIOR) / (sum(shown[other, post_id] for other in others) + PRIOR)

    def logged(draw: SlotDraw) -> Logged:
        posts = [post_id for post_id, _ in draw.chances]
        chosen = posts.index(draw.post_id)
        reward = float((draw.viewer_id, draw.post_id) in likes)
        expected = np.array([foreseen(_fold(draw), post_id) for post_id in posts])
        return Logged(draw.viewer_id, Draw(chosen, draw.chances[chosen][1], reward, expected))

    return [logged(draw) for draw in drawn]


def _fold(draw: SlotDraw) -> int:
    return crc32(draw.viewer_id.encode()) % FOLDS


def estimates(log: Sequence[Logged]) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Likes a place with their 95 % interval, by policy and estimator; every person counts alike."""
    rows: dict[str, dict[str, tuple[float, float, float]]] = {
        "as it was": {"mean": _over_people(log, lambda draw: draw.reward)}
    }
    for name, policy in POLICIES.items():
        rows[name] = {
            "inverse propensity": _over_people(log, lambda draw: inverse_propensity([draw], lambda _: policy(draw))),  # noqa: B023
            "doubly robust": _over_people(log, lambda draw: doubly_robust([draw], lambda _: policy(draw))),  # noqa: B023
        }
    return rows


def _over_people(log: Sequence[Logged], worth: Callable[[Draw], float]) -> tuple[float, float, float]:
    by_person: dict[str, list[float]] = {}
    for each in log:
        by_person.setdefault(each.viewer_id, []).append(worth(each.draw))
    return interval(np.array([float(np.mean(values)) for values in by_person.values()]), seed=SEED)


def table(rows: dict[str, dict[str, tuple[float, float, float]]]) -> str:
    lines = ["| explored places filled | estimator | likes a place [95 %] |", "|---|---|---|"]
    for policy, found in rows.items():
        for estimator, (value, low, high) in found.items():
            lines.append(f"| {policy} | {estimator} | {value:.4f} [{low:.4f}, {high:.4f}] |")
    return "\n".join(lines)


async def _from_database(days: int) -> list[Logged]:
    mongo = Mongo(MongoSettings(), "feed")
    try:
        return await read(MongoPages(mongo.database), MongoEncounters(mongo), utcnow() - timedelta(days=days))
    finally:
        await mongo.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="make compare-feed", description=__doc__)
    parser.add_argument("--days", type=int, default=DRAW_LIFE.days, help="how far back (default: %(default)s)")
    log = asyncio.run(_from_database(parser.parse_args().days))
    if not log:
        parser.exit(1, "No place given by chance has been shown yet.\n")
    print(f"{len(log)} places, {len({each.viewer_id for each in log})} people\n")
    print(table(estimates(log)))


if __name__ == "__main__":
    main()
