"""Questions get an answer or a clear "nobody"; news of the moment reaches everybody, or one of a group."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from shared.bus import Bus, Unanswered
from shared.live import GenerationProgressed
from shared.queries import FeedItem, FeedItems, FeedPage, Reason
from tests.stream.conftest import StartService, until

QUESTION = FeedPage(viewer_id="ada", mode="following")


async def test_a_question_is_answered_with_its_type(start_service: StartService) -> None:
    item = FeedItem(post_id="p1", reasons=(Reason(code="followed", text="You follow Ada"),), feed_context="x")

    def register(bus: Bus) -> None:
        @bus.answer(FeedPage)
        async def page(question: FeedPage) -> FeedItems:
            return FeedItems(items=(item,), next_cursor=question.viewer_id)

    await start_service("feed", register)
    gateway = await start_service("gateway")
    assert await gateway.ask(QUESTION) == FeedItems(items=(item,), next_cursor="ada")


async def test_nobody_there_is_known_at_once(start_service: StartService) -> None:
    gateway = await start_service("gateway")
    with pytest.raises(Unanswered, match="nobody answers"):
        await asyncio.wait_for(gateway.ask(QUESTION, timeout_s=60), 10)


@pytest.mark.parametrize("failure", [ValueError("no index"), KeyError("x")])
async def test_a_failing_answer_is_no_answer_and_tells_nothing(start_service: StartService, failure: Exception) -> None:
    def register(bus: Bus) -> None:
        @bus.answer(FeedPage)
        async def page(_: FeedPage) -> FeedItems:
            raise failure

    await start_service("feed", register)
    gateway = await start_service("gateway")
    with pytest.raises(Unanswered) as raised:
        await asyncio.wait_for(gateway.ask(QUESTION, timeout_s=60), 10)
    assert str(failure) not in str(raised.value)


async def test_a_slow_answer_is_no_answer(start_service: StartService) -> None:
    def register(bus: Bus) -> None:
        @bus.answer(FeedPage)
        async def page(_: FeedPage) -> FeedItems:
            await asyncio.sleep(0.5)
            return FeedItems()

    await start_service("feed", register)
    gateway = await start_service("gateway")
    with pytest.raises(Unanswered, match="took more than"):
        await gateway.ask(QUESTION, timeout_s=0.1)


async def test_the_processes_of_a_service_share_the_questions(start_service: StartService) -> None:
    answered: Counter[int] = Counter()

    def process(number: int) -> object:
        def register(bus: Bus) -> None:
            @bus.answer(FeedPage)
            async def page(_: FeedPage) -> FeedItems:
                answered[number] += 1
                return FeedItems()

        return register

    for number in range(2):
        await start_service("feed", process(number))
    gateway = await start_service("gateway")
    await asyncio.gather(*(gateway.ask(QUESTION, timeout_s=10) for _ in range(60)))
    assert answered.total() == 60
    assert set(answered) == {0, 1}


async def test_live_news_reaches_every_process_or_one_of_a_group(start_service: StartService) -> None:
    heard: Counter[tuple[str, int]] = Counter()

    def process(number: int) -> object:
        def register(bus: Bus) -> None:
            @bus.hear(GenerationProgressed)
            async def everyone(_: GenerationProgressed) -> None:
                heard["every", number] += 1

            @bus.hear(GenerationProgressed, shared=True)
            async def one(_: GenerationProgressed) -> None:
                heard["one", number] += 1

        return register

    for number in range(3):
        await start_service("gateway", process(number))
    generation = await start_service("generation")
    for step in range(20):
        await generation.tell(GenerationProgressed(generation_id="g1", progress=step / 20))

    async def all_heard() -> bool:
        return heard.total() >= 80

    await until(all_heard)
    assert [heard["every", number] for number in range(3)] == [20, 20, 20]
    assert sum(heard["one", number] for number in range(3)) == 20


async def test_news_of_the_wrong_form_is_dropped_and_the_next_is_heard(start_service: StartService) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()

    def register(bus: Bus) -> None:
        @bus.hear(GenerationProgressed)
        async def hear(news: GenerationProgressed) -> None:
            heard.put_nowait(news.generation_id)

    await start_service("gateway", register)
    generation = await start_service("generation")
    await generation.broker.publish(b"{", GenerationProgressed.subject)
    await generation.tell(GenerationProgressed(generation_id="g1", progress=1))
    assert await asyncio.wait_for(heard.get(), 10) == "g1"
