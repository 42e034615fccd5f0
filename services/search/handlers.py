"""What search reacts to, and which questions it answers."""

from __future__ import annotations

from services.search.indexing import Indexer
from services.search.service import SearchService
from shared.bus import Bus
from shared.events import DecisionMade, PostChanged, PostDeleted, PostPublished, UserErased
from shared.queries import Hits, NearTaste, PostVectors, SearchPosts, SimilarPosts, Vectors


def register(bus: Bus, service: SearchService, indexer: Indexer) -> None:
    """Connect the service to the bus, before the bus starts."""

    @bus.on(PostPublished)
    async def published(event: PostPublished) -> None:
        await indexer.index(event)

    @bus.on(PostChanged)
    async def changed(event: PostChanged) -> None:
        await indexer.index(event)

    @bus.on(PostDeleted)
    async def deleted(event: PostDeleted) -> None:
        await indexer.delete(event.post_id, event.occurred_at)

    @bus.on(DecisionMade)
    async def decided(event: DecisionMade) -> None:
        await indexer.decide(event.target, event.decision.verdict != "allow", event.occurred_at)

    @bus.on(UserErased)
    async def erased(event: UserErased) -> None:
        await indexer.erase(event.user_id, event.occurred_at)

    @bus.answer(SearchPosts)
    async def search(query: SearchPosts) -> Hits:
        return await service.search(query)

    @bus.answer(SimilarPosts)
    async def similar(query: SimilarPosts) -> Hits:
        return await service.similar(query)

    @bus.answer(PostVectors)
    async def vectors(query: PostVectors) -> Vectors:
        return await service.vectors(query)

    @bus.answer(NearTaste)
    async def near(query: NearTaste) -> Hits:
        return await service.near(query)
