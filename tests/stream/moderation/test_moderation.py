"""Moderation on a real broker and a real database: what goes in comes out once, and nothing passes unchecked."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from asgi_lifespan import LifespanManager
from nats.js import JetStreamContext

from services.moderation import outage
from services.moderation.main import create_app
from services.moderation.policy import Finding
from services.moderation.ports import Assessment
from services.moderation.regressions import read_cases
from services.moderation.settings import ModerationSettings
from shared import delivery
from shared.bus import Bus
from shared.events import (
    DecisionAppealed,
    DecisionMade,
    Event,
    ImageApproved,
    ImageGenerated,
    ImageRejected,
    PictureRequest,
    PromptApproved,
    PromptRejected,
    PromptSubmitted,
    Rendition,
    Target,
    WordsStopped,
)
from shared.queries import Decide, JudgeWords, ModerationQueue, Undo
from shared.settings import MongoSettings
from shared.topology import consumer
from tests.unit.moderation.world import words


class WordScorer:
    """Blocks what contains "bad"; fails on `trips_over`, and on all while `down`; waits while `at_work` is not set."""

    def __init__(self) -> None:
        self.down = False
        self.trips_over = ""
        self.at_work = asyncio.Event()
        self.at_work.set()
        self.failed = asyncio.Event()

    async def score(self, content: Any, stage: str = "image") -> Assessment:
        if self.down or content == self.trips_over:
            self.failed.set()
            raise RuntimeError("the model is gone")
        await self.at_work.wait()
        found = "bad" in content if isinstance(content, str) else b"bad" in content
        findings = (Finding(category="sexual", score=1.0, rule="test.bad"),) if found else ()
        return Assessment(
            scores={"sexual": float(found)}, findings=findings, fingerprint=content if isinstance(content, str) else ""
        )

    async def works(self) -> None:
        if self.down:
            raise RuntimeError("the model is gone")


class Media:
    async def get(self, key: str) -> bytes | None:
        return key.encode()


@pytest.fixture
async def scorer(settings: MongoSettings) -> AsyncIterator[WordScorer]:
    """The whole service, with a scorer of words instead of its models."""
    words = WordScorer()
    app = create_app(ModerationSettings.model_validate(settings.model_dump()), texts=words, images=words, media=Media())
    async with LifespanManager(app, startup_timeout=30, shutdown_timeout=30):
        yield words


@pytest.fixture
def regression_file(settings: MongoSettings) -> Path:
    return ModerationSettings.model_validate(settings.model_dump()).regression_file


class Gateway:
    """The other side: says and hears what the gateway does."""

    def __init__(self, bus: Bus) -> None:
        self.bus, self.heard = bus, asyncio.Queue[Event]()

    async def hears(self, count: int) -> list[Event]:
        async with asyncio.timeout(20):
            return [await self.heard.get() for _ in range(count)]


@pytest.fixture
async def gateway(settings: MongoSettings, scorer: WordScorer) -> AsyncIterator[Gateway]:
    bus = Bus(settings, "gateway")
    side = Gateway(bus)
    for kind in (PromptRejected, ImageApproved, ImageRejected, WordsStopped, DecisionMade):
        bus.on(kind)(side.heard.put)
    generation = Bus(settings, "generation")
    generation.on(PromptApproved)(side.heard.put)
    await bus.start()
    await generation.start()
    yield side
    await asyncio.gather(bus.stop(), generation.stop())


def prompt(text: str, name: str) -> PromptSubmitted:
    request = PictureRequest(prompt=text, model="pocket", seed=1, image_ids=("i1",))
    return PromptSubmitted(generation_id=name, user_id="ada", request=request)


def image(name: str, index: int) -> ImageGenerated:
    rendition = Rendition(image_id=name, index=index, hash=name, width=8, height=8, seed=1, thumbhash="")
    return ImageGenerated(generation_id="g", user_id="ada", prompt="x", model="pocket", rendition=rendition)


async def test_each_prompt_and_each_picture_gets_one_verdict(gateway: Gateway) -> None:
    for event in (prompt("good", "g1"), prompt("bad", "g2"), image("fine", 0), image("bad", 1)):
        await gateway.bus.emit(event)
    heard = {type(event): event for event in await gateway.hears(4)}
    assert heard[PromptApproved].generation_id == "g1"  # type: ignore[attr-defined]
    assert heard[PromptRejected].generation_id == "g2"  # type: ignore[attr-defined]
    assert heard[ImageApproved].rendition.image_id == "fine"  # type: ignore[attr-defined]
    assert heard[ImageRejected].rendition.image_id == "bad"  # type: ignore[attr-defined]
    assert gateway.heard.empty()


async def test_said_again_by_the_reconciler_it_gives_the_same_verdict(gateway: Gateway) -> None:
    await gateway.bus.emit(prompt("bad", "g1"))
    (first,) = await gateway.hears(1)
    await gateway.bus.emit(prompt("bad", "g1").model_copy(update={"reissue": 1}))
    (second,) = await gateway.hears(1)
    assert isinstance(first, PromptRejected)
    assert isinstance(second, PromptRejected)
    assert first.decision == second.decision


async def test_while_the_scorer_fails_everything_waits_and_then_passes_in_order(
    gateway: Gateway, scorer: WordScorer, jetstream: JetStreamContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Were it to be delivered again, the first failure would be the last.
    monkeypatch.setattr(delivery, "RETRY_DELAYS_S", ())
    monkeypatch.setattr(outage, "PAUSE_S", 0.05)
    scorer.down = True
    for number in range(5):
        await gateway.bus.emit(prompt("good", f"g{number}"))
    await gateway.bus.emit(image("fine", 0))
    await asyncio.wait_for(scorer.failed.wait(), 10)
    await eventually(lambda: taken(jetstream, 5))
    assert gateway.heard.empty()
    scorer.down = False
    heard = await gateway.hears(6)
    assert {type(event) for event in heard} == {PromptApproved, ImageApproved}
    assert [event.generation_id for event in heard if isinstance(event, PromptApproved)] == [f"g{n}" for n in range(5)]


async def taken(jetstream: JetStreamContext, count: int) -> bool:
    """Whether so many prompts lie in moderation's own queue."""
    row = consumer("moderation", PromptSubmitted)
    return (await jetstream.consumer_info("EVENTS", row.durable)).num_ack_pending == count


