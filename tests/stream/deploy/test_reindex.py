"""Telling posts again: at the hearers' pace, and on from where a run was cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from nats.js import JetStreamContext

from deploy.tools.reindex import IN_HAND, NOTED_EVERY, reindex
from shared.bus import Bus
from shared.events import PostPublished, utcnow
from shared.ids import new_id
from shared.mongo import Mongo
from shared.settings import MongoSettings
from tests.stream.conftest import StartService, stored

POSTS = 3 * NOTED_EVERY


@pytest.fixture
async def post_ids(settings: MongoSettings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Posts in the gateway's database, to which the environment points."""
    monkeypatch.setenv("NATS_URL", settings.nats_url)
    monkeypatch.setenv("MONGODB_URL", settings.mongodb_url.get_secret_value())
    monkeypatch.setenv("MONGODB_DATABASE", settings.mongodb_database)
    ids = sorted(new_id() for _ in range(POSTS))
    mongo = Mongo(settings, "gateway")
    await mongo.database["posts"].insert_many(
        [
            {
                "_id": post_id, "version": 1, "author_id": "a", "author_username": "ada", "images": [], "caption": "",
                "tags": [], "model": "pocket", "aspect": "1:1", "visibility": "public", "moderation": "allow",
                "show_prompt": True, "parent_id": None, "root_id": None, "created_at": utcnow(),
            }
            for post_id in ids
        ]
    )  # fmt: skip
    await mongo.close()
    return ids


class Hearer:
    """A service that takes posts in, as long as it is let."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    def register(self, bus: Bus) -> None:
        @bus.on(PostPublished)
        async def published(event: PostPublished) -> None:
            await self.open.wait()
            self.heard.append(event.post_id)


@pytest.fixture
def hearer() -> Iterator[Hearer]:
    one = Hearer()
    yield one
    one.open.set()


async def test_a_run_that_was_cut_off_is_gone_on_with(
    post_ids: list[str], start_service: StartService, hearer: Hearer
) -> None:
    await start_service("search", hearer.register)
    await start_service("feed", Hearer().register)
    first = asyncio.create_task(reindex())
    async with asyncio.timeout(30):
        while len(hearer.heard) < NOTED_EVERY + 5:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    while not first.done():  # `asyncio.wait_for` may swallow one cancellation
        first.cancel()
        await asyncio.sleep(0.005)
    with pytest.raises(asyncio.CancelledError):
        await first
    told = await reindex()
    assert POSTS - len(hearer.heard) <= told <= POSTS - NOTED_EVERY
    async with asyncio.timeout(30):
        while len(set(hearer.heard)) < POSTS:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert set(hearer.heard) == set(post_ids)
    assert await reindex() == POSTS, "a run that came to its end leaves nothing to go on with"


async def test_posts_are_told_no_faster_than_they_are_taken_in(
    post_ids: list[str], start_service: StartService, hearer: Hearer, jetstream: JetStreamContext
) -> None:
    await start_service("search", hearer.register)
    await start_service("feed", Hearer().register)
    hearer.open.clear()
    run = asyncio.create_task(reindex())
    async with asyncio.timeout(30):
        while len(await stored(jetstream)) < IN_HAND:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.3)
    assert len(await stored(jetstream)) == IN_HAND
    hearer.open.set()
    assert await run == POSTS


async def test_starting_over_tells_everything(
    post_ids: list[str], start_service: StartService, settings: MongoSettings
) -> None:
    for service in ("search", "feed"):
        await start_service(service, Hearer().register)
    mongo = Mongo(settings, "gateway")
    await mongo.database["reindexing"].insert_one({"_id": "posts", "after": post_ids[-3], "told": POSTS - 2})
    await mongo.close()
    assert await reindex(start_over=True) == POSTS
