"""Work that goes on beside everything else until it is ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

ASKED_AGAIN_S = 0.2


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work` until the context is left. An error that it ended with earlier is raised then."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        await end([task])
        if not task.cancelled():
            task.result()


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended.

    Once is not enough: nats-py swallows a cancellation that meets it while it waits for the broker to come back, and
    `asyncio.wait_for` of Python 3.11 one that comes in the moment when what it waits for is done.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=ASKED_AGAIN_S)
