"""Looking through everything that a stack keeps for traces of somebody."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import nats
import qdrant_edge
from bson import json_util
from pymongo import AsyncMongoClient

from shared import stored_events
from tests.stack import Stack

Place = tuple[str, str]
"""A store and what was found there: `("gateway.comments", "word")`."""


async def found_in_stores(stack: Stack, traces: Mapping[str, set[str]]) -> dict[Place, str]:
    """Where any of these strings still stands, each with one example; `traces` are strings by what they are."""
    found: dict[Place, str] = {}
    async for store, text in _everything(stack):
        for what, strings in traces.items():
            if any(string in text for string in strings):
                found.setdefault((store, what), text[:600])
    return found


async def _everything(stack: Stack) -> AsyncIterator[tuple[str, str]]:
    async for one in _documents(stack.ports()["mongo"]):
        yield one
    for one in _points(stack.data / "search"):
        yield one
    async for one in _messages(stack.ports()["nats"]):
        yield one
    for one in _objects(stack.data / "media"):
        yield one
    for one in _lines(stack.data):
        yield one


async def _documents(port: int) -> AsyncIterator[tuple[str, str]]:
    """Every document of every service's database, as `<service>.<collection>`."""
    async with AsyncMongoClient(f"mongodb://127.0.0.1:{port}") as client:
        for database in await client.list_database_names():
            if not database.startswith("promptgram_"):
                continue
            for name in await client[database].list_collection_names():
                async for document in client[database][name].find():
                    yield f"{database.removeprefix('promptgram_')}.{name}", json_util.dumps(document)


def _points(folder: Path) -> Iterator[tuple[str, str]]:
    """Every point of the index. The service has the folder open, so a copy is read."""
    for shard in folder.glob("*/shard"):
        with tempfile.TemporaryDirectory() as scratch:
            opened = _copied(shard, Path(scratch))
            offset = None
            while True:
                request = qdrant_edge.ScrollRequest(offset=offset, limit=256, with_payload=True, with_vector=False)
                records, offset = opened.scroll(request)
                for record in records:
                    yield f"index.{record.payload['kind']}", f"{record.id} {json.dumps(record.payload)}"
                if offset is None:
                    break
            opened.close()


def _copied(shard: Path, scratch: Path) -> qdrant_edge.EdgeShard:
    """The service writes meanwhile, so a copy may be torn: then another is made."""
    for attempt in range(20):
        copy = scratch / str(attempt)
        with contextlib.suppress(Exception):
            shutil.copytree(shard, copy)
            return qdrant_edge.EdgeShard.load(str(copy))
        time.sleep(0.1)
    raise AssertionError(f"no whole copy of {shard} could be made")


async def _messages(port: int) -> AsyncIterator[tuple[str, str]]:
    """Every event and every dead letter that the broker keeps."""
    client = await nats.connect(f"nats://127.0.0.1:{port}")
    try:
        for stream in ("EVENTS", "DLQ"):
            async for message in stored_events.messages(client.jetstream(), stream):
                yield f"broker.{message.subject}", (message.data or b"").decode()
    finally:
        await client.close()


def _objects(folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield "object store", f"{path.relative_to(folder)} {path.read_bytes().decode('latin-1')}"


def _lines(data: Path) -> Iterator[tuple[str, str]]:
    for path in (data / "terminal.log", *data.glob("logs/*"), *data.glob("traces/*")):
        with path.open(errors="replace") as lines:
            for line in lines:
                yield ("traces" if path.parent.name == "traces" else "logs"), line
