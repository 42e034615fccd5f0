"""Who hears what in one process, and where one stands in line."""

from __future__ import annotations

import asyncio

from services.gateway.live import BACKLOG, WaitingLine, Watchers
from shared.live import GenerationChanged, GenerationProgressed, QueueMeasured


def measured(*waiting: str, eta_ms: int = 1000) -> QueueMeasured:
    return QueueMeasured(worker="w", model="m", state="warm", eta_ms=eta_ms, picture_ms=100, waiting=waiting)


async def test_only_watchers_of_a_generation_hear_of_it() -> None:
    watchers = Watchers()
    with watchers.watch("a") as a, watchers.watch("b") as b:
        watchers.changed(GenerationChanged(generation_id="a", entry={"id": "1.queued", "event": "queued"}))
        watchers.progressed(GenerationProgressed(generation_id="a", progress=0.5))
        assert [(one.event, one.id) for one in (a.get_nowait(), a.get_nowait())] == [
            ("queued", "1.queued"),
            ("running", None),
        ]
        assert b.empty()
    assert watchers._queues == {}


async def test_who_falls_behind_loses_news_and_blocks_nobody() -> None:
    watchers = Watchers()
    with watchers.watch("a") as slow:
        for _ in range(BACKLOG + 10):
            watchers.progressed(GenerationProgressed(generation_id="a", progress=0.5))
        assert slow.qsize() == BACKLOG


async def test_places_in_line() -> None:
    line = WaitingLine()
    assert line.place("a") == {"position": None, "eta_ms": None}
    line.measure(measured("a", "b", "c"))
    assert line.place("a") == {"position": 1, "eta_ms": 800}
    assert line.place("c") == {"position": 3, "eta_ms": 1000}
    assert line.place("new") == {"position": 4, "eta_ms": 1100}


async def test_old_news_of_the_line_says_nothing() -> None:
    line = WaitingLine()
    line.measure(measured("a"))
    line._heard_at -= 3600
    assert line.place("a") == {"position": None, "eta_ms": None}


async def test_the_line_moving_is_told_to_those_in_it() -> None:
    watchers, line = Watchers(), WaitingLine()
    with watchers.watch("a") as a, watchers.watch("z") as z:
        line.measure(measured("b", "a"))
        watchers.queue_moved(line)
        assert a.get_nowait().data == {"position": 2, "eta_ms": 1000}
        assert z.empty()
    await asyncio.sleep(0)
