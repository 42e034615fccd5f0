"""Following one generation to its end: for a waiting request, and as server-sent events.

The record is the truth and its log is what streams replay; messages only say when to read it again. So a lost
message, or a broker that is down, costs a watcher one polling interval.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi.sse import ServerSentEvent
from pydantic import BaseModel

from services.gateway import present
from services.gateway.context import Parts
from services.gateway.errors import trace_id
from services.gateway.generating.live import News
from services.gateway.generating.steps import terminal
from services.gateway.identity.auth import Viewer
from shared.mongo import Document

POLL_S = 2.0
LAST = frozenset({"done", "blocked", "failed", "canceled"})
"""Events after which a stream ends."""


async def wait_for_end(
    parts: Parts, generation: Document, news: asyncio.Queue[News], seconds: float
) -> Document | None:
    """The record once the generation has ended, or as it stands after so many seconds; None when it is gone."""
    current: Document | None = generation
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while current is not None and not terminal(current):
                told = await _until_told(news)
                current = told or await parts.generations.get(generation["_id"])
            return current
    return await parts.generations.get(generation["_id"])


async def _until_told(news: asyncio.Queue[News]) -> Document | None:
    """Wait for news of the end, one polling interval at most; the record, if the news came with it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(POLL_S):
            while (one := await news.get()).event not in LAST:
                pass
            return one.record
    return None


def all_told(generation: Document, last_event_id: str | None) -> bool:
    """Whether nothing comes after this event any more."""
    return terminal(generation) and not _after(generation["log"], last_event_id)


async def events(
    parts: Parts, viewer: Viewer, generation_id: str, last_event_id: str | None
) -> AsyncIterator[ServerSentEvent]:
    """The log from after `last_event_id`, then what happens, until the end. An unknown id replays the whole log."""
    sent = last_event_id
    painting: Document = {"progress": 0.0, "preview": None}
    with parts.watchers.watch(generation_id) as news:
        while True:
            generation = await parts.generations.get(generation_id)
            if generation is None:
                yield ServerSentEvent(event="canceled", data={})
                return
            for entry in _after(generation["log"], sent):
                sent = entry["id"]
                yield _event(parts, viewer, generation, entry, painting)
            if terminal(generation):
                return
            while (remark := await _remark(news)) is not None:
                if remark.event == "running":
                    painting = remark.data
                yield ServerSentEvent(event=remark.event, data=remark.data)


async def _remark(news: asyncio.Queue[News]) -> News | None:
    """The next remark that is not in the log; None when the record should be read again."""
    try:
        async with asyncio.timeout(POLL_S):
            one = await news.get()
    except TimeoutError:
        return None
    return one if one.id is None else None


def _after(log: list[Document], sent: str | None) -> list[Document]:
    places = {entry["id"]: place for place, entry in enumerate(log)}
    return log[places[sent] + 1 :] if sent in places else log


def _event(parts: Parts, viewer: Viewer, generation: Document, entry: Document, painting: Document) -> ServerSentEvent:
    """An entry of the log as it is sent: with the present facts, under its own id."""
    data: object
    match entry["event"]:
        case "queued":
            data = parts.line.place(generation["_id"])
        case "running":
            data = painting
        case "image":
            data = present.picture(parts, generation, generation["images"][entry["index"]], viewer)
        case "blocked":
            data = {"decision": generation["decision"]}
        case "failed":
            error = generation["error"] or {"code": "failed", "detail": ""}
            data = {
                "problem": {
                    "type": f"urn:promptgram:problem:{error['code']}",
                    "title": "The picture could not be made",
                    "status": 500,
                    "detail": error["detail"],
                    "instance": f"/v1/generations/{generation['_id']}",
                    "code": error["code"],
                    "trace_id": trace_id(),
                }
            }
        case "done":
            data = {"generation": present.generation(parts, generation, viewer)}
        case _:
            data = {}
    if isinstance(data, BaseModel):
        data = data.model_dump(mode="json")
    return ServerSentEvent(event=entry["event"], data=data, id=entry["id"])
