import asyncio

from services.generation.fair_queue import FairQueue


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
    assert "c0" in [await queue.take() for _ in range(3)]


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
