"""A queue in which people take turns: everyone's first item comes before anyone's second."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Round-robin over owners, first come first served within one owner. For one event loop."""

    def __init__(self) -> None:
        self._lanes: OrderedDict[str, deque[T]] = OrderedDict()
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def put(self, owner: str, item: T) -> None:
        self._lanes.setdefault(owner, deque()).append(item)
        self._filled.set()

    def put_back(self, owner: str, item: T) -> None:
        """Give an item that was taken its place at the head of the line again."""
        self._lanes.setdefault(owner, deque()).appendleft(item)
        self._lanes.move_to_end(owner, last=False)
        self._filled.set()

    async def take(self) -> T:
        """Wait for the next item; its owner goes to the end of the line."""
        while True:
            item = self.take_if(lambda _: True)
            if item is not None:
                return item
            self._filled.clear()
            await self._filled.wait()

    def take_if(self, suits: Callable[[T], bool]) -> T | None:
        """The first owner's next item that suits, or None. Only the head of each lane is considered."""
        for owner, lane in self._lanes.items():
            if suits(lane[0]):
                item = lane.popleft()
                if lane:
                    self._lanes.move_to_end(owner)
                else:
                    del self._lanes[owner]
                return item
        return None

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
        rounds: list[T] = []
        lanes = [list(lane) for lane in self._lanes.values()]
        for turn in range(max(map(len, lanes), default=0)):
            rounds += [lane[turn] for lane in lanes if turn < len(lane)]
            if len(rounds) >= most:
                break
        return list(islice(rounds, most))
