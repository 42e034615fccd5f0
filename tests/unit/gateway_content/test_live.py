"""Who hears what in one process, and where one stands in line."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.gateway.generating.live import BACKLOG, WaitingLine, Watchers
from shared.live import GenerationChanged, GenerationProgressed, QueueMeasured


def measured(*waiting: str, eta_ms: int = 1000, worker: str = "w", **facts: Any) -> QueueMeasured:
    facts = {"state": "warm", "pictures": 9} | facts
    return QueueMeasured(worker=worker, model="m", eta_ms=eta_ms, picture_ms=100, waiting=waiting, **facts)


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


NOWHERE = {"position": None, "eta_ms": None, "state": None}


async def test_places_in_line() -> None:
    line = WaitingLine()
    assert line.place("a") == NOWHERE
    line.measure(measured("a", "b", "c"))
    assert line.place("a") == {"position": 1, "eta_ms": 800, "state": "warm"}
    assert line.place("c") == {"position": 3, "eta_ms": 1000, "state": "warm"}
    assert line.place("new") == {"position": 4, "eta_ms": 1000, "state": "warm"}
    assert (line.waits("a"), line.waits("new")) == (True, False)


async def test_old_news_of_the_line_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    line = WaitingLine()
    line.measure(measured("a"))
    monkeypatch.setattr("services.gateway.generating.live.STALE_AFTER_S", 0.0)
    assert (line.place("a"), line.expected_ms(), line.state) == (NOWHERE, None, "asleep")


async def test_several_generators_share_the_work() -> None:
    line = WaitingLine()
    line.measure(measured("a", worker="one", pictures=4))
    line.measure(measured("b", "c", worker="two", pictures=5, state="waking", wake_ms=3000))
    assert line.place("a")["position"] == line.place("b")["position"] == 1
    assert line.place("b")["state"] == "waking"
    assert line.state == "warm"
    assert line.expected_ms(1) == 10 * 100 / 2


async def test_what_was_asked_for_since_the_last_measurement_counts() -> None:
    line = WaitingLine()
    line.measure(measured(pictures=0))
    line.admitted(5)
    assert line.expected_ms(1) == 600
    line.measure(measured(pictures=5))
    assert line.expected_ms(1) == 600


async def test_a_line_that_sleeps_tells_how_long_waking_takes() -> None:
    line = WaitingLine()
    line.measure(measured(pictures=0, state="asleep", wake_ms=9000))
    assert (line.state, line.expected_ms(), line.busy) == ("asleep", 9100, False)


async def test_the_line_moving_is_told_to_those_in_it() -> None:
    watchers, line = Watchers(), WaitingLine()
    with watchers.watch("a") as a, watchers.watch("z") as z:
        line.measure(measured("b", "a"))
        watchers.queue_moved(line)
        assert a.get_nowait().data == {"position": 2, "eta_ms": 1000, "state": "warm"}
        assert z.empty()
    await asyncio.sleep(0)
