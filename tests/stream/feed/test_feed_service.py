"""The feed service over a real broker and database: events in, pages out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from asgi_lifespan import LifespanManager

from services.feed.main import create_app
from services.feed.settings import FeedSettings
from shared import events as e
from shared.bus import Bus
from shared.ids import new_id
from shared.queries import (
    FeedItems,
    FeedMode,
    FeedPage,
    ForgetTaste,
    Hit,
    Hits,
    NearTaste,
    NoteInteractions,
    PostVectors,
    ReadTaste,
    SteerTaste,
    Vectors,
)
from shared.settings import MongoSettings
from tests.contracts.feed.examples import published


@pytest.fixture
def feed_settings(settings: MongoSettings) -> FeedSettings:
    return FeedSettings(**settings.model_dump())


@asynccontextmanager
async def running(settings: FeedSettings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings)
    async with (
        LifespanManager(app, startup_timeout=30, shutdown_timeout=30),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://feed") as client,
    ):
        yield client


@pytest.fixture
async def bus(feed_settings: FeedSettings) -> AsyncIterator[Bus]:
    bus = Bus(feed_settings, "gateway")
    await bus.start()
    yield bus
    await bus.stop()


async def ask(bus: Bus, viewer: str | None, mode: FeedMode = "for_you", **more: object) -> FeedItems:
    return await bus.ask(FeedPage(viewer_id=viewer, mode=mode, **more), timeout_s=10)


async def until(condition: Callable[[], Awaitable[object]], patience_s: float = 15) -> None:
    deadline = asyncio.get_running_loop().time() + patience_s
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline, "it did not come to pass"
        await asyncio.sleep(0.05)


def ids(page: FeedItems) -> list[str]:
    return [item.post_id for item in page.items]


async def publish(bus: Bus, count: int, *, author: str = "ada", prompt: str = "a cat") -> list[str]:
    posts = []
    for number in range(count):
        post_id = new_id()
        at = e.utcnow() - timedelta(minutes=number)
        await bus.emit(published(post_id, author, at=at, prompt=prompt))
        posts.append(post_id)
    return posts


async def test_events_become_pages_and_pages_survive_a_restart(bus: Bus, feed_settings: FeedSettings) -> None:
    async with running(feed_settings) as client:
        assert (await client.get("/readyz")).json()["parts"] == {"broker": "ok", "database": "ok"}
        assert (await ask(bus, None, "explore")).items == ()
        cats = await publish(bus, 4, author="ada")
        dogs = await publish(bus, 4, author="ben")
        await bus.emit(e.UserFollowed(user_id="bob", target_id="ada"))

        async def complete() -> bool:
            return ids(await ask(bus, "bob", "following")) == cats and len(ids(await ask(bus, "bob"))) == 8

        await until(complete)
        first = await ask(bus, "bob", limit=5)
        second = await ask(bus, "bob", limit=5, cursor=first.next_cursor)
        assert set(ids(first) + ids(second)) == {*cats, *dogs}
        assert second.next_cursor is None
        liked = dogs[0]
        await bus.emit(e.PostLiked(post_id=liked, author_id="ben", user_id="bob"))
        await bus.emit(e.PostDeleted(post_id=cats[0], author_id="ada"))

        async def learned() -> bool:
            return set(ids(await ask(bus, "bob"))) == {*cats[1:], *dogs[1:]}

        await until(learned)
    async with running(feed_settings):
        assert set(ids(await ask(bus, "bob"))) == {*cats[1:], *dogs[1:]}
        again = await ask(bus, "bob", limit=5, cursor=first.next_cursor)
        assert ids(again) == [post_id for post_id in ids(second) if post_id != cats[0]]
        assert ids(await ask(bus, "bob", "following")) == cats[1:]


async def test_less_like_this_changes_the_next_page_even_without_search(bus: Bus, feed_settings: FeedSettings) -> None:
    async with running(feed_settings):
        towers = [await publish(bus, 1, author=f"t{n}", prompt="tower castle medieval") for n in range(8)]
        fish = [await publish(bus, 1, author=f"f{n}", prompt="fish ocean coral") for n in range(8)]

        async def complete() -> bool:
            return len(ids(await ask(bus, "bob", limit=50))) == 16

        await until(complete)
        page = await ask(bus, "bob", limit=50)
        contexts = {item.post_id: item.feed_context for item in page.items}
        shunned = {post_id for (post_id,) in towers}
        items = tuple(
            e.Interaction(post_id=post_id, event="less", feed_context=contexts[post_id]) for (post_id,) in towers[:3]
        )
        await bus.emit(e.FeedInteracted(batch_id=new_id(), user_id="bob", items=items))

        async def learned() -> bool:
            page = await ask(bus, "bob", limit=8)
            return set(ids(page)) == {post_id for (post_id,) in fish} and not shunned & set(ids(page))

        await until(learned)


async def test_taste_is_asked_from_search_when_it_answers(bus: Bus, feed_settings: FeedSettings) -> None:
    asked: list[NearTaste] = []
    search = Bus(feed_settings, "search")
    axes = {"cat": (1.0, 0.0, 0.0), "dog": (0.0, 1.0, 0.0)}
    shown: dict[str, str] = {}

    @search.answer(PostVectors)
    async def vectors(query: PostVectors) -> Vectors:
        return Vectors(image={post_id: axes[shown[post_id]] for post_id in query.post_ids})

    @search.answer(NearTaste)
    async def taste(query: NearTaste) -> Hits:
        asked.append(query)
        return Hits(hits=tuple(Hit(post_id=post_id, score=1.0) for post_id, kind in shown.items() if kind == "cat"))

    await search.start()
    try:
        async with running(feed_settings):
            for kind in axes:
                for number in range(6):
                    (post_id,) = await publish(bus, 1, author=f"{kind}{number}", prompt=kind)
                    shown[post_id] = kind

            async def complete() -> bool:
                return len(ids(await ask(bus, "bob"))) == 12

            await until(complete)
            cats = [post_id for post_id, kind in shown.items() if kind == "cat"]
            for post_id in cats[:3]:
                await bus.emit(e.PostLiked(post_id=post_id, author_id="x", user_id="bob"))

            async def learned() -> bool:
                page = await ask(bus, "bob", limit=9)
                top = [item.reasons[0].code for item in page.items if item.post_id in cats]
                return (
                    len(page.items) == 9
                    and top.count("taste") >= 2
                    and set(asked[-1].exclude_post_ids) == set(cats[:3])
                )

            await until(learned)
            assert asked[-1].positive[0] == pytest.approx(axes["cat"])
    finally:
        await search.stop()


async def test_an_erased_person_is_gone_for_everyone(bus: Bus, feed_settings: FeedSettings) -> None:
    async with running(feed_settings):
        theirs = await publish(bus, 2, author="bob")
        others = await publish(bus, 2, author="ada")

        async def complete() -> bool:
            return set(ids(await ask(bus, None, "explore"))) == {*theirs, *others}

        await until(complete)
        await bus.emit(e.UserErased(user_id="bob"))

        async def forgotten() -> bool:
            return set(ids(await ask(bus, None, "explore"))) == set(others)

        await until(forgotten)


async def test_what_is_turned_away_is_gone_from_the_very_next_page(bus: Bus, feed_settings: FeedSettings) -> None:
    async with running(feed_settings):
        cats = await publish(bus, 4, prompt="a cat asleep")

        async def complete() -> bool:
            return len(ids(await ask(bus, "bob"))) == len(cats)

        await until(complete)
        for _ in cats:
            first = ids(await ask(bus, "bob", "for_you"))[0]
            less = e.Interaction(post_id=first, event="less")
            told = e.FeedInteracted(batch_id=new_id(), user_id="bob", items=(less,))
            await bus.ask(NoteInteractions(interactions=told), timeout_s=10)
            assert first not in ids(await ask(bus, "bob", "for_you"))


async def test_a_taste_is_told_steered_and_forgotten_over_the_bus(bus: Bus, feed_settings: FeedSettings) -> None:
    async with running(feed_settings):
        cats = await publish(bus, 3, prompt="a cat asleep")
        await bus.emit(e.PostLiked(post_id=cats[0], author_id="ada", user_id="bob"))

        async def learned() -> bool:
            return bool((await bus.ask(ReadTaste(viewer_id="bob"), timeout_s=10)).interests)

        await until(learned)
        steered = await bus.ask(SteerTaste(viewer_id="bob", exploration=0.6, personalised=False), timeout_s=10)
        assert (steered.exploration, steered.personalised) == (0.6, False)
        (interest,) = steered.interests
        assert (interest.id, interest.post_ids) == (f"interest-{cats[0]}", (cats[0],))
        assert (await bus.ask(ForgetTaste(viewer_id="bob", id=interest.id), timeout_s=10)).found
        assert not (await bus.ask(ForgetTaste(viewer_id="bob", id=interest.id), timeout_s=10)).found
        assert not await learned()
        assert (await bus.ask(ForgetTaste(viewer_id="bob"), timeout_s=10)).found
