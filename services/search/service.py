"""Which posts answer a question: by words, by a post they should be like, by a taste."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from opentelemetry import trace

from services.search import relevance
from services.search.points import Found, Signal, Sparse, Wanted, Where
from services.search.ports import Encoder, Index, Words
from shared.queries import (
    Hit,
    Hits,
    NearTaste,
    PostFilter,
    PostVectors,
    SearchPosts,
    SimilarPosts,
    Vectors,
)

tracer = trace.get_tracer(__name__)

DEPTH = 500
"""How many posts each signal contributes; a fixed number, so that pages do not depend on where they start."""
LONGEST_QUERY = 2000
BACKGROUND = 512
BACKGROUND_LIFE_S = 60.0


class SearchService:
    """Answers questions about posts; decides what matches, what is less related, and in which order."""

    def __init__(self, encoder: Encoder, index: Index, words: Words) -> None:
        self._encoder, self._index, self._words = encoder, index, words
        self._background: dict[Signal, relevance.Matrix] = {}
        self._background_until = 0.0

    async def search(self, query: SearchPosts) -> Hits:
        """Posts that match the words. Without words: what passes the filter, newest first."""
        where = _where(query.filter)
        text = query.text[:LONGEST_QUERY]
        if not text.strip():
            listed = await self._index.newest(where, query.offset, query.limit)
            return Hits(hits=tuple(Hit(post_id=found.post_id, score=0.0) for found in listed))
        candidates = relevance.fuse(*await self.signals(text, where))
        if query.sort == "new":
            candidates = [candidate for candidate in candidates if candidate.matched]
            candidates.sort(key=lambda one: one.found.published_at, reverse=True)
        return _page(candidates, query.offset, query.limit)

    async def signals(self, text: str, where: Where) -> relevance.Evidence:
        """What each signal says of words that are not blank, before fusion."""
        with tracer.start_as_current_span("search.encode"):
            image, prompt = await self._encoder.encode_query(text.strip())
        with tracer.start_as_current_span("search.query"):
            words = await self._words_of(text, where)
            return await self._evidence([Wanted(Signal.IMAGE, image), Wanted(Signal.PROMPT, prompt)], words, where)

    async def similar(self, query: SimilarPosts) -> Hits:
        """Posts like one post; none when it is not in the index."""
        with tracer.start_as_current_span("search.query", attributes={"post.id": query.post_id}):
            entry = (await self._index.posts([query.post_id])).get(query.post_id)
            if entry is None:
                return Hits()
            wanted = []
            if entry.image:
                wanted.append(Wanted(Signal.IMAGE, relevance.mean_vector(entry.image)))
            if entry.prompt is not None:
                wanted.append(Wanted(Signal.PROMPT, entry.prompt))
            where = Where(before=_aware(query.before), exclude=(query.post_id,))
            evidence = await self._evidence(wanted, Sparse(), where)
        return _page(relevance.fuse(*evidence), query.offset, query.limit)

    async def vectors(self, query: PostVectors) -> Vectors:
        """Stored vectors; an album's pictures are averaged."""
        entries = await self._index.posts(query.post_ids)
        image = {key: tuple(relevance.mean_vector(entry.image)) for key, entry in entries.items() if entry.image}
        prompt = {key: tuple(entry.prompt) for key, entry in entries.items() if entry.prompt is not None}
        return Vectors(image=image, prompt=prompt)

    async def near(self, query: NearTaste) -> Hits:
        """Public posts near a taste, as far as its vectors have this encoder's width."""
        width = self._encoder.image_width
        positive, negative = ([v for v in side if len(v) == width] for side in (query.positive, query.negative))
        if not positive:
            return Hits()
        with tracer.start_as_current_span("search.query"):
            where = Where(exclude=query.exclude_post_ids)
            found = await self._index.recommend(positive, negative, where, query.limit)
        return Hits(hits=tuple(Hit(post_id=one.post_id, score=one.score, matched=("image",)) for one in found))

    async def _evidence(self, wanted: Sequence[Wanted], words: Sparse, where: Where) -> relevance.Evidence:
        if not wanted and not words:
            return {}, {}
        asked = [*wanted, Wanted(Signal.WORDS, words)] if words else list(wanted)
        answers = await self._index.nearest(asked, where, DEPTH)
        background = await self._compared_with()
        rankings: dict[Signal, Sequence[Found]] = {}
        cutoffs: dict[Signal, float] = {}
        for one, ranking in zip(asked, answers, strict=True):
            rankings[one.signal] = ranking
            if isinstance(one.vector, Sparse):
                cutoffs[one.signal] = relevance.word_cutoff(ranking)
            else:
                cutoffs[one.signal] = relevance.cutoff(
                    one.vector, background[one.signal], relevance.DEVIATIONS[one.signal]
                )
        return rankings, cutoffs

    async def _words_of(self, text: str, where: Where) -> Sparse:
        """The query's words; a last word that no post has is read as the beginning of one."""
        words = self._words.query(text)
        unfinished = self._words.unfinished(text)
        if unfinished is None:
            return words
        whole, beginning = unfinished
        if whole and (await self._index.nearest([Wanted(Signal.WORDS, whole)], where, 1))[0]:
            return words
        return Sparse((*words.indices, *beginning.indices), (*words.values, *beginning.values))

    async def _compared_with(self) -> dict[Signal, relevance.Matrix]:
        """Vectors of things that were not asked for: what the encoder ships, and a sample of the index."""
        now = time.monotonic()
        if now >= self._background_until:
            self._background_until = now + BACKGROUND_LIFE_S
            entries = await self._index.sample(BACKGROUND)
            image = [vector for entry in entries for vector in entry.image[:1]]
            prompt = [entry.prompt for entry in entries if entry.prompt is not None]
            for signal, sampled in ((Signal.IMAGE, image), (Signal.PROMPT, prompt)):
                self._background[signal] = relevance.matrix([*self._encoder.reference(signal), *sampled])
        return self._background


def _where(asked: PostFilter) -> Where:
    return Where(
        public_only=not (asked.include_hidden and asked.author_id),
        author_id=asked.author_id,
        aspect=asked.aspect,
        model=asked.model,
        tag=asked.tag,
        after=_aware(asked.after),
        before=_aware(asked.before),
    )


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


_NAMES = {Signal.IMAGE: "image", Signal.PROMPT: "prompt", Signal.WORDS: "text"}


def _page(candidates: Sequence[relevance.Candidate], offset: int, limit: int) -> Hits:
    return Hits(
        hits=tuple(
            Hit(
                post_id=one.found.post_id,
                score=one.score,
                matched=tuple(_NAMES[signal] for signal in one.matched),
                less_related=not one.matched,
            )
            for one in candidates[offset : offset + limit]
        )
    )
