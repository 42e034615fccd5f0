"""A line in which people take turns: everyone's first item comes before anyone's second."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")

SERVED_REMEMBERED = 10_000


class FairQueue(Generic[T]):
    """Whoever was served longest ago is next, newcomers before all; first come first served within one owner.

    Among owners who always have something waiting that is round-robin. That earlier turns are remembered when an owner
    has nothing left in line keeps those who ask for one thing after the other from going before others each time.
    For one event loop.
    """

    def __init__(self) -> None:
        self._lanes: dict[str, deque[T]] = {}
        self._served: OrderedDict[str, int] = OrderedDict()
        self._turns = self._returned = 0
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def put(self, owner: str, item: T) -> None:
        self._lanes.setdefault(owner, deque()).append(item)
        self._filled.set()

    def put_back(self, owner: str, item: T) -> None:
        """Give an item that was taken its place at the head of the line again."""
        self._lanes.setdefault(owner, deque()).appendleft(item)
        self._returned -= 1
        self._served[owner] = self._returned
        self._filled.set()

    async def take(self, suits: Callable[[T], bool] = lambda _: True) -> T:
        """Wait for the next item that suits; its owner goes to the end of the line. Call `look_again` when what was
        passed over may suit by now."""
        while True:
            item = self.take_if(suits)
            if item is not None:
                return item
            self._filled.clear()
            await self._filled.wait()

    def take_if(self, suits: Callable[[T], bool]) -> T | None:
        """The first owner's next item that suits, or None. Only the head of each lane is considered."""
        for owner in self._line():
            lane = self._lanes[owner]
            if suits(lane[0]):
                item = lane.popleft()
                if not lane:
                    del self._lanes[owner]
                self._note_served(owner)
                return item
        return None

    def look_again(self) -> None:
        """Have everyone who waits for an item look through the line once more."""
        self._filled.set()

    def remove(self, unwanted: Callable[[T], bool]) -> list[T]:
        """Take out every item that is unwanted and return them."""
        removed: list[T] = []
        for owner in list(self._lanes):
            lane = self._lanes[owner]
            removed += [item for item in lane if unwanted(item)]
            kept = deque(item for item in lane if not unwanted(item))
            if kept:
                self._lanes[owner] = kept
            else:
                del self._lanes[owner]
        return removed

    def in_order(self, most: int) -> list[T]:
        """Up to `most` items in the order in which they will be taken if nothing is added."""
        lanes = [self._lanes[owner] for owner in self._line()]
        return list(islice(_rounds(lanes), most))

    def _line(self) -> list[str]:
        return sorted(self._lanes, key=lambda owner: self._served.get(owner, 0))

    def _note_served(self, owner: str) -> None:
        self._turns += 1
        self._served[owner] = self._turns
        self._served.move_to_end(owner)
        if len(self._served) > SERVED_REMEMBERED:
            self._served.popitem(last=False)


class Turns:
    """Lets one in after the other, in their owners' turns. For one event loop."""

    def __init__(self) -> None:
        self._waiting: FairQueue[asyncio.Future[None]] = FairQueue()
        self._taken = False

    @asynccontextmanager
    async def of(self, owner: str) -> AsyncIterator[None]:
        """Wait for the owner's turn, which lasts as long as the context is open."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put(owner, turn)
        self._next()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it came at the very moment
                self._end()
            self._waiting.remove(lambda other: other is turn)
            raise
        try:
            yield
        finally:
            self._end()

    def _end(self) -> None:
        self._taken = False
        self._next()

    def _next(self) -> None:
        if self._taken:
            return
        while (turn := self._waiting.take_if(lambda _: True)) is not None:
            if not turn.cancelled():
                self._taken = True
                turn.set_result(None)
                return


def _rounds(lanes: list[deque[T]]) -> Iterator[T]:
    for turn in range(max(map(len, lanes), default=0)):
        for lane in lanes:
            if turn < len(lane):
                yield lane[turn]
