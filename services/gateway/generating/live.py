"""Who is watching which generation in this process, and how long the line at the generator is."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from shared.live import GenerationChanged, GenerationProgressed, QueueMeasured

Document = dict[str, Any]
State = Literal["warm", "waking", "asleep"]
BACKLOG = 100
STALE_AFTER_S = 20.0
"""The generator measures every few seconds even when nothing waits; older news says nothing about now."""


@dataclass(frozen=True)
class News:
    """Something about one generation: an entry of its log (`event` with an id) or a passing remark (without).

    `record` is the generation with that entry, when this process wrote it itself.
    """

    event: str
    data: Document
    id: str | None = None
    record: Document | None = None


class Watchers:
    """The open streams and waiting requests of this process, by generation."""

    def __init__(self) -> None:
        self._queues: dict[str, set[asyncio.Queue[News]]] = defaultdict(set)

    @contextmanager
    def watch(self, generation_id: str) -> Iterator[asyncio.Queue[News]]:
        """News of one generation while the block runs. A reader that falls behind loses news, never the record."""
        queue: asyncio.Queue[News] = asyncio.Queue(BACKLOG)
        self._queues[generation_id].add(queue)
        try:
            yield queue
        finally:
            self._queues[generation_id].discard(queue)
            if not self._queues[generation_id]:
                del self._queues[generation_id]

    def changed(self, message: GenerationChanged, *, record: Document | None = None) -> None:
        """The record has a new entry."""
        entry = message.entry
        self._pass_on(message.generation_id, News(entry["event"], entry, entry["id"], record))

    def progressed(self, message: GenerationProgressed) -> None:
        """The painting has come this far."""
        data = {"progress": message.progress, "preview": message.preview}
        self._pass_on(message.generation_id, News("running", data))

    def queue_moved(self, line: WaitingLine) -> None:
        """Everybody who waits in line may have moved forward."""
        waiting = {one for message in line.generators for one in message.waiting}
        for generation_id in waiting & self._queues.keys():
            self._pass_on(generation_id, News("queued", line.place(generation_id)))

    def _pass_on(self, generation_id: str, news: News) -> None:
        for queue in self._queues.get(generation_id, ()):
            if not queue.full():
                queue.put_nowait(news)


class WaitingLine:
    """The generators' queues as last heard. Positions count from 1, which is next."""

    def __init__(self) -> None:
        self._heard: dict[str, tuple[QueueMeasured, float]] = {}
        self._admitted = 0

    def measure(self, message: QueueMeasured) -> None:
        """A generator told of its queue."""
        self._heard[message.worker] = (message, asyncio.get_running_loop().time())
        self._admitted = 0

    def admitted(self, pictures: int) -> None:
        """So many pictures were asked for here, which no generator has told of yet."""
        self._admitted += pictures

    @property
    def generators(self) -> list[QueueMeasured]:
        """What each generator said, if that is recent enough to speak of now."""
        now = asyncio.get_running_loop().time()
        self._heard = {who: one for who, one in self._heard.items() if now - one[1] < STALE_AFTER_S}
        return [message for message, _ in self._heard.values()]

    @property
    def state(self) -> State:
        """Of the generator that is readiest; asleep when none was heard."""
        states = {message.state for message in self.generators}
        return "warm" if "warm" in states else "waking" if "waking" in states else "asleep"

    @property
    def busy(self) -> bool:
        """Whether any generator has something to paint."""
        return any(message.pictures for message in self.generators)

    def waits(self, generation_id: str) -> bool:
        """Whether a generator has this one in its line."""
        return any(generation_id in message.waiting for message in self.generators)

    def expected_ms(self, pictures: int = 1) -> int | None:
        """Until so many pictures asked for now would be painted; None when no generator was heard."""
        generators = self.generators
        if not generators:
            return None
        wanted = sum(message.pictures for message in generators) + self._admitted + pictures
        pace = sum(1 / max(message.picture_ms, 1) for message in generators)
        return round(min(message.wake_ms for message in generators) + wanted / pace)

    def place(self, generation_id: str) -> Document:
        """`{position, eta_ms, state}` of one generation; all None when nothing was heard from a generator."""
        generators = self.generators
        if not generators:
            return {"position": None, "eta_ms": None, "state": None}
        for message in generators:
            if generation_id in message.waiting:
                position = message.waiting.index(generation_id) + 1
                # `eta_ms` is the time until the whole line is painted; those further back don't count.
                behind = len(message.waiting) - position
                eta_ms = max(message.eta_ms - behind * message.picture_ms, message.picture_ms)
                return {"position": position, "eta_ms": round(eta_ms), "state": message.state}
        last = min(len(message.waiting) for message in generators) + 1
        return {"position": last, "eta_ms": self.expected_ms(), "state": self.state}
