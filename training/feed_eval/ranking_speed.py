"""How long it takes to rank 1,500 candidates to a page of 20, on one core."""

from __future__ import annotations

import time
from datetime import timedelta
from random import Random

import numpy as np
from threadpoolctl import threadpool_limits

from services.feed.personal import UNEXPLORED, Gathered, rank
from services.feed.records import Encounter, Post
from services.feed.senses import Senses
from services.feed.stages.interests import interests_of
from services.feed.taste import taste_of
from shared.events import utcnow

CANDIDATES, PAGE, DIMENSIONS, ROUNDS = 1_500, 20, 384, 500


def ranking_speed() -> dict[str, float]:
    """Milliseconds of processor time a page: features, score, explore slots, diversification."""
    print(f"\nranking {CANDIDATES:,} candidates to {PAGE}: ms of processor time on one core", flush=True)
    gathered = _example()
    taken = []
    with threadpool_limits(1):
        for number in range(ROUNDS):
            start = time.process_time()
            rank(gathered, [], PAGE, 0.15, Random(number), utcnow())
            taken.append((time.process_time() - start) * 1000)
    found = {f"p{share}": round(float(np.percentile(taken, share)), 2) for share in (50, 95, 99)}
    print("  " + "   ".join(f"{name} {value:.2f}" for name, value in found.items()), flush=True)
    return found


def _example() -> Gathered:
    """A person with 60 likes and 20 dislikes, and candidates by 300 authors with vectors of both kinds."""
    chance = np.random.default_rng(1)
    now = utcnow()
    senses = Senses()
    posts = [
        Post(
            id=f"post{number}",
            version=1,
            author_id=f"author{number % 300}",
            author_username="ada",
            visibility="public",
            published_at=now - timedelta(minutes=float(chance.uniform(1, 9000))),
            counts={"like": int(chance.integers(0, 30))},
            impressions=int(chance.integers(0, 300)),
        )
        for number in range(CANDIDATES)
    ]
    met = [f"met{number}" for number in range(80)]
    for post_id in [*(post.id for post in posts), *met]:
        vectors = chance.normal(size=(2, DIMENSIONS)).astype(np.float32) + 0.7
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        senses.put(post_id, vectors[0], vectors[1])
    encounters = [Encounter(post_id, reactions={"like": now}) for post_id in met[:60]]
    encounters += [Encounter(post_id, gestures={"less": now}) for post_id in met[60:]]
    taste = taste_of(encounters, now, lambda _: None)
    ids = [post.id for post in posts]
    co_liked = dict.fromkeys(ids[:200], 0.5)
    interests = interests_of(taste.liked, senses)
    follows = {f"author{number}" for number in range(30)}
    return Gathered(posts, ids[:100], ids[-UNEXPLORED:], taste, follows, senses, interests, co_liked)