async def eventually(check: Callable[[], Any]) -> Any:
    async with asyncio.timeout(20):
        while not (found := await check()):  # noqa: ASYNC110 - nobody tells when the appeal has been taken
            await asyncio.sleep(0.05)
    return found


async def kept_are(path: Path, texts: set[str]) -> None:
    """Wait until the regression file holds these texts, and no others."""

    def texts_in() -> set[str] | None:
        return {case.text for case in read_cases(path)} if path.exists() else None

    async def kept() -> bool:
        return texts_in() == texts

    await eventually(kept)


async def test_a_prompt_that_a_scorer_always_fails_on_is_held_and_the_person_told(
    gateway: Gateway, scorer: WordScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "RETRY_DELAYS_S", (0.05,) * 3)
    scorer.trips_over = "good"
    await gateway.bus.emit(prompt("good", "g1"))
    (said,) = await gateway.hears(1)
    assert isinstance(said, PromptRejected)
    assert (said.decision.verdict, said.decision.rule) == ("hold", "scorer.failed")
    (entry,) = (await gateway.bus.ask(ModerationQueue())).items
    assert (entry.target_id, entry.text) == ("g1", "good")


@pytest.mark.parametrize("kind", [PromptSubmitted, ImageGenerated])
async def test_one_persons_hundred_do_not_hold_up_anothers_first(
    gateway: Gateway, scorer: WordScorer, jetstream: JetStreamContext, kind: type[Event]
) -> None:
    def event(number: int, user: str) -> Event:
        asked, painted = prompt("good", f"{user} {number}"), image("fine", number)
        one = asked if kind is PromptSubmitted else painted
        return one.model_copy(update={"user_id": user, "generation_id": f"{user} {number}"})

    scorer.at_work.clear()
    for number in range(100):
        await gateway.bus.emit(event(number, "ada"))
    await gateway.bus.emit(event(0, "ben"))

    async def all_in_hand() -> bool:
        row = await jetstream.consumer_info("EVENTS", consumer("moderation", kind).durable)
        return (row.num_pending, row.num_ack_pending) == (0, 101)

    await eventually(all_in_hand)
    await gateway.bus.ask(ModerationQueue())  # whose answer comes after what was sent there before
    scorer.at_work.set()
    heard = [
        said.generation_id for said in await gateway.hears(101) if isinstance(said, PromptApproved | ImageApproved)
    ]
    assert heard.index("ben 0") < 3
    assert len(set(heard)) == 101


