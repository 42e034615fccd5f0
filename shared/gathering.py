"""Questions that come while an earlier one of their kind is on its way are asked together, as one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
R = TypeVar("R")
MOST = 200
"""So many are asked together at most."""


class Gathered(Generic[Q, R]):
    """At rest each question is asked at once and alone; the busier the other side is, the more go together.

    `answer` gets what was asked and gives as many answers, in that order. An answer is never older than its question:
    nobody is given what was asked before they came. What `answer` raises of the kind `everybodys` is told to all who
    asked then; after anything else each is asked alone, so that nobody fails by another's question. For one event loop.
    """

    def __init__(self, answer: Callable[[Sequence[Q]], Awaitable[Sequence[R]]], *, everybodys: type[Exception]) -> None:
        self._answer, self._everybodys = answer, everybodys
        self._waiting: list[tuple[Q, asyncio.Future[R]]] = []
        self._turn = asyncio.Lock()

    async def ask(self, question: Q) -> R:
        mine: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, mine))
        try:
            async with self._turn:
                while not mine.done():
                    await self._ask_next()
        except asyncio.CancelledError:
            mine.cancel()
            raise
        return mine.result()

    async def _ask_next(self) -> None:
        waiting = [one for one in self._waiting if not one[1].done()]
        together, self._waiting = waiting[:MOST], waiting[MOST:]
        try:
            await self._ask_for(together)
        except asyncio.CancelledError:
            # Whoever asked for all gave up; the others ask again.
            self._waiting = together + self._waiting
            raise

    async def _ask_for(self, together: Sequence[tuple[Q, asyncio.Future[R]]]) -> None:
        try:
            answers = await self._answer([question for question, _ in together])
        except Exception as error:
            if len(together) > 1 and not isinstance(error, self._everybodys):
                for one in together:
                    await self._ask_for([one])
                return
            for _, asked in together:
                if not asked.done():
                    asked.set_exception(error)
        else:
            for (_, asked), answer in zip(together, answers, strict=True):
                if not asked.done():
                    asked.set_result(answer)
