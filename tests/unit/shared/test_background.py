"""Work beside everything else ends when it is told to, also when it does not hear it at first."""

from __future__ import annotations

import asyncio

import pytest

from shared import background


async def test_work_that_swallows_a_cancellation_is_ended_all_the_same() -> None:
    asked = 0

    async def deaf() -> None:
        nonlocal asked
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                asked += 1
                if asked == 3:
                    raise

    async with asyncio.timeout(10):
        async with background.running(deaf()):
            await asyncio.sleep(0)
    assert asked == 3


async def test_an_error_that_ended_the_work_is_not_lost() -> None:
    async def broken() -> None:
        raise RuntimeError("the index is gone")

    with pytest.raises(RuntimeError, match="the index is gone"):
        async with background.running(broken()):
            await asyncio.sleep(0.01)
