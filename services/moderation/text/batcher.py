"""Putting what waits at one time into one call: a queue, a size, one call in flight. Nobody waits for company."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Batcher(Generic[T, R]):
    """Runs `work` in a thread on up to `size` waiting items at once; results come in the order of the items."""

    def __init__(self, work: Callable[[list[T]], list[R]], *, size: int) -> None:
        self._work, self._size = work, size
        self._waiting: asyncio.Queue[tuple[T, asyncio.Future[R]]] = asyncio.Queue()
        self._runner: asyncio.Task[None] | None = None

    async def submit(self, item: T) -> R:
        """The result for one item. An item that fails fails alone."""
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((item, done))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return await done

    async def _run(self) -> None:
        while not self._waiting.empty():
            batch = [self._waiting.get_nowait() for _ in range(min(self._size, self._waiting.qsize()))]
            await self._settle([entry for entry in batch if not entry[1].done()])

    async def _settle(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            results = await asyncio.to_thread(self._work, [item for item, _ in batch])
        except Exception as error:
            if len(batch) > 1:
                for entry in batch:
                    await self._settle([entry])
            elif batch and not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for (_, done), result in zip(batch, results, strict=True):
            if not done.done():
                done.set_result(result)
