"""Who is watching which generation in this process, and how long the line at the generator is."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from shared.live import GenerationChanged, GenerationProgressed, QueueMeasured

Document = dict[str, Any]
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
        for generation_id in [one for one in self._queues if one in line.positions]:
            self._pass_on(generation_id, News("queued", line.place(generation_id)))

    def _pass_on(self, generation_id: str, news: News) -> None:
        for queue in self._queues.get(generation_id, ()):
            if not queue.full():
                queue.put_nowait(news)


class WaitingLine:
    """The generator's queue as last heard. Positions count from 1, which is next."""

    def __init__(self) -> None:
        self.positions: dict[str, int] = {}
        self.measured: QueueMeasured | None = None
        self._heard_at = 0.0

    def measure(self, message: QueueMeasured) -> None:
        self.measured = message
        self.positions = {one: place for place, one in enumerate(message.waiting, 1)}
        self._heard_at = asyncio.get_running_loop().time()

    @property
    def fresh(self) -> bool:
        """Whether the last measurement is recent enough to speak of now."""
        return self.measured is not None and asyncio.get_running_loop().time() - self._heard_at < STALE_AFTER_S

    def place(self, generation_id: str) -> Document:
        """`{position, eta_ms}` of one generation; both None when nothing was heard from a generator."""
        if self.measured is None or not self.fresh:
            return {"position": None, "eta_ms": None}
        position = self.positions.get(generation_id, len(self.positions) + 1)
        # `eta_ms` is the time until the whole line is painted; those further back don't count.
        behind = len(self.positions) - position
        eta_ms = self.measured.eta_ms - behind * self.measured.picture_ms
        return {"position": position, "eta_ms": round(max(eta_ms, self.measured.picture_ms))}
