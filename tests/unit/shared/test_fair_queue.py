import asyncio

import pytest

from shared import fair_queue
from shared.fair_queue import FairQueue, Turns


async def test_everyones_first_comes_before_anyones_second() -> None:
    queue: FairQueue[str] = FairQueue()
    for item in ("a1", "a2", "a3"):
        queue.put("a", item)
    queue.put("b", "b1")
    queue.put("c", "c1")
    assert queue.in_order(10) == ["a1", "b1", "c1", "a2", "a3"]
    assert [await queue.take() for _ in range(5)] == ["a1", "b1", "c1", "a2", "a3"]
    assert len(queue) == 0


async def test_a_newcomer_goes_before_the_second_turn_of_others() -> None:
    queue: FairQueue[str] = FairQueue()
    for turn in range(3):
        queue.put("a", f"a{turn}")
        queue.put("b", f"b{turn}")
    assert [await queue.take(), await queue.take()] == ["a0", "b0"]
    queue.put("c", "c0")
    assert queue.in_order(3) == ["c0", "a1", "b1"]
    assert [await queue.take() for _ in range(3)] == ["c0", "a1", "b1"]


async def test_who_asks_for_one_thing_after_the_other_does_not_go_before_others_each_time() -> None:
    queue: FairQueue[str] = FairQueue()
    for turn in range(5):
        queue.put("a", f"a{turn}")
    taken = []
    for turn in range(3):
        queue.put("b", f"b{turn}")
        taken += [await queue.take(), await queue.take()]
    assert taken == ["a0", "b0", "a1", "b1", "a2", "b2"]


def test_who_was_served_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_queue, "SERVED_REMEMBERED", 2)
    queue: FairQueue[str] = FairQueue()
    for owner in ("a", "b", "c", "a", "d"):
        queue.put(owner, owner)
        queue.take_if(lambda _: True)
    queue.put("a", "a")
    queue.put("b", "b")
    assert queue.in_order(5) == ["b", "a"]


async def test_taking_waits_for_the_next_item() -> None:
    queue: FairQueue[str] = FairQueue()
    taking = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    assert not taking.done()
    queue.put("a", "a1")
    assert await taking == "a1"


def test_only_what_suits_is_taken_and_the_rest_keeps_its_turn() -> None:
    queue: FairQueue[int] = FairQueue()
    queue.put("a", 1)
    queue.put("b", 2)
    queue.put("b", 4)
    assert queue.take_if(lambda item: item % 2 == 0) == 2
    assert queue.take_if(lambda item: item > 9) is None
    assert queue.in_order(5) == [1, 4]


def test_removing_takes_out_all_that_is_unwanted() -> None:
    queue: FairQueue[int] = FairQueue()
    for owner, item in (("a", 1), ("a", 2), ("b", 3)):
        queue.put(owner, item)
    assert queue.remove(lambda item: item != 2) == [1, 3]
    assert queue.in_order(5) == [2]


def test_the_order_told_is_bounded() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(50):
        queue.put(str(number % 5), number)
    assert queue.in_order(7) == list(range(7))


async def test_what_is_put_back_is_next_again() -> None:
    queue: FairQueue[str] = FairQueue()
    for owner, item in (("a", "a1"), ("a", "a2"), ("b", "b1")):
        queue.put(owner, item)
    taken = await queue.take()
    queue.put_back("a", taken)
    assert queue.in_order(5) == ["a1", "b1", "a2"]


async def test_what_did_not_suit_is_looked_at_again_when_asked() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.put("a", "a1")
    suits = False
    taking = asyncio.create_task(queue.take(lambda _: suits))
    await asyncio.sleep(0)
    assert not taking.done()
    suits = True
    queue.look_again()
    assert await taking == "a1"


async def test_turns_let_in_one_at_a_time_and_newcomers_first() -> None:
    turns, order = Turns(), list[str]()
    inside = 0

    async def work(owner: str, name: str) -> None:
        nonlocal inside
        async with turns.of(owner):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            order.append(name)
            inside -= 1

    await asyncio.gather(*(work("a", f"a{number}") for number in range(5)), work("b", "b0"), work("c", "c0"))
    assert order == ["a0", "b0", "c0", "a1", "a2", "a3", "a4"]


async def test_a_turn_that_fails_or_is_given_up_goes_to_the_next() -> None:
    turns = Turns()
    entered = asyncio.Event()

    async def fail() -> None:
        async with turns.of("a"):
            entered.set()
            await asyncio.sleep(0)
            raise RuntimeError("broken")

    async def wait(owner: str) -> str:
        async with turns.of(owner):
            return owner

    failing = asyncio.create_task(fail())
    await entered.wait()
    given_up, next_one = asyncio.create_task(wait("b")), asyncio.create_task(wait("c"))
    await asyncio.sleep(0)
    given_up.cancel()
    with pytest.raises(RuntimeError, match="broken"):
        await failing
    assert await asyncio.wait_for(next_one, 15) == "c"
    assert await asyncio.wait_for(wait("b"), 15) == "b"


async def test_a_turn_given_up_at_the_moment_when_it_came_is_not_kept() -> None:
    turns = Turns()

    async def wait(owner: str) -> str:
        async with turns.of(owner):
            return owner

    async with turns.of("a"):
        late = asyncio.create_task(wait("b"))
        await asyncio.sleep(0)
    late.cancel()  # its turn has come, and it has not run since
    with pytest.raises(asyncio.CancelledError):
        await late
    assert await asyncio.wait_for(wait("c"), 15) == "c"
