"""What people like together: the settings are those that were chosen, and the latest likes weigh most."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from services.feed.co_engagement import CHOSEN, RECENT_LIKES, CoEngagement

FILE = Path(__file__).parents[3] / "training" / "feed_eval" / "chosen.json"


def test_the_settings_are_what_validation_chose() -> None:
    chosen = json.loads(FILE.read_text())["co-engagement"]
    assert asdict(CHOSEN) | {"recent_likes": RECENT_LIKES} == chosen, "run: python -m training.feed_eval.choose"


def two_circles() -> CoEngagement:
    """Posts a0…a9 go together for twenty people, and b0…b9 for twenty others."""
    likes = [
        (f"{circle}{person}", f"{circle}{(person + place) % 10}", 1000.0 * person + place)
        for circle in "ab"
        for person in range(20)
        for place in range(7)
    ]
    return CoEngagement.fit(likes)


def test_the_latest_likes_weigh_most() -> None:
    model = two_circles()
    old, new = [f"a{number}" for number in range(5)], [f"b{number}" for number in range(5)]
    found = model(dict.fromkeys([*new, *old], 1.0))
    best = max(found, key=lambda post_id: found[post_id])
    assert best.startswith("b")
    assert found[best] == 1.0
    turned = model(dict.fromkeys([*old, *new], 1.0))
    assert max(turned, key=lambda post_id: turned[post_id]).startswith("a")


def test_nothing_known_leads_to_nothing() -> None:
    assert two_circles()({"stranger": 1.0}) == {}
    assert two_circles()({}) == {}
    assert CoEngagement.fit([("bob", "p", 1.0)])({"p": 1.0}) == {}
    assert CoEngagement.empty()({"p": 1.0}) == {}


def test_what_is_liked_already_is_not_found_again() -> None:
    assert not {"a0", "a1"} & set(two_circles()({"a0": 1.0, "a1": 1.0}))
