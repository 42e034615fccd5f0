"""From logged draws the worth of another policy is told, although the model of the reward is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from shared.events import utcnow
from training.feed_eval.community import Community
from training.feed_eval.compare import Logged, estimates, read
from training.feed_eval.off_policy import Draw, direct, doubly_robust, inverse_propensity

WORTH = np.array([0.05, 0.1, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9])
PREFERENCE = np.arange(8, 0, -1) / 36


def logged(expected: np.ndarray, count: int = 6000) -> list[Draw]:
    """Draws of a policy that prefers the first posts, which are worth least."""
    chance, found = np.random.default_rng(1), []
    for _ in range(count):
        chosen = int(chance.choice(8, p=PREFERENCE))
        found.append(Draw(chosen, float(PREFERENCE[chosen]), float(chance.random() < WORTH[chosen]), expected))
    return found


def evenly(_: int) -> np.ndarray:
    return np.full(8, 1 / 8)


def test_propensities_undo_what_was_preferred() -> None:
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


def test_what_following_the_model_would_earn_is_told_from_even_draws() -> None:
    chance, log = np.random.default_rng(2), []
    for number in range(6000):
        chosen = int(chance.integers(8))
        draw = Draw(chosen, 1 / 8, float(chance.random() < WORTH[chosen]), WORTH / 2)
        log.append(Logged(f"reader{number % 300}", draw))
    found = estimates(log)
    assert found["as it was"]["mean"][0] == pytest.approx(WORTH.mean(), abs=0.03)
    for value, low, high in found["most liked first"].values():
        assert value == pytest.approx(WORTH.max(), abs=0.08)
        assert low < value < high


async def test_policies_are_compared_by_what_the_feed_logged_of_places_that_were_shown() -> None:
    community = Community(exploration=0.5)
    begun = utcnow()
    await community.fill(60, authors=30)
    for person in range(40):
        page = await community.page(f"reader{person}", limit=10)
        shown = [(item.post_id, item.feed_context) for item in page.items][: 10 if person % 2 else 0]
        if shown:
            await community.gesture(f"reader{person}", "seen", shown)
        for post_id, _ in shown:
            if community.theme[post_id] == "cats":
                await community.like(f"reader{person}", post_id)
    drawn = await community.pages.shown_draws(begun, 1000)
    assert {draw.viewer_id for draw in drawn} == {f"reader{person}" for person in range(1, 40, 2)}
    for draw in drawn:
        assert sum(probability for _, probability in draw.chances) == pytest.approx(1)
    log = await read(community.pages, community.encounters, begun)
    assert [each.draw.reward for each in log] == [float(community.theme[draw.post_id] == "cats") for draw in drawn]
    found = estimates(log)
    # The feed draws evenly, so that this policy is the one that was.
    assert found["evenly"]["inverse propensity"] == pytest.approx(found["as it was"]["mean"])
