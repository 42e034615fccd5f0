"""The index in this process: Qdrant's own engine on a folder."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import IO, Any, TypeVar

import qdrant_edge as q

from services.search import payload
from services.search.conditions import All, Among, Condition, Is, Within, older_than, passing
from services.search.conditions import about as concerning
from services.search.points import Entry, Found, Mark, Signal, Sparse, Vector, Wanted, Where, milliseconds
from shared.events import Target

T = TypeVar("T")
PAGE = 256
_SCHEMA = {
    "keyword": q.PayloadSchemaType.Keyword,
    "integer": q.PayloadSchemaType.Integer,
}


class FolderInUse(RuntimeError):
    """Another process has this index open; two writers would destroy it."""


class EdgeIndex:
    """Satisfies `ports.Index`. Every acknowledged write survives kill -9 through the engine's write-ahead log.

    The engine is synchronous: reads run in threads, writes in one thread, one after another.
    """

    def __init__(self, folder: Path, *, image_width: int, prompt_width: int) -> None:
        """Open the index in `folder`, or make it; `FolderInUse` when another process has it."""
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(folder / "lock")
        self._writer = ThreadPoolExecutor(1, "index-writer")
        shard = folder / "shard"
        if (shard / "segments").exists():
            self._shard = q.EdgeShard.load(str(shard))
        else:
            shard.mkdir(exist_ok=True)
            self._shard = q.EdgeShard.create(str(shard), _config(image_width, prompt_width))
        for name, kind in payload.INDEXED.items():
            self._shard.update(q.UpdateOperation.create_field_index(name, _SCHEMA[kind]))

    async def put(self, entry: Entry) -> bool:
        vectors: dict[str, Any] = {}
        if entry.image:
            vectors["image"] = [list(vector) for vector in entry.image]
        if entry.prompt is not None:
            vectors["prompt"] = list(entry.prompt)
        if entry.words:
            vectors["words"] = _sparse(entry.words)
        point = q.Point(entry.post.post_id, vectors, payload.of_entry(entry))

        def store() -> bool:
            stored = self._records([entry.post.post_id])
            if stored and not entry.replaces(_entry(stored[0])):
                return False
            self._shard.update(q.UpdateOperation.upsert_points([point], condition=_filter(older_than(entry))))
            return True

        return await self._write(store)

    async def posts(self, post_ids: Sequence[str]) -> dict[str, Entry]:
        records = await asyncio.to_thread(self._records, post_ids)
        return {str(record.id): _entry(record) for record in records if record.payload["kind"] == "post"}

    async def every_post(self, about: Target | None = None) -> AsyncIterator[Entry]:
        async for record in self._walk(concerning(about)):
            yield _entry(record)

    async def remove(self, post_id: str) -> None:
        await self._update(q.UpdateOperation.delete_points([post_id]))

    async def remove_author(self, author_id: str) -> None:
        await self._update(
            q.UpdateOperation.delete_points_by_filter(_filter(concerning(Target(kind="user", id=author_id))))
        )

    async def withhold(self, post_id: str, withheld: bool) -> None:
        condition = _filter(concerning(Target(kind="post", id=post_id)))
        await self._update(q.UpdateOperation.set_payload_by_filter(condition, {"withheld": int(withheld)}))

    async def marks(self, keys: Sequence[str]) -> dict[str, Mark]:
        ids: list[Any] = [payload.mark_id(key) for key in keys]
        records = await asyncio.to_thread(self._shard.retrieve, ids, True, False)
        found = [payload.to_mark(record.payload or {}) for record in records]
        return {mark.key: mark for mark in found}

    async def mark(self, mark: Mark) -> None:
        point = q.Point(payload.mark_id(mark.key), {}, payload.of_mark(mark))
        await self._update(q.UpdateOperation.upsert_points([point]))

    async def every_mark(self) -> AsyncIterator[Mark]:
        async for record in self._walk(All([Is("kind", "mark")])):
            yield payload.to_mark(record.payload or {})

    async def forget_gone(self, before: datetime) -> None:
        old = All([Is("kind", "mark"), Is("gone", 1), Within("at", below=milliseconds(before))])
        await self._update(q.UpdateOperation.delete_points_by_filter(_filter(old)))

    async def nearest(self, wanted: Sequence[Wanted], where: Where, limit: int) -> list[list[Found]]:
        condition = _filter(passing(where))
        requests = [
            q.QueryRequest(
                limit=limit, query=_nearest(one), filter=condition, with_payload=["published_at"], with_vector=False
            )
            for one in wanted
        ]
        answers = await asyncio.to_thread(self._shard.query_batch, q.QueryBatchRequest(requests))
        return [_found(points) for points in answers]

    async def recommend(
        self, positive: Sequence[Vector], negative: Sequence[Vector], where: Where, limit: int
    ) -> list[Found]:
        examples = q.RecommendQuery([[list(v)] for v in positive], [[list(v)] for v in negative])
        return await self._query(q.Query.RecommendBestScore(examples, using="image"), where, limit)

    async def newest(self, where: Where, offset: int, limit: int) -> list[Found]:
        found = await self._query(q.OrderBy("published_at", q.Direction.Desc), where, limit, offset)
        return [Found(one.post_id, 0.0, one.published_at) for one in found]

    async def sample(self, limit: int) -> list[Entry]:
        request = q.QueryRequest(
            limit=limit,
            query=q.Sample.Random,
            filter=_filter(passing(Where())),
            with_payload=True,
            with_vector=["image", "prompt"],
        )
        return [_entry(point) for point in await asyncio.to_thread(self._shard.query, request)]

    async def count(self) -> int:
        request = q.CountRequest(exact=True, filter=_filter(concerning(None)))
        return await asyncio.to_thread(self._shard.count, request)

    def optimize(self) -> bool:
        """Build the graphs that searches walk, and drop what was deleted; returns whether there was anything to do.

        The engine holds the interpreter's lock throughout, for minutes at 10,000 posts: only for a process that nobody
        waits for. Posts put later are scanned until the next time.
        """
        return bool(self._shard.optimize())

    async def close(self) -> None:
        """Finish writing and give the folder back."""
        await self._write(self._shard.close)
        self._writer.shutdown()
        self._lock.close()

    async def _query(self, query: Any, where: Where, limit: int, offset: int = 0) -> list[Found]:
        request = q.QueryRequest(
            limit=limit, offset=offset, query=query, filter=_filter(passing(where)), with_payload=["published_at"]
        )
        return _found(await asyncio.to_thread(self._shard.query, request))

    async def _walk(self, condition: All) -> AsyncIterator[Any]:
        offset = None
        while True:
            request = q.ScrollRequest(
                offset=offset,
                limit=PAGE,
                filter=_filter(condition),
                with_payload=True,
                with_vector=["image", "prompt"],
            )
            records, offset = await asyncio.to_thread(self._shard.scroll, request)
            for record in records:
                yield record
            if offset is None:
                return

    def _records(self, ids: Sequence[str]) -> list[Any]:
        return list(self._shard.retrieve(list(ids), True, ["image", "prompt"]))

    async def _update(self, operation: Any) -> None:
        await self._write(lambda: self._shard.update(operation))

    async def _write(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)


def _config(image_width: int, prompt_width: int) -> Any:
    several = q.MultiVectorConfig(q.MultiVectorComparator.MaxSim)
    return q.EdgeConfig(
        vectors={
            "image": q.EdgeVectorParams(size=image_width, distance=q.Distance.Cosine, multivector_config=several),
            "prompt": q.EdgeVectorParams(size=prompt_width, distance=q.Distance.Cosine),
        },
        sparse_vectors={"words": q.EdgeSparseVectorParams(modifier=q.Modifier.Idf)},
    )


def _nearest(wanted: Wanted) -> Any:
    if isinstance(wanted.vector, Sparse):
        return q.Query.Nearest(_sparse(wanted.vector), using=wanted.signal.value)
    vector = list(wanted.vector)
    return q.Query.Nearest([vector] if wanted.signal is Signal.IMAGE else vector, using=wanted.signal.value)


def _sparse(vector: Sparse) -> Any:
    return q.SparseVector(indices=list(vector.indices), values=list(vector.values))


def _filter(condition: All) -> Any:
    def several(conditions: Sequence[Condition]) -> list[Any] | None:
        return [_condition(one) for one in conditions] or None

    return q.Filter(several(condition.must), several(condition.should), several(condition.must_not))


def _condition(condition: Condition) -> Any:
    match condition:
        case Is(name, value):
            return q.FieldCondition(name, match=q.MatchValue(value))
        case Within(name, at_least, below):
            return q.FieldCondition(name, range=q.RangeFloat(gte=at_least, lt=below))
        case Among(ids):
            return q.HasIdCondition(set(ids))
        case All():
            return _filter(condition)


def _entry(record: Any) -> Entry:
    return payload.to_entry(record.payload, record.vector or {})


def _found(points: Sequence[Any]) -> list[Found]:
    return [Found(str(point.id), point.score, payload.published(point.payload)) for point in points]


def _locked(path: Path) -> IO[bytes]:
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise FolderInUse(f"{path.parent} is open in another process") from error
    return file
