"""What people like together: the settings are those that were chosen, and the latest likes weigh most."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from services.feed.co_engagement import CHOSEN, RECENT_LIKES, Blend, CoEngagement, Evidence, Like, most_liked
from services.feed.stages.diversify import RELEVANCE

FILE = Path(__file__).parents[3] / "training" / "feed_eval" / "chosen.json"


def test_the_settings_are_what_validation_chose() -> None:
    chosen = json.loads(FILE.read_text())
    settings = asdict(CHOSEN) | {"recent_likes": RECENT_LIKES}
    assert settings == chosen["co-engagement"], "run: python -m training.feed_eval.choose"
    assert chosen["diversified"]["relevance"] == RELEVANCE


def fitted(likes: list[Like], contents: dict[str, tuple[float, ...]] | None = None) -> CoEngagement:
    """A model of these likes, where nothing is known of what a post shows but for `contents`."""
    posts = most_liked(likes)
    size = len(next(iter(contents.values()))) if contents else 1
    vectors = [(contents or {}).get(post_id, (0.0,) * size) for post_id in posts]
    return CoEngagement.fit(Evidence.of(likes, posts, np.array(vectors, np.float32).reshape(len(posts), size)))


def two_circles() -> list[Like]:
    """Posts a0…a9 go together for twenty people, and b0…b9 for twenty others."""
    return [
        (f"{circle}{person}", f"{circle}{(person + place) % 10}", 1000.0 * person + place)
        for circle in "ab"
        for person in range(20)
        for place in range(7)
    ]


def test_the_latest_likes_weigh_most() -> None:
    model = fitted(two_circles())
    old, new = [f"a{number}" for number in range(5)], [f"b{number}" for number in range(5)]
    found = model(dict.fromkeys([*new, *old], 1.0))
    best = max(found, key=lambda post_id: found[post_id])
    assert best.startswith("b")
    assert found[best] == 1.0
    turned = model(dict.fromkeys([*old, *new], 1.0))
    assert max(turned, key=lambda post_id: turned[post_id]).startswith("a")


def test_of_equally_liked_posts_the_likeliest_comes_first() -> None:
    likes = two_circles()
    contents = {f"a{number}": (float(number == 0 or number == 5), float(number % 2), 1.0) for number in range(10)}
    plain, seeing = fitted(likes)({"a0": 1.0}), fitted(likes, contents)({"a0": 1.0})
    assert seeing["a5"] == 1.0
    assert plain.get("a5", 0.0) < 1.0


def test_what_is_unlike_loses_nothing() -> None:
    likes = two_circles()
    plain, seeing = fitted(likes), fitted(likes, {"a0": (1.0, 0.0), "a5": (-1.0, 0.0)})
    assert seeing({"a0": 1.0})["a5"] == pytest.approx(plain({"a0": 1.0})["a5"], abs=0.02)


def test_who_likes_much_is_held_tighter_than_who_likes_little() -> None:
    likes = two_circles()
    posts = most_liked(likes)
    evidence = Evidence.of(likes, posts, np.zeros((len(posts), 1), np.float32))
    loose, tight = (
        CoEngagement.fit(evidence, Blend(regularisation=ridge, regularisation_of_many=ridge, graph_weight=0.0))
        for ridge in (1.0, 1000.0)
    )
    both = CoEngagement.fit(
        evidence, Blend(regularisation=1.0, regularisation_of_many=1000.0, many=3.0, graph_weight=0.0)
    )
    row = np.zeros((1, len(posts)), np.float32)

    def nearer_loose() -> bool:
        found, one, other = (model.scores(row) for model in (both, loose, tight))
        assert not np.allclose(one, other, atol=0.05)
        return bool(np.abs(found - one).sum() < np.abs(found - other).sum())

    row[0, posts.index("a0")] = 1.0
    assert nearer_loose()
    row[0, [posts.index(f"a{number}") for number in range(7)]] = 1.0
    assert not nearer_loose()


def test_what_is_only_alike_is_not_said_to_be_liked_by_others() -> None:
    likes = two_circles()
    contents = {post_id: (1.0, 0.0) if post_id in ("a0", "b0") else (0.0, 1.0) for post_id in most_liked(likes)}
    found = fitted(likes, contents)({"a0": 1.0})
    assert found
    assert all(post_id.startswith("a") for post_id in found)


def test_nothing_known_leads_to_nothing() -> None:
    assert fitted(two_circles())({"stranger": 1.0}) == {}
    assert fitted(two_circles())({}) == {}
    assert fitted([("bob", "p", 1.0)])({"p": 1.0}) == {}
    assert CoEngagement.empty()({"p": 1.0}) == {}


def test_what_is_liked_already_is_not_found_again() -> None:
    assert not {"a0", "a1"} & set(fitted(two_circles())({"a0": 1.0, "a1": 1.0}))
