"""The index on a Qdrant server or cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from qdrant_client import AsyncQdrantClient, models

from services.search import payload
from services.search.conditions import All, Among, Condition, Is, Within, older_than, passing
from services.search.conditions import about as concerning
from services.search.points import Entry, Found, Mark, Signal, Sparse, Vector, Wanted, Where, milliseconds
from shared.events import Target

PAGE = 256
DENSE = ["image", "prompt"]
_SCHEMA = {
    "keyword": models.PayloadSchemaType.KEYWORD,
    "integer": models.PayloadSchemaType.INTEGER,
}


class ServerIndex:
    """Satisfies `ports.Index`. Several processes may write to one collection: each put is conditional on the server."""

    def __init__(self, client: AsyncQdrantClient, collection: str, *, image_width: int, prompt_width: int) -> None:
        self._client, self._collection = client, collection
        self._widths = {"image": image_width, "prompt": prompt_width}

    async def open(self) -> None:
        """Make the collection and its payload indexes; fine when they are there, or another process makes them now."""
        several = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
        if not await self._client.collection_exists(self._collection):
            try:
                await self._client.create_collection(
                    self._collection,
                    vectors_config={
                        name: models.VectorParams(
                            size=width,
                            distance=models.Distance.COSINE,
                            multivector_config=several if name == "image" else None,
                        )
                        for name, width in self._widths.items()
                    },
                    sparse_vectors_config={"words": models.SparseVectorParams(modifier=models.Modifier.IDF)},
                )
            except Exception:
                if not await self._client.collection_exists(self._collection):
                    raise
        for name, kind in payload.INDEXED.items():
            await self._client.create_payload_index(self._collection, name, _SCHEMA[kind], wait=True)

    async def put(self, entry: Entry) -> bool:
        vectors: dict[str, Any] = {}
        if entry.image:
            vectors["image"] = [list(vector) for vector in entry.image]
        if entry.prompt is not None:
            vectors["prompt"] = list(entry.prompt)
        if entry.words:
            vectors["words"] = _sparse(entry.words)
        stored = (await self.posts([entry.post.post_id])).get(entry.post.post_id)
        if stored and not entry.replaces(stored):
            return False
        point = models.PointStruct(id=entry.post.post_id, vector=vectors, payload=payload.of_entry(entry))
        await self._client.upsert(self._collection, [point], wait=True, update_filter=_filter(older_than(entry)))
        return True

    async def posts(self, post_ids: Sequence[str]) -> dict[str, Entry]:
        records = await self._client.retrieve(self._collection, list(post_ids), with_payload=True, with_vectors=DENSE)
        return {str(record.id): _entry(record) for record in records}

    async def every_post(self, about: Target | None = None) -> AsyncIterator[Entry]:
        async for record in self._walk(concerning(about)):
            yield _entry(record)

    async def remove(self, post_id: str) -> None:
        await self._client.delete(self._collection, [post_id], wait=True)

    async def remove_author(self, author_id: str) -> None:
        await self._delete(concerning(Target(kind="user", id=author_id)))

    async def withhold(self, post_id: str, withheld: bool) -> None:
        selector = models.FilterSelector(filter=_filter(concerning(Target(kind="post", id=post_id))))
        await self._client.set_payload(self._collection, {"withheld": int(withheld)}, selector, wait=True)

    async def marks(self, keys: Sequence[str]) -> dict[str, Mark]:
        ids = [payload.mark_id(key) for key in keys]
        records = await self._client.retrieve(self._collection, ids, with_payload=True)
        found = [payload.to_mark(record.payload or {}) for record in records]
        return {mark.key: mark for mark in found}

    async def mark(self, mark: Mark) -> None:
        point = models.PointStruct(id=payload.mark_id(mark.key), vector={}, payload=payload.of_mark(mark))
        await self._client.upsert(self._collection, [point], wait=True)

    async def every_mark(self) -> AsyncIterator[Mark]:
        async for record in self._walk(All([Is("kind", "mark")])):
            yield payload.to_mark(record.payload or {})

    async def forget_gone(self, before: datetime) -> None:
        await self._delete(All([Is("kind", "mark"), Is("gone", 1), Within("at", below=milliseconds(before))]))

    async def nearest(self, wanted: Sequence[Wanted], where: Where, limit: int) -> list[list[Found]]:
        requests = [
            models.QueryRequest(
                query=_query(one),
                using=one.signal.value,
                filter=_filter(passing(where)),
                limit=limit,
                with_payload=["published_at"],
            )
            for one in wanted
        ]
        answers = await self._client.query_batch_points(self._collection, requests)
        return [_found(answer.points) for answer in answers]

    async def recommend(
        self, positive: Sequence[Vector], negative: Sequence[Vector], where: Where, limit: int
    ) -> list[Found]:
        examples = models.RecommendInput(
            positive=[[list(vector)] for vector in positive],
            negative=[[list(vector)] for vector in negative],
            strategy=models.RecommendStrategy.BEST_SCORE,
        )
        return await self._ask(models.RecommendQuery(recommend=examples), where, limit, using="image")

    async def newest(self, where: Where, offset: int, limit: int) -> list[Found]:
        order = models.OrderBy(key="published_at", direction=models.Direction.DESC)
        found = await self._ask(models.OrderByQuery(order_by=order), where, limit, offset=offset)
        return [Found(one.post_id, 0.0, one.published_at) for one in found]

    async def sample(self, limit: int) -> list[Entry]:
        answer = await self._client.query_points(
            self._collection,
            query=models.SampleQuery(sample=models.Sample.RANDOM),
            query_filter=_filter(passing(Where())),
            limit=limit,
            with_payload=True,
            with_vectors=DENSE,
        )
        return [_entry(point) for point in answer.points]

    async def count(self) -> int:
        answer = await self._client.count(self._collection, count_filter=_filter(concerning(None)), exact=True)
        return answer.count

    async def close(self) -> None:
        await self._client.close()

    async def _walk(self, condition: All) -> AsyncIterator[Any]:
        offset: Any = None
        while True:
            records, offset = await self._client.scroll(
                self._collection,
                scroll_filter=_filter(condition),
                limit=PAGE,
                offset=offset,
                with_payload=True,
                with_vectors=DENSE,
            )
            for record in records:
                yield record
            if offset is None:
                return

    async def _ask(
        self, query: Any, where: Where, limit: int, *, offset: int = 0, using: str | None = None
    ) -> list[Found]:
        answer = await self._client.query_points(
            self._collection,
            query=query,
            using=using,
            query_filter=_filter(passing(where)),
            limit=limit,
            offset=offset,
            with_payload=["published_at"],
        )
        return _found(answer.points)

    async def _delete(self, condition: All) -> None:
        await self._client.delete(self._collection, models.FilterSelector(filter=_filter(condition)), wait=True)


def _query(wanted: Wanted) -> Any:
    if isinstance(wanted.vector, Sparse):
        return _sparse(wanted.vector)
    vector = list(wanted.vector)
    return [vector] if wanted.signal is Signal.IMAGE else vector


def _sparse(vector: Sparse) -> models.SparseVector:
    return models.SparseVector(indices=list(vector.indices), values=list(vector.values))


def _filter(condition: All) -> models.Filter:
    def several(conditions: Sequence[Condition]) -> list[Any] | None:
        return [_condition(one) for one in conditions] or None

    return models.Filter(
        must=several(condition.must), must_not=several(condition.must_not), should=several(condition.should)
    )


def _condition(condition: Condition) -> Any:
    match condition:
        case Is(name, value):
            return models.FieldCondition(key=name, match=models.MatchValue(value=value))
        case Within(name, at_least, below):
            return models.FieldCondition(key=name, range=models.Range(gte=at_least, lt=below))
        case Among(ids):
            return models.HasIdCondition(has_id=list(ids))
        case All():
            return _filter(condition)


def _entry(record: Any) -> Entry:
    return payload.to_entry(record.payload or {}, record.vector or {})


def _found(points: Sequence[Any]) -> list[Found]:
    return [Found(str(point.id), point.score, payload.published(point.payload or {})) for point in points]
