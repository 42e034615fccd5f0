"""Policy: thresholds, actions and modes as data; the absolute rule can't be configured."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from services.moderation.policy import ABSOLUTE, UNSCORED, Finding, Policy

REASONS = {name: f"It is {name}." for name in ("sexual", "hate", "spam", ABSOLUTE)}


def policy(**prompt: Any) -> Policy:
    return Policy({"version": "t", "prompt": prompt, "reasons": REASONS})


def finding(category: str, score: float, rule: str = "r") -> Finding:
    return Finding(category=category, score=score, rule=rule)


SEXUAL = {"hold": 0.5, "block": 0.9, "mode": "enforce"}


@pytest.mark.parametrize(
    ("score", "verdict"), [(0.49, "allow"), (0.5, "hold"), (0.89, "hold"), (0.9, "block"), (1.0, "block")]
)
def test_thresholds_decide(score: float, verdict: str) -> None:
    assert policy(sexual=SEXUAL).judge("prompt", (finding("sexual", score),)).verdict == verdict


def test_the_strictest_verdict_wins_and_explains_itself() -> None:
    judged = policy(sexual=SEXUAL, hate={"hold": 0.1, "mode": "enforce"}).judge(
        "prompt", (finding("hate", 0.99, "h"), finding("sexual", 0.95, "s"), finding("sexual", 0.91, "t"))
    )
    assert judged.finding is not None
    assert (judged.verdict, judged.finding.rule, judged.reason, judged.threshold) == (
        "block",
        "s",
        "It is sexual.",
        0.9,
    )


def test_shadow_records_and_does_not_act() -> None:
    judged = policy(sexual={**SEXUAL, "mode": "shadow"}).judge("prompt", (finding("sexual", 1.0),))
    assert (judged.verdict, judged.shadowed) == ("allow", ("sexual",))


def test_what_the_policy_does_not_name_is_off() -> None:
    assert policy(sexual={**SEXUAL, "mode": "off"}).judge("prompt", (finding("sexual", 1.0),)).verdict == "allow"
    assert policy().judge("comment", (finding("sexual", 1.0),)).verdict == "allow"


def test_the_absolute_category_is_blocked_whatever_the_policy_says() -> None:
    judged = policy(sexual=SEXUAL).judge("prompt", (finding("sexual", 1.0), finding(ABSOLUTE, 0.9)))
    assert judged.verdict == "block"
    assert judged.finding is not None
    assert judged.finding.category == ABSOLUTE


@pytest.mark.parametrize("category", [ABSOLUTE, UNSCORED])
def test_what_has_no_threshold_can_not_be_configured(category: str) -> None:
    with pytest.raises(ValueError, match="can't be configured"):
        policy(**{category: {"block": 1.0, "mode": "off"}})


@pytest.mark.parametrize(
    "line", [{"hold": 0.9, "block": 0.5, "mode": "enforce"}, {"hold": 2, "mode": "enforce"}, {"mode": "maybe"}]
)
def test_a_line_that_makes_no_sense_is_refused(line: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        policy(sexual=line)


def test_the_policy_in_the_repository_is_safe_for_work() -> None:
    judged = Policy.load().judge("prompt", (finding("sexual", 0.97),))
    assert judged.verdict == "block"
    assert judged.reason


@pytest.mark.parametrize(
    ("category", "score", "verdict"),
    [
        ("violence", 0.96, "hold"),
        ("violence", 0.93, "allow"),
        ("harassment", 0.92, "hold"),
        ("self_harm", 0.95, "allow"),
    ],
)
def test_a_bio_may_not_threaten_and_may_tell_of_horror_and_grief(category: str, score: float, verdict: str) -> None:
    assert Policy.load().judge("profile", (finding(category, score),)).verdict == verdict
