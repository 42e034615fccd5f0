"""What moderation decides, with stores in memory and scorers that say what the test wants."""

from __future__ import annotations

import asyncio

import pytest

from services.moderation import outage
from services.moderation.handlers import image_verdict, prompt_verdict
from services.moderation.outage import ScorerDown
from services.moderation.policy import ABSOLUTE
from services.moderation.service import MissingMedia
from shared.events import (
    ImageApproved,
    ImageRejected,
    PromptApproved,
    PromptRejected,
    Target,
)
from tests.unit.moderation.world import World, image, prompt, words


@pytest.fixture
def world() -> World:
    return World()


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


async def test_what_a_scorer_fails_on_for_the_last_time_is_held_and_told(world: World) -> None:
    world.scorer.error = world.images.error = RuntimeError("trips over these words")
    event = prompt("these words")
    record = await world.moderation.check_prompt(event, final=True)
    said = prompt_verdict(event, record)
    assert isinstance(said, PromptRejected)
    assert (said.decision.verdict, said.decision.rule) == ("hold", "scorer.failed")
    assert "could not be checked" in said.decision.reason
    assert "trips" not in record.model_dump_json()
    comment, profile = words("comment", "c1", "you …"), words("profile", "ada", "Ada")
    world.media.objects["key/h-i1"] = b"picture"
    for later in (
        world.moderation.check_words(comment, final=True),
        world.moderation.check_words(profile, final=True),
        world.moderation.check_image(image(), final=True),
    ):
        assert (await later).verdict == "hold"
    assert {entry.target_kind for entry in await world.queue()} == {"prompt", "comment", "profile", "image"}
    await world.decide("prompt", "g1", "allow")
    assert (await world.moderation.check_prompt(event, final=True)).id == record.id


async def test_while_a_scorer_fails_on_everything_nothing_is_held_for_that(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "PAUSE_S", 0.0)
    world.scorer.broken = RuntimeError("model gone")
    check = asyncio.create_task(world.moderation.check_prompt(prompt(), final=True, patient=True))
    async with asyncio.timeout(10):
        while not await down(world):  # noqa: ASYNC110 - a probe that fails tells nobody
            await asyncio.sleep(0)
    assert not check.done()
    # Who asks and does not wait is told at once.
    with pytest.raises(RuntimeError):
        await world.moderation.check_words(words("comment", "c1", "hello"))
    world.scorer.broken = None
    assert (await check).verdict == "allow"
    assert not await down(world)


async def test_what_alone_a_scorer_fails_on_is_not_waited_for(world: World) -> None:
    world.scorer.error = RuntimeError("trips over these words")
    with pytest.raises(RuntimeError):
        await world.moderation.check_prompt(prompt(), patient=True)
    assert (await world.moderation.check_prompt(prompt(), final=True, patient=True)).rule == "scorer.failed"
    assert not await down(world)


async def down(world: World) -> bool:
    try:
        await world.moderation.working()
    except ScorerDown:
        return True
    return False


async def test_a_picture_that_is_nowhere_is_not_held_but_asked_for_to_the_end(world: World) -> None:
    with pytest.raises(MissingMedia):
        await world.moderation.check_image(image(), final=True)


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


async def test_a_toxic_comment_is_held(world: World) -> None:
    world.scorer.finds("harassment", 0.95)
    record = await world.moderation.check_words(words("comment", "c1", "you …"))
    assert (record.verdict, record.target, record.stage) == ("hold", Target(kind="comment", id="c1"), "comment")
    assert len(await world.queue()) == 1
