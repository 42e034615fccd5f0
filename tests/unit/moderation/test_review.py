"""Reports, appeals, verdicts and their undoing, with stores in memory."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from services.moderation.policy import Policy
from services.moderation.review import Review
from shared.events import (
    ContentReported,
    DecisionAppealed,
    DecisionMade,
    Target,
    TargetKind,
)
from tests.unit.moderation.world import World, image, prompt, words


@pytest.fixture
def world() -> World:
    return World()


def report(name: str, who: str, reason: str, target: str = "p1") -> ContentReported:
    return ContentReported(
        report_id=name,
        reporter_id=who,
        target=Target(kind="post", id=target),
        owner_id="ada",
        reason=reason,
        text="see",
    )


async def test_a_picture_that_moderators_blocked_is_known_again(world: World) -> None:
    world.media.objects = {"key/h-i1": b"1", "key/h-i2": b"2"}
    await world.moderation.check_image(image("i1"))
    await world.decide("image", "i1", "block")
    world.images.fingerprint = "000000000000001f"
    again = await world.moderation.check_image(image("i2", 1))
    assert (again.verdict, again.rule) == ("block", "block_list")
    await world.decide("image", "i1", "allow", "was fine after all")
    assert world.stores.pictures == set()


async def test_what_was_looked_at_is_said(world: World) -> None:
    await world.review.report(report("r1", "bob", "spam"))
    await world.review.report(report("r2", "bob", "spam").model_copy(update={"target": Target(kind="user", id="ada")}))
    await world.decide("post", "p1", "block")
    await world.decide("user", "ada", "block")
    assert [event.decision.stage for event in world.stores.told] == ["post", "user"]  # type: ignore[attr-defined]


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


@pytest.mark.parametrize("kind", ["post", "profile"])
async def test_new_words_of_what_people_stopped_are_held_until_they_allow_them(world: World, kind: TargetKind) -> None:
    assert (await world.moderation.check_words(words(kind, "x", "fine"))).verdict == "allow"
    blocked = await world.decide(kind, "x", "block")
    for text in ("finest", "finer"):
        record = await world.moderation.check_words(words(kind, "x", text))
        assert (record.verdict, record.rule, record.supersedes) == ("hold", "stopped_before", None)
    (entry,) = await world.queue()
    assert entry.text == "finer"
    # What stands now is that they are held, so it is not the block that can be undone.
    assert await world.undo(blocked) is None
    allowed = await world.decide(kind, "x", "allow")
    assert (await world.stores.decision(await world.undo(allowed) or "")).verdict == "hold"
    await world.decide(kind, "x", "allow")
    assert (await world.moderation.check_words(words(kind, "x", "other"))).verdict == "allow"


async def test_two_verdicts_at_once_follow_each_other(world: World) -> None:
    world.scorer.finds("sexual", 0.99)
    await world.moderation.check_prompt(prompt("chicken breast"))
    await asyncio.gather(*(world.decide("prompt", "g1", verdict) for verdict in ("allow", "block") * 2))
    history = await world.stores.history(Target(kind="prompt", id="g1"))
    assert [record.supersedes for record in history][1:] == [record.id for record in history][:-1]
    assert await world.stores.allowed("prompt", "f") == (history[-1].verdict == "allow")


async def test_a_clock_that_is_behind_puts_no_verdict_before_what_it_overrides(world: World) -> None:
    world.scorer.finds("sexual", 0.99)
    blocked = await world.moderation.check_prompt(prompt())
    world.review = Review(
        policy=Policy.load(), decisions=world.stores, cases=world.stores, clock=lambda: blocked.at - timedelta(hours=1)
    )
    await world.decide("prompt", "g1", "allow")
    assert [record.verdict for record in await world.stores.history(blocked.target)] == ["block", "allow"]


async def test_undone_a_block_by_the_policy_stands_again_as_it_was_told(world: World) -> None:
    world.scorer.finds("sexual", 0.99, span=(2, 5))
    blocked = await world.moderation.check_prompt(prompt())
    await world.review.appeal(DecisionAppealed(decision_id=blocked.id, user_id="ada", text="why?"))
    undone = await world.undo(await world.decide("prompt", "g1", "allow"))
    assert undone
    assert world.stores.told[-1].decision == blocked.shown().model_copy(update={"id": undone})
    assert await world.stores.overturned() == []
    (entry,) = await world.queue()
    assert entry.history[-1]["undone_by"] == "mia"
    standing = await world.stores.standing("ada", blocked.at - timedelta(days=1))
    assert (standing.stopped, standing.strikes) == (1, 0)
    assert (await world.moderation.check_prompt(prompt(attempt=2))).verdict == "block"


async def test_undone_an_allowing_by_people_stands_again_with_its_case_closed(world: World) -> None:
    world.scorer.finds("sexual", 0.99)
    await world.moderation.check_prompt(prompt("chicken breast"))
    await world.decide("prompt", "g1", "allow", "a recipe")
    await world.undo(await world.decide("prompt", "g1", "block"))
    assert await world.queue() == ()
    assert (await world.moderation.check_prompt(prompt("chicken breast", attempt=2))).rule == "allow_list"
    assert world.stores.told[-1].decision.reason == "a recipe"


async def test_undoing_can_be_undone(world: World) -> None:
    world.media.objects["key/h-i1"] = b"1"
    await world.moderation.check_image(image())
    blocked = await world.decide("image", "i1", "block", "not this")
    assert world.stores.pictures == {world.images.fingerprint}
    undone = await world.undo(blocked)
    assert world.stores.pictures == set()
    again = await world.undo(undone)
    assert world.stores.pictures == {world.images.fingerprint}
    assert world.stores.told[-1].decision.model_copy(update={"id": ""}) == world.stores.told[0].decision.model_copy(
        update={"id": ""}
    )
    assert len({blocked, undone, again}) == 3


async def test_undone_a_block_of_what_was_only_reported_leaves_it_standing_and_its_report_open(world: World) -> None:
    await world.review.report(report("r1", "bob", "spam"))
    await world.undo(await world.decide("post", "p1", "block"))
    assert world.stores.told[-1].decision.verdict == "allow"
    assert [entry.target_id for entry in await world.queue()] == ["p1"]
    assert await world.stores.reputation("bob") == (0, 0)


async def test_only_the_last_verdict_of_people_can_be_undone(world: World) -> None:
    world.scorer.finds("sexual", 0.99)
    automatic = await world.moderation.check_prompt(prompt())
    first = await world.decide("prompt", "g1", "allow")
    last = await world.decide("prompt", "g1", "block")
    for name in (automatic.id, first, "unknown"):
        assert await world.undo(name) is None
    outcomes = await asyncio.gather(*(world.undo(last) for _ in range(3)))
    assert len([name for name in outcomes if name]) == 1


async def test_a_verdict_on_the_unknown_is_refused(world: World) -> None:
    assert await world.decide("prompt", "nothing", "allow") is None
    assert world.stores.told == []


async def test_a_verdict_on_what_nobody_reported_begins_its_history(world: World) -> None:
    first = await world.decide("post", "p9", "block", owner="ada")
    (event,) = world.stores.told
    assert isinstance(event, DecisionMade)
    assert (event.decision_id, event.owner_id, event.target.id, event.decision.verdict) == (first, "ada", "p9", "block")
    assert await world.decide("post", "p9", "hold", owner="eve") != first
    assert {each.owner_id for each in await world.stores.history(Target(kind="post", id="p9"))} == {"ada"}
    assert await world.undo(await world.decide("user", "bob", "block", owner="bob"))
    assert world.stores.told[-1].decision.verdict == "allow"  # type: ignore[attr-defined]


async def test_nobody_appeals_for_someone_else(world: World) -> None:
    world.scorer.finds("sexual", 0.99)
    blocked = await world.moderation.check_prompt(prompt())
    await world.review.appeal(DecisionAppealed(decision_id=blocked.id, user_id="eve", text="please"))
    await world.review.appeal(DecisionAppealed(decision_id="unknown", user_id="ada", text="please"))
    assert await world.queue() == ()


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
