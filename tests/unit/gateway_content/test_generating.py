"""How a generation moves, fact by fact, in every order."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from services.gateway.generating import steps
from services.gateway.generating.steps import Change, Document
from shared.events import Decision, PictureRequest, Rendition, utcnow

NO = Decision(id="d1", stage="image", verdict="block", category="gore")


def opened(n: int = 1) -> Document:
    request = PictureRequest(prompt="a fox", model="pocket", seed=7, image_ids=tuple(f"i{index}" for index in range(n)))
    return steps.opened("g", "u", request, source_image_id=None, source_post_id=None, now=utcnow())


def after(generation: Document, change: Change | None) -> Document:
    assert change is not None
    log = [*(change.values.get("log") or generation["log"]), *change.entries]
    return generation | change.values | {"log": log}


def judged(generation: Document, index: int, *, decision: Decision | None = None, attempt: int = 1) -> Change | None:
    rendition = Rendition(
        image_id=f"i{index}", index=index, hash=f"h{index}", width=256, height=256, seed=7 + index, thumbhash="x"
    )
    moments = {"moderated": utcnow(), "checked": utcnow()}
    return steps.picture_judged(generation, attempt, rendition, moments, decision)


def told(generation: Document) -> list[str]:
    return [entry["event"] for entry in generation["log"]]


def test_the_straight_way() -> None:
    generation = opened()
    generation = after(generation, steps.painting_began(generation, 1, utcnow()))
    assert generation["status"] == "running"
    generation = after(generation, steps.painting_ended(generation, 1, utcnow()))
    assert generation["status"] == "checking"
    generation = after(generation, judged(generation, 0))
    assert generation["status"] == "ready"
    assert told(generation) == ["queued", "running", "image", "done"]
    assert list(generation["moments"]) == ["accepted", "started", "rendered", "moderated", "checked", "ready"]
    assert generation["deadline_at"] is None


def test_news_of_the_painting_never_leads_backwards() -> None:
    generation = after(opened(), steps.painting_ended(opened(), 1, utcnow()))
    assert steps.painting_began(generation, 1, utcnow()) is None
    generation = after(generation, judged(generation, 0))
    assert steps.painting_began(generation, 1, utcnow()) is None
    assert steps.painting_ended(generation, 1, utcnow()) is None


@pytest.mark.parametrize("order", permutations(range(3)))
def test_verdicts_in_any_order_end_the_same(order: tuple[int, ...]) -> None:
    generation = opened(3)
    for index in order:
        assert not steps.terminal(generation)
        generation = after(generation, judged(generation, index, decision=NO if index == 1 else None))
    assert generation["status"] == "ready"
    assert [image["status"] for image in generation["images"]] == ["ready", "blocked", "ready"]
    assert generation["decision"] is None
    assert len({entry["id"] for entry in generation["log"]}) == len(generation["log"])


def test_with_every_picture_refused_it_is_blocked() -> None:
    generation = opened(2)
    for index in (0, 1):
        generation = after(generation, judged(generation, index, decision=NO))
    assert (generation["status"], generation["decision"]["id"]) == ("blocked", "d1")
    assert told(generation)[-1] == "blocked"


@pytest.mark.parametrize("status", sorted(steps.TERMINAL))
def test_nothing_moves_what_has_ended(status: str) -> None:
    generation = opened() | {"status": status, "deadline_at": None}
    facts: list[Any] = [
        steps.painting_began(generation, 1, utcnow()),
        steps.painting_ended(generation, 1, utcnow()),
        steps.prompt_refused(generation, 1, NO),
        steps.gave_up(generation, 1, "x", "y"),
        steps.withdrawn(generation),
        steps.told_again(generation, utcnow(), patient=False),
        judged(generation, 0),
    ]
    assert facts == [None] * len(facts)


def test_twice_and_from_an_older_attempt_changes_nothing() -> None:
    generation = opened(2)
    generation = after(generation, judged(generation, 0))
    assert judged(generation, 0) is None
    generation = after(generation, steps.gave_up(generation, 1, "model_error", "It broke."))
    generation = after(generation, steps.another_attempt(generation, utcnow()))
    assert (generation["status"], generation["attempt"], told(generation)) == ("queued", 2, ["queued"])
    assert judged(generation, 1, attempt=1) is None
    assert steps.gave_up(generation, 1, "x", "y") is None
    generation = after(generation, judged(generation, 1, attempt=2))
    assert generation["status"] == "ready"


def test_an_overdue_one_is_told_again_and_given_up_at_last() -> None:
    generation, now = opened(), utcnow() + timedelta(hours=1)
    assert steps.told_again(generation, utcnow(), patient=False) is None
    first = steps.submission(generation)
    for _ in range(steps.MAX_REISSUES):
        generation = after(generation, steps.told_again(generation, now, patient=False))
        assert steps.submission(generation).message_id != first.message_id
        now += timedelta(hours=1)
    assert generation["reissue"] == steps.MAX_REISSUES
    generation = after(generation, steps.told_again(generation, now, patient=False))
    assert (generation["status"], generation["error"]["code"]) == ("failed", "timed_out")


def test_who_stands_in_line_only_gets_more_time() -> None:
    generation, now = opened(), utcnow() + timedelta(hours=1)
    later = after(generation, steps.told_again(generation, now, patient=True))
    assert (later["reissue"], later["deadline_at"] > now) == (0, True)


def test_a_moderator_overturns_a_picture_both_ways() -> None:
    generation = opened()
    generation = after(generation, judged(generation, 0, decision=NO))
    generation = after(generation, steps.picture_allowed(generation, "i0"))
    assert (generation["status"], generation["decision"]) == ("ready", None)
    assert steps.picture_allowed(generation, "i0") is None
    generation = after(generation, steps.picture_withdrawn(generation, "i0", NO))
    assert (generation["status"], generation["decision"]["id"]) == ("blocked", "d1")


def test_a_submission_carries_the_whole_request() -> None:
    event = steps.submission(opened(2))
    assert (event.request.prompt, event.request.seed, event.request.image_ids) == ("a fox", 7, ("i0", "i1"))
    assert (event.attempt, event.reissue, list(event.moments)) == (1, 0, ["accepted"])
