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
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> R:
        mine: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, mine))
        if self._asking is None or self._asking.done():
            # In a task of its own: whoever gives up must not cut off what is on its way for others, nor send it again.
            self._asking = asyncio.create_task(self._ask_for_all())
        return await mine

    async def _ask_for_all(self) -> None:
        while waiting := [one for one in self._waiting if not one[1].done()]:
            self._waiting = waiting[MOST:]
            await self._ask_for(waiting[:MOST])
        self._waiting = []

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
