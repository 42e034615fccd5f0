"""From logged draws the worth of another policy is told, although the model of the reward is wrong."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from services.feed.records import Post
from services.feed.stages.explore_slots import draw
from tests.contracts.feed.examples import START
from training.feed_eval.off_policy import Draw, direct, doubly_robust, inverse_propensity

POSTS = [Post(f"p{n}", 1, f"author{n}", "ada", "public", START, impressions=n * 12) for n in range(8)]
WORTH = np.array([0.05, 0.1, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9])


def logged(expected: np.ndarray, count: int = 6000) -> list[Draw]:
    """Draws as the feed makes them; it prefers the first posts, which are worth least."""
    chance, found = Random(1), []
    for _ in range(count):
        (pick,) = draw(POSTS, np.eye(8, dtype=np.float32), 1, chance)
        chosen = int(pick.post_id[1:])
        found.append(Draw(chosen, pick.propensity, float(chance.random() < WORTH[chosen]), expected))
    return found


def evenly(_: int) -> np.ndarray:
    return np.full(8, 1 / 8)


def test_propensities_undo_what_the_feed_prefers() -> None:
    draws = logged(np.zeros(8))
    assert np.mean([one.reward for one in draws]) < WORTH.mean() - 0.1
    assert inverse_propensity(draws, evenly) == pytest.approx(WORTH.mean(), abs=0.04)


def test_a_wrong_model_is_set_right() -> None:
    draws = logged(np.full(8, 0.1))
    assert direct(draws, evenly) == pytest.approx(0.1)
    assert doubly_robust(draws, evenly) == pytest.approx(WORTH.mean(), abs=0.04)


def test_a_right_model_needs_no_true_propensities() -> None:
    wrong = [Draw(one.chosen, 0.5, one.reward, one.expected) for one in logged(WORTH)]
    assert doubly_robust(wrong, evenly) == pytest.approx(WORTH.mean(), abs=0.04)
    assert inverse_propensity(wrong, evenly) < WORTH.mean() - 0.1
