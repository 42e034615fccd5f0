"""The feed, search and status, with and without the services behind them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import httpx

from shared.bus import Bus
from shared.events import FeedInteracted
from shared.live import QueueMeasured
from shared.queries import (
    FeedItem,
    FeedItems,
    FeedPage,
    Hit,
    Hits,
    Noted,
    NoteInteractions,
    Reason,
    SearchPosts,
    SimilarPosts,
)
from tests.api.conftest import Person
from tests.api.gateway_content.conftest import MakePictures, Studio, until
from tests.api.gateway_content.test_posts import publish


async def several(person: Person, painted: MakePictures, n: int = 3, **more: object) -> list[str]:
    return [
        str((await publish(person, [one], visibility="public", **more))["id"]) for one in await painted(person, n=n)
    ]


def ids(page: httpx.Response) -> list[str]:
    assert page.status_code == 200, page.text
    return [item["post"]["id"] for item in page.json()["items"]]


async def test_without_the_feed_service_recency_is_shown(
    ada: Person, bob: Person, client: httpx.AsyncClient, painted: MakePictures
) -> None:
    posts = await several(ada, painted, 4)
    first = await client.get("/v1/feed", params={"mode": "explore", "limit": 2})
    assert ids(first) == [posts[3], posts[2]]
    assert first.json()["items"][0]["reasons"] == [{"code": "recent", "text": "New on Promptgram"}]
    await several(bob, painted, 1)
    second = await client.get("/v1/feed", params={"mode": "explore", "cursor": first.json()["next_cursor"]})
    assert ids(second) == [posts[1], posts[0]]
    assert (await client.get("/v1/feed", params={"mode": "for_you"})).status_code == 401
    assert ids(await bob.http.get("/v1/feed", params={"mode": "following"})) == []
    await bob.http.put("/v1/users/ada/follow")
    assert ids(await bob.http.get("/v1/feed", params={"mode": "following"})) == posts[::-1]
    assert (await client.get("/v1/feed", params={"mode": "explore", "cursor": "xyz"})).json()["code"] == "bad_cursor"


async def test_the_feeds_order_and_reasons_are_kept(
    ada: Person, bob: Person, painted: MakePictures, outside: Callable[[str], Bus]
) -> None:
    posts = await several(ada, painted)
    private = str((await publish(ada, await painted(ada), visibility="private"))["id"])
    order = [posts[1], private, "gone", posts[0], posts[2]]
    feed = outside("feed")
    asked: list[FeedPage] = []

    @feed.answer(FeedPage)
    async def page(query: FeedPage) -> FeedItems:
        asked.append(query)
        start = int(query.cursor or 0)
        items = tuple(
            FeedItem(post_id=one, reasons=(Reason(code="taste", text="You like foxes"),), feed_context=f"c{one}")
            for one in order[start : start + query.limit]
        )
        end = start + query.limit
        return FeedItems(items=items, next_cursor=str(end) if end < len(order) else None)

    await feed.start()
    first = await bob.http.get("/v1/feed", params={"limit": 3})
    assert ids(first) == [posts[1], posts[0], posts[2]]
    assert first.json()["items"][0]["reasons"][0]["code"] == "taste"
    assert first.json()["items"][0]["feed_context"] == f"c{posts[1]}"
    assert first.json()["next_cursor"] is None
    assert (asked[0].viewer_id, asked[0].mode) == (bob.id, "for_you")


async def test_interactions_become_one_event(ada: Person, outside: Callable[[str], Bus]) -> None:
    feed = outside("feed")
    heard: list[FeedInteracted] = []

    @feed.on(FeedInteracted)
    async def interacted(event: FeedInteracted) -> None:
        heard.append(event)

    await feed.start()
    items = [{"post_id": "p1", "event": "seen", "feed_context": "c"}, {"post_id": "p2", "event": "less"}]
    for _ in range(2):
        answer = await ada.http.post(
            "/v1/feed/interactions", json={"items": items}, headers={"Idempotency-Key": "batch"}
        )
        assert answer.status_code == 202

    async def told() -> bool:
        return bool(heard)

    await until(told)
    assert [(one.post_id, one.event) for one in heard[0].items] == [("p1", "seen"), ("p2", "less")]
    assert heard[0].user_id == ada.id
    for bad in ([], [{"post_id": "p", "event": "loved"}], [{"post_id": "p", "event": "seen"}] * 101):
        assert (await ada.http.post("/v1/feed/interactions", json={"items": bad})).status_code == 422


async def test_what_is_turned_away_is_noted_before_it_is_answered(ada: Person, outside: Callable[[str], Bus]) -> None:
    feed = outside("feed")
    noted: list[FeedInteracted] = []
    heard: list[FeedInteracted] = []

    @feed.answer(NoteInteractions)
    async def note(query: NoteInteractions) -> Noted:
        noted.append(query.interactions)
        return Noted()

    @feed.on(FeedInteracted)
    async def interacted(event: FeedInteracted) -> None:
        heard.append(event)

    await feed.start()
    for number, event in enumerate(("less", "hidden", "seen")):
        body = {"items": [{"post_id": f"p{number}", "event": event}]}
        assert (await ada.http.post("/v1/feed/interactions", json=body)).status_code == 202
    assert [one.items[0].post_id for one in noted] == ["p0", "p1"]

    async def told() -> bool:
        return bool(heard)

    await until(told)
    assert [one.items[0].post_id for one in heard] == ["p2"]


async def test_search_asks_filters_and_keeps_order(
    ada: Person, bob: Person, client: httpx.AsyncClient, painted: MakePictures, outside: Callable[[str], Bus]
) -> None:
    posts = await several(ada, painted, 4)
    await bob.http.put(f"/v1/posts/{posts[2]}/like")
    hidden = str((await publish(ada, await painted(ada), visibility="private"))["id"])
    search = outside("search")
    asked: list[SearchPosts] = []
    ranking = [posts[0], hidden, posts[3], posts[1], posts[2]]

    @search.answer(SearchPosts)
    async def find(query: SearchPosts) -> Hits:
        asked.append(query)
        found = [Hit(post_id=one, score=1 / (place + 1), matched=("image",)) for place, one in enumerate(ranking)]
        return Hits(hits=tuple(found[query.offset : query.offset + query.limit]))

    @search.answer(SimilarPosts)
    async def similar(query: SimilarPosts) -> Hits:
        return Hits(hits=(Hit(post_id=posts[3], score=0.9), Hit(post_id=hidden, score=0.8)))

    await search.start()
    first = await client.get("/v1/search", params={"q": "fox", "limit": 2, "after": "2020-01-01", "aspect": "1:1"})
    assert ids(first) == [posts[0], posts[3]]
    assert first.json()["items"][0]["score"] == 1.0
    assert first.json()["items"][0]["matched"] == ["image"]
    second = await client.get("/v1/search", params={"q": "fox", "cursor": first.json()["next_cursor"]})
    assert ids(second) == [posts[1], posts[2]]
    assert (asked[0].text, asked[0].filter.aspect) == ("fox", "1:1")
    assert asked[0].filter.after == datetime(2020, 1, 1, tzinfo=UTC)
    assert asked[-1].filter.before == asked[0].filter.before
    assert ids(await ada.http.get("/v1/search", params={"from": "me"}))[1] == hidden
    assert (asked[-1].filter.author_id, asked[-1].filter.include_hidden) == (ada.id, True)
    assert ids(await bob.http.get("/v1/search", params={"from": "ADA"})) == [posts[0], posts[3], posts[1], posts[2]]
    assert asked[-1].filter.include_hidden is False
    top = await client.get("/v1/search", params={"q": "fox", "sort": "top", "limit": 2})
    assert ids(top) == [posts[2], posts[3]]
    rest = await client.get("/v1/search", params={"q": "fox", "sort": "top", "cursor": top.json()["next_cursor"]})
    assert ids(rest) == [posts[1], posts[0]]
    near = await client.get(f"/v1/posts/{posts[0]}/similar")
    assert [item["id"] for item in near.json()["items"]] == [posts[3]]
    assert ids(await client.get("/v1/search", params={"from": "nobody"})) == []
    assert (await client.get("/v1/search", params={"from": "me"})).status_code == 401
    for bad in (
        {"after": "yesterday"},
        {"sort": "best"},
        {"limit": 0},
        {"limit": 101},
        {"q": "x" * 501},
        {"q": "\u0000"},
    ):
        assert (await client.get("/v1/search", params=bad)).status_code == 422, bad


async def test_without_search_it_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/search", params={"q": "fox"})
    assert (answer.status_code, answer.json()["code"]) == (503, "search_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


async def test_the_status_names_what_is_down(client: httpx.AsyncClient, studio: Studio) -> None:
    await studio.bus.tell(
        QueueMeasured(worker="w", model="pocket", state="warm", eta_ms=500, picture_ms=100, pictures=5)
    )

    async def heard() -> bool:
        return (await client.get("/v1/status")).json()["model"]["state"] == "warm"

    await until(heard)
    status = (await client.get("/v1/status")).json()
    assert status["status"] == "degraded"
    assert status["model"] == {"state": "warm", "eta_ms": 600}
    assert status["parts"] == {
        "broker": "ok", "database": "ok", "moderation": "down", "generation": "ok", "search": "down", "feed": "down",
    }  # fmt: skip
