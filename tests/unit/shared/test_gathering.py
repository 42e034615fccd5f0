"""Questions that come while one is on its way are asked together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from shared.gathering import MOST, Gathered


class Other:
    """Answers as often as it is let to, with the questions themselves; is away for -1 and can't make sense of -2."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.turns = asyncio.Semaphore(0)

    def let(self, times: int) -> None:
        for _ in range(times):
            self.turns.release()

    async def answer(self, questions: Sequence[int]) -> list[int]:
        self.asked.append(list(questions))
        await self.turns.acquire()
        if -1 in questions:
            raise ConnectionError("away")
        if -2 in questions:
            raise ValueError("what is that?")
        return list(questions)


async def begin(gathered: Gathered[int, int], *questions: int) -> list[asyncio.Task[int]]:
    """Ask all; they are on their way or waiting afterwards."""
    tasks = [asyncio.create_task(gathered.ask(question)) for question in questions]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_what_comes_meanwhile_goes_together_and_everybody_gets_their_own_answer() -> None:
    other = Other()
    gathered = Gathered(other.answer, everybodys=ConnectionError)
    tasks = await begin(gathered, 1)
    tasks += await begin(gathered, 2, 3)
    tasks += await begin(gathered, 4)
    other.let(9)
    assert await asyncio.gather(*tasks) == [1, 2, 3, 4]
    assert other.asked == [[1], [2, 3, 4]]


async def test_that_the_other_side_is_away_is_told_to_those_who_asked_then() -> None:
    other = Other()
    gathered = Gathered(other.answer, everybodys=ConnectionError)
    first = await begin(gathered, 1)
    second = await begin(gathered, -1, 3)
    other.let(9)
    assert await asyncio.gather(*first) == [1]
    told = await asyncio.gather(*second, return_exceptions=True)
    assert [type(each) for each in told] == [ConnectionError, ConnectionError]
    assert await gathered.ask(5) == 5


async def test_nobody_fails_by_anothers_question() -> None:
    other = Other()
    gathered = Gathered(other.answer, everybodys=ConnectionError)
    tasks = await begin(gathered, 1)
    tasks += await begin(gathered, 2, -2, 3)
    other.let(9)
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert [told[0], told[1], type(told[2]), told[3]] == [1, 2, ValueError, 3]


async def test_who_gives_up_takes_nobody_along() -> None:
    other = Other()
    gathered = Gathered(other.answer, everybodys=ConnectionError)
    tasks = await begin(gathered, 1)
    tasks += await begin(gathered, 2, 3)
    tasks[0].cancel()  # its question is on its way
    tasks[1].cancel()  # its question is waiting
    other.let(9)
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in told] == [asyncio.CancelledError, asyncio.CancelledError, int]
    assert other.asked == [[1], [3]]


async def test_who_gives_up_does_not_have_what_is_on_its_way_for_others_sent_again() -> None:
    other = Other()
    gathered = Gathered(other.answer, everybodys=ConnectionError)
    tasks = await begin(gathered, 1)
    tasks += await begin(gathered, 2, 3)
    other.let(1)
    await tasks[0]
    tasks[1].cancel()
    other.let(1)
    assert await tasks[2] == 3
    assert other.asked == [[1], [2, 3]]


@pytest.mark.parametrize("count", [MOST + 1, 2 * MOST + 1])
async def test_more_than_go_together_go_one_batch_after_the_other(count: int) -> None:
    other = Other()
    gathered = Gathered(other.answer, everybodys=ConnectionError)
    tasks = await begin(gathered, 0)
    tasks += await begin(gathered, *range(1, count + 1))
    other.let(9)
    assert await asyncio.gather(*tasks) == list(range(count + 1))
    assert max(map(len, other.asked)) == MOST
    assert len(other.asked) == 2 + count // MOST
