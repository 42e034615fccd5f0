"""Vectors and neighbours, asked from the search service over the bus.

A page must not wait for search: what does not come in time is left out of this page and kept for the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import structlog

from services.feed.senses import Senses, Vector
from shared.bus import Bus, Unanswered
from shared.queries import NearTaste, PostVectors

log = structlog.get_logger(__name__)

AT_ONCE = 32
"""Posts a question: two vectors of 384 numbers as text come to 15 KB, and a message holds 1 MB at most."""
PATIENCE_S = 0.12
ASK_TIMEOUT_S = 2.0
REST_S = 2.0
"""After a failure search is left alone for this long."""
MOST_ASKED = 512


class SearchMeaning:
    """`Meaning` over the search service, with the vectors of recent posts kept in memory."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._kept = Senses()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._resting_until = 0.0

    async def senses(self, post_ids: Sequence[str]) -> Senses:
        missing = [post_id for post_id in dict.fromkeys(post_ids) if post_id not in self._kept]
        tasks = {self._asking[post_id] for post_id in missing if post_id in self._asking}
        unasked = [post_id for post_id in missing if post_id not in self._asking][:MOST_ASKED]
        if unasked and not self._resting():
            for start in range(0, len(unasked), AT_ONCE):
                batch = unasked[start : start + AT_ONCE]
                task = asyncio.create_task(self._fetch(batch))
                tasks.add(task)
                self._asking.update(dict.fromkeys(batch, task))
        if tasks:
            await asyncio.wait(tasks, timeout=PATIENCE_S)
        return self._kept

    async def near(
        self, positive: Sequence[Vector], negative: Sequence[Vector], exclude: Sequence[str], limit: int
    ) -> list[str]:
        if not positive or self._resting():
            return []
        question = NearTaste(
            positive=tuple(tuple(map(float, vector)) for vector in positive[:16]),
            negative=tuple(tuple(map(float, vector)) for vector in negative[:16]),
            exclude_post_ids=tuple(exclude)[-2000:],
            limit=min(limit, 500),
        )
        try:
            answer = await self._bus.ask(question, timeout_s=PATIENCE_S * 2)
        except Unanswered as error:
            self._rest(error)
            return []
        return [hit.post_id for hit in answer.hits]

    async def _fetch(self, post_ids: list[str]) -> None:
        try:
            answer = await self._bus.ask(PostVectors(post_ids=tuple(post_ids)), timeout_s=ASK_TIMEOUT_S)
        except Unanswered as error:
            self._rest(error)
            return
        finally:
            for post_id in post_ids:
                self._asking.pop(post_id, None)
        for post_id in answer.image.keys() | answer.prompt.keys():
            self._kept.put(post_id, _vector(answer.image.get(post_id)), _vector(answer.prompt.get(post_id)))

    def _resting(self) -> bool:
        return asyncio.get_running_loop().time() < self._resting_until

    def _rest(self, error: Unanswered) -> None:
        log.warning("search does not answer; pages go by recency and popularity", reason=str(error))
        self._resting_until = asyncio.get_running_loop().time() + REST_S


def _vector(numbers: tuple[float, ...] | None) -> Vector | None:
    return np.asarray(numbers, np.float32) if numbers else None
