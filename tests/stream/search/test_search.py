"""Search over a real broker and a real object store: a post is said, found, likened, withheld and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from asgi_lifespan import LifespanManager

from services.search.main import create_app
from services.search.settings import SearchSettings
from services.search.succession import generation
from shared.bus import Bus
from shared.events import Decision, DecisionMade, PostChanged, PostDeleted, PostPublished, Target, UserErased
from shared.ids import new_id
from shared.media import MediaStore, rendition_key
from shared.queries import Hits, PostVectors, SearchPosts, SimilarPosts
from tests.contracts.search.edge_folder import edge_index
from tests.contracts.search.fake_encoder import WIDTH, FakeEncoder, picture
from tests.contracts.search.posts import post

PATIENCE_S = 20


@pytest.fixture
def search_settings(nats_url: str, tmp_path: Path) -> SearchSettings:
    return SearchSettings(nats_url=nats_url, data_dir=tmp_path)


@pytest.fixture
async def media(search_settings: SearchSettings) -> MediaStore:
    store = MediaStore(search_settings.media_store_url)
    for colour in ("red", "blue"):
        await store.put(rendition_key(colour, "320", "jpg"), picture(colour))
    return store


@pytest.fixture
async def service(search_settings: SearchSettings, media: MediaStore) -> AsyncIterator[httpx.AsyncClient]:
    await (await edge_index(search_settings.data_dir / "search" / generation("fake@1"), WIDTH)).close()
    app = create_app(search_settings, encoder=FakeEncoder(), media=media)
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60) as running:
        yield httpx.AsyncClient(transport=httpx.ASGITransport(running.app), base_url="http://search")


@pytest.fixture
async def gateway(search_settings: SearchSettings) -> AsyncIterator[Bus]:
    bus = Bus(search_settings, "gateway")
    await bus.start()
    yield bus
    await bus.stop()


def of_colour(colour: str, prompt: str | None) -> PostPublished:
    stated = post(prompt=prompt)
    images = tuple(image.model_copy(update={"hash": colour}) for image in stated.images)
    return stated.model_copy(update={"images": images})


async def related(bus: Bus, text: str) -> list[str]:
    hits = (await bus.ask(SearchPosts(text=text), timeout_s=10)).hits
    return [hit.post_id for hit in hits if not hit.less_related]


async def until(ask: Callable[[], Awaitable[list[str]]], expected: list[str]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await ask() != expected:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_published_post_is_found_likened_and_deleted(service: httpx.AsyncClient, gateway: Bus) -> None:
    assert (await service.get("/readyz")).status_code == 200
    shown, alike = of_colour("red", "calm sea"), of_colour("red", "wild forest")
    await gateway.emit(shown)
    await until(lambda: related(gateway, "red"), [shown.post_id])
    await gateway.emit(alike)

    async def likened() -> list[str]:
        answer: Hits = await gateway.ask(SimilarPosts(post_id=shown.post_id), timeout_s=10)
        return [hit.post_id for hit in answer.hits]

    await until(likened, [alike.post_id])
    vectors = await gateway.ask(PostVectors(post_ids=(shown.post_id,)), timeout_s=10)
    assert len(vectors.image[shown.post_id]) == WIDTH
    await gateway.emit(PostDeleted(post_id=alike.post_id, author_id=alike.author_id))
    await until(likened, [])


async def test_changes_decisions_and_erasure_are_heard(service: httpx.AsyncClient, gateway: Bus) -> None:
    stated = of_colour("blue", None)
    await gateway.emit(PostChanged(**{**stated.model_dump(), "version": 2, "caption": "snow"}))
    await until(lambda: related(gateway, "snow"), [stated.post_id])
    verdict = Decision(id=new_id(), stage="image", verdict="block")
    target = Target(kind="image", id=stated.images[0].image_id)
    await gateway.emit(DecisionMade(decision_id=verdict.id, target=target, owner_id=stated.author_id, decision=verdict))
    await until(lambda: related(gateway, "snow"), [])
    kept = of_colour("red", "snow")
    await gateway.emit(kept)
    await until(lambda: related(gateway, "snow"), [kept.post_id])
    await gateway.emit(UserErased(user_id=kept.author_id))
    await until(lambda: related(gateway, "snow"), [])


async def test_a_picture_that_comes_late_is_read_when_it_is_there(
    service: httpx.AsyncClient, gateway: Bus, media: MediaStore
) -> None:
    stated = of_colour("green", None)
    await gateway.emit(stated.model_copy(update={"caption": "late"}))
    await until(lambda: related(gateway, "late"), [stated.post_id])
    await media.put(rendition_key("green", "320", "jpg"), picture("green"))
    await until(lambda: related(gateway, "green"), [stated.post_id])
