"""What moderation decides, with stores in memory and scorers that say what the test wants."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.moderation.handlers import image_verdict, prompt_verdict
from services.moderation.policy import ABSOLUTE
from services.moderation.service import MissingMedia
from shared.events import (
    ContentReported,
    DecisionAppealed,
    DecisionMade,
    ImageApproved,
    ImageGenerated,
    ImageRejected,
    PictureRequest,
    PostCommented,
    PromptApproved,
    PromptRejected,
    PromptSubmitted,
    Rendition,
    Target,
    utcnow,
)
from tests.unit.moderation.world import World


@pytest.fixture
def world() -> World:
    return World()


def prompt(text: str = "a fox", name: str = "g1", **more: Any) -> PromptSubmitted:
    request = PictureRequest(prompt=text, model="pocket", seed=1, image_ids=("i1", "i2"), style="ink")
    at = {"accepted": utcnow() - timedelta(seconds=1)}
    return PromptSubmitted(generation_id=name, user_id="ada", moments=at, request=request, **more)


def image(name: str = "i1", index: int = 0) -> ImageGenerated:
    rendition = Rendition(image_id=name, index=index, hash=f"h-{name}", width=8, height=8, seed=1, thumbhash="")
    return ImageGenerated(generation_id="g1", user_id="ada", prompt="a fox", model="pocket", rendition=rendition)


async def test_a_harmless_prompt_goes_on_exactly_as_it_came(world: World) -> None:
    event = prompt("ａ ｆｏｘ", attempt=2, reissue=3)
    said = prompt_verdict(event, await world.moderation.check_prompt(event))
    assert isinstance(said, PromptApproved)
    assert said.request == event.request
    assert (said.generation_id, said.attempt, said.user_id, said.reissue) == ("g1", 2, "ada", 3)
    assert set(said.moments) == {"accepted", "moderated"}
    assert said.moments["accepted"] < said.moments["moderated"]


async def test_a_blocked_prompt_is_told_why_and_where_but_no_score(world: World) -> None:
    world.scorer.finds("sexual", 0.987, span=(2, 5))
    event = prompt()
    said = prompt_verdict(event, await world.moderation.check_prompt(event))
    assert isinstance(said, PromptRejected)
    assert (said.decision.verdict, said.decision.category, said.decision.rule) == ("block", "sexual", "test.sexual")
    assert said.decision.span == (2, 5)
    assert said.decision.reason
    assert "0.98" not in said.model_dump_json()
    assert await world.queue() == ()


async def test_a_held_prompt_waits_in_the_queue(world: World) -> None:
    world.scorer.finds("sexual", 0.7)
    event = prompt("the words")
    said = prompt_verdict(event, await world.moderation.check_prompt(event))
    assert isinstance(said, PromptRejected)
    assert said.decision.verdict == "hold"
    (entry,) = await world.queue()
    assert (entry.target_kind, entry.target_id, entry.text, entry.state) == ("prompt", "g1", "the words", "open")


async def test_a_scorer_that_fails_lets_nothing_pass(world: World) -> None:
    world.scorer.error = RuntimeError("model gone")
    with pytest.raises(RuntimeError):
        await world.moderation.check_prompt(prompt())
    assert world.stores.records == {}
    world.scorer.error = None
    assert (await world.moderation.check_prompt(prompt())).verdict == "allow"


async def test_what_a_scorer_overruns_on_is_held_for_a_moderator(world: World) -> None:
    world.scorer.error = world.images.error = TimeoutError()
    record = await world.moderation.check_prompt(prompt("words"))
    assert (record.verdict, record.category, record.rule) == ("hold", "unscored", "scorer.overrun")
    assert "in time" in record.reason
    world.media.objects["key/h-i1"] = b"picture"
    assert (await world.moderation.check_image(image())).verdict == "hold"
    assert {(entry.target_kind, entry.state) for entry in await world.queue()} == {
        ("prompt", "open"),
        ("image", "open"),
    }
    await world.decide("prompt", "g1", "allow")
    assert (await world.moderation.check_prompt(prompt("other words", attempt=2))).verdict == "hold"


async def test_delivered_again_it_decides_the_same_and_asks_nobody(world: World) -> None:
    first = await world.moderation.check_prompt(prompt())
    world.scorer.finds("sexual", 1.0)
    assert await world.moderation.check_prompt(prompt(reissue=1)) == first
    assert len(world.scorer.asked) == 1
    assert len(world.stores.records) == 1


async def test_another_attempt_is_another_decision(world: World) -> None:
    await world.moderation.check_prompt(prompt())
    world.scorer.finds("sexual", 1.0)
    assert (await world.moderation.check_prompt(prompt(attempt=2))).verdict == "block"


async def test_a_crash_between_decision_and_case_is_made_good(world: World) -> None:
    world.scorer.finds("sexual", 0.7)
    await world.moderation.check_prompt(prompt())
    world.stores.kept_cases.clear()
    await world.moderation.check_prompt(prompt())
    assert len(await world.queue()) == 1
    await world.decide("prompt", "g1", "allow")
    await world.moderation.check_prompt(prompt())
    assert await world.queue() == ()


async def test_a_minor_in_a_sexual_context_is_quarantined(world: World) -> None:
    world.scorer.finds(ABSOLUTE, 1.0)
    record = await world.moderation.check_prompt(prompt("unspeakable"))
    assert (record.verdict, record.text) == ("block", None)
    (entry,) = await world.queue()
    assert entry.priority == 100
    assert "unspeakable" not in entry.model_dump_json()
    assert "unspeakable" not in record.model_dump_json()


async def test_each_picture_is_decided_for_itself(world: World) -> None:
    world.media.objects = {"key/h-i1": b"1", "key/h-i2": b"2"}
    good = image("i1", 0)
    said = image_verdict(good, await world.moderation.check_image(good))
    assert isinstance(said, ImageApproved)
    assert said.rendition == good.rendition
    assert "checked" in said.moments
    world.images.finds("sexual", 0.99)
    bad = image("i2", 1)
    said = image_verdict(bad, await world.moderation.check_image(bad))
    assert isinstance(said, ImageRejected)
    assert said.rendition == bad.rendition
    assert said.decision.stage == "image"


async def test_a_picture_that_is_not_stored_yet_is_asked_for_again(world: World) -> None:
    with pytest.raises(MissingMedia):
        await world.moderation.check_image(image())
    assert world.stores.records == {}


async def test_a_picture_that_moderators_blocked_is_known_again(world: World) -> None:
    world.media.objects = {"key/h-i1": b"1", "key/h-i2": b"2"}
    await world.moderation.check_image(image("i1"))
    await world.decide("image", "i1", "block")
    world.images.fingerprint = "000000000000001f"
    again = await world.moderation.check_image(image("i2", 1))
    assert (again.verdict, again.rule) == ("block", "block_list")
    await world.decide("image", "i1", "allow", "was fine after all")
    assert world.stores.pictures == set()


async def test_a_wrongly_blocked_person_gets_through(world: World) -> None:
    world.scorer.finds("sexual", 0.99)
    blocked = await world.moderation.check_prompt(prompt("chicken breast"))
    appeal = DecisionAppealed(decision_id=blocked.id, user_id="ada", text="it is a recipe")
    await world.review.appeal(appeal)
    (entry,) = await world.queue()
    assert any("it is a recipe" in why for why in entry.why)
    assert [step["verdict"] for step in entry.history] == ["block"]

    name = await world.decide("prompt", "g1", "allow", "a recipe")
    (event,) = world.stores.told
    assert isinstance(event, DecisionMade)
    assert (event.decision_id, event.owner_id, event.decision.verdict) == (name, "ada", "allow")
    assert event.target == Target(kind="prompt", id="g1")
    assert event.context == {"generation_id": "g1", "attempt": 1}
    assert await world.queue() == ()

    assert (await world.moderation.check_prompt(prompt("chicken breast", attempt=2))).verdict == "allow"
    (case,) = await world.stores.overturned()
    assert (case.stage, case.text) == ("prompt", "chicken breast")


async def test_every_verdict_can_be_reversed_and_none_is_erased(world: World) -> None:
    world.scorer.finds("sexual", 0.99)
    await world.moderation.check_prompt(prompt())
    for verdict in ("allow", "block", "allow"):
        assert await world.decide("prompt", "g1", verdict)
    history = await world.stores.history(Target(kind="prompt", id="g1"))
    assert [record.verdict for record in history] == ["block", "allow", "block", "allow"]
    assert [record.supersedes for record in history][1:] == [record.id for record in history][:-1]
    await world.decide("prompt", "g1", "block")
    assert await world.stores.overturned() == []


async def test_a_verdict_on_the_unknown_is_refused(world: World) -> None:
    assert await world.decide("prompt", "nothing", "allow") is None
    assert await world.decide("planet", "earth", "block") is None
    assert world.stores.told == []


async def test_nobody_appeals_for_someone_else(world: World) -> None:
    world.scorer.finds("sexual", 0.99)
    blocked = await world.moderation.check_prompt(prompt())
    await world.review.appeal(DecisionAppealed(decision_id=blocked.id, user_id="eve", text="please"))
    await world.review.appeal(DecisionAppealed(decision_id="unknown", user_id="ada", text="please"))
    assert await world.queue() == ()


async def test_a_toxic_comment_is_held(world: World) -> None:
    world.scorer.finds("harassment", 0.95)
    comment = PostCommented(post_id="p1", author_id="bob", user_id="ada", comment_id="c1", text="you …")
    record = await world.moderation.check_comment(comment)
    assert (record.verdict, record.target, record.context) == (
        "hold",
        Target(kind="comment", id="c1"),
        {"post_id": "p1"},
    )
    assert len(await world.queue()) == 1


def report(name: str, who: str, reason: str, target: str = "p1") -> ContentReported:
    return ContentReported(
        report_id=name,
        reporter_id=who,
        target=Target(kind="post", id=target),
        owner_id="ada",
        reason=reason,
        text="see",
    )


async def test_reports_hide_nothing_and_stand_in_order_of_urgency(world: World) -> None:
    await world.review.report(report("r1", "bob", "spam", "p1"))
    await world.review.report(report("r2", "cy", "hate", "p2"))
    await world.review.report(report("r3", "di", "intimate_image", "p3"))
    entries = await world.queue()
    assert [entry.target_id for entry in entries] == ["p3", "p2", "p1"]
    assert any("due by" in why for why in entries[0].why)
    assert world.stores.records == {}


async def test_a_mob_counts_little_and_a_liar_less(world: World) -> None:
    for number in range(30):
        await world.review.report(report(f"m{number}", f"mob{number}", "spam", "p1"))
    await world.review.report(report("r", "bob", "violence", "p2"))
    assert [entry.target_id for entry in await world.queue()] == ["p2", "p1"]

    for number in range(4):
        await world.review.report(report(f"l{number}", "liar", "violence", f"q{number}"))
        await world.decide("post", f"q{number}", "allow")
    await world.review.report(report("l", "liar", "violence", "p3"))
    priorities = {entry.target_id: entry.priority for entry in await world.queue()}
    assert priorities["p3"] < priorities["p2"]


async def test_a_report_delivered_twice_is_one_report(world: World) -> None:
    for _ in range(2):
        await world.review.report(report("r1", "bob", "spam"))
    (entry,) = await world.queue()
    assert len([step for step in entry.history if step["kind"] == "report"]) == 1
    assert len([why for why in entry.why if why.startswith("reported")]) == 1