async def test_from_the_block_to_an_overturned_verdict_and_a_regression_case(
    gateway: Gateway, regression_file: Path
) -> None:
    await gateway.bus.emit(prompt("a bad hair day", "g1"))
    (rejected,) = await gateway.hears(1)
    assert isinstance(rejected, PromptRejected)
    await gateway.bus.emit(DecisionAppealed(decision_id=rejected.decision.id, user_id="ada", text="it's hair"))

    async def case() -> Any:
        return (await gateway.bus.ask(ModerationQueue())).items

    (entry,) = await eventually(case)
    assert entry.text == "a bad hair day"
    verdict = Decide(actor_id="mo", target=Target(kind="prompt", id=entry.target_id), verdict="allow", reason="hair")
    answer = await gateway.bus.ask(verdict)
    (made,) = await gateway.hears(1)
    assert isinstance(made, DecisionMade)
    assert (made.decision_id, made.context["generation_id"]) == (answer.decision_id, "g1")
    assert (await gateway.bus.ask(ModerationQueue())).items == ()
    assert (await gateway.bus.ask(ModerationQueue(state="closed"))).items[0].target_id == "g1"
    await kept_are(regression_file, {"a bad hair day"})
    await gateway.bus.emit(prompt("a bad hair day", "g2"))
    (passed,) = await gateway.hears(1)
    assert isinstance(passed, PromptApproved)
    answer = await gateway.bus.ask(verdict.model_copy(update={"verdict": "block", "reason": "not hair"}))
    await kept_are(regression_file, set())
    await gateway.bus.ask(Undo(actor_id="mo", decision_id=answer.decision_id or ""))
    await kept_are(regression_file, {"a bad hair day"})
    blocked, undone = await gateway.hears(2)
    assert isinstance(blocked, DecisionMade)
    assert isinstance(undone, DecisionMade)
    assert (blocked.decision.reason, undone.decision.reason) == ("not hair", "hair")


async def test_of_words_that_it_stops_whoever_asked_hears_and_their_author(gateway: Gateway) -> None:
    fine, bad = (words("post", text, text) for text in ("fine", "bad"))
    assert (await gateway.bus.ask(JudgeWords(words=fine))).verdict == "allow"
    stopped = await gateway.bus.ask(JudgeWords(words=bad))
    assert stopped.verdict != "allow"
    (told,) = await gateway.hears(1)
    assert isinstance(told, WordsStopped)
    assert (told.target, told.owner_id, told.decision) == (bad.target, "ada", stopped.decision)


async def test_many_verdicts_at_once_all_get_into_the_regression_file(gateway: Gateway, regression_file: Path) -> None:
    texts = {f"g{number}": f"a bad hair day, number {number}" for number in range(8)}
    for name, text in texts.items():
        await gateway.bus.emit(prompt(text, name))
    await gateway.hears(len(texts))
    verdicts = [
        Decide(actor_id="mo", target=Target(kind="prompt", id=name), verdict="allow", reason="hair") for name in texts
    ]
    await asyncio.gather(*(gateway.bus.ask(verdict) for verdict in verdicts))
    await kept_are(regression_file, set(texts.values()))


async def test_a_regression_file_that_can_not_be_written_stops_no_verdict(
    gateway: Gateway, regression_file: Path
) -> None:
    await gateway.bus.emit(prompt("a bad hair day", "g1"))
    await gateway.hears(1)
    await kept_are(regression_file, set())
    shutil.rmtree(regression_file.parent)
    regression_file.parent.write_text("no folder")
    verdict = Decide(actor_id="mo", target=Target(kind="prompt", id="g1"), verdict="allow", reason="hair")
    assert (await gateway.bus.ask(verdict)).decision_id is not None


async def test_a_verdict_on_the_unknown_is_answered(gateway: Gateway) -> None:
    verdict = Decide(actor_id="mo", target=Target(kind="prompt", id="nothing"), verdict="allow", reason="?")
    assert (await gateway.bus.ask(verdict)).decision_id is None
