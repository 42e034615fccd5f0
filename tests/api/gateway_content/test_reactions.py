"""Likes, bookmarks and comments: exact, private where they should be, and closed to who is blocked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from services.gateway.context import Parts
from services.gateway.posting.counters import POSTS
from services.gateway.recounting import recount
from shared.bus import Bus
from shared.events import PostShared
from tests.api.conftest import MakePerson, Person
from tests.api.gateway_content.conftest import MakePictures, until
from tests.api.gateway_content.test_posts import publish


async def test_likes_at_once_are_counted_exactly(
    ada: Person, make_person: MakePerson, parts: Parts, painted: MakePictures
) -> None:
    made = await publish(ada, await painted(ada), visibility="public")
    fans = [await make_person() for _ in range(6)]
    path = f"/v1/posts/{made['id']}"

    async def fickle(fan: Person) -> None:
        """Likes often, takes it back once, and ends up liking."""
        await asyncio.gather(*(fan.http.put(f"{path}/like") for _ in range(3)))
        await fan.http.delete(f"{path}/like")
        answers = await asyncio.gather(*(fan.http.put(f"{path}/like") for _ in range(2)))
        assert {answer.status_code for answer in answers} == {204}

    await asyncio.gather(*(fickle(fan) for fan in fans))
    post = (await fans[0].http.get(path)).json()
    assert post["counts"]["likes"] == 6
    assert post["viewer"] == {"liked": True, "bookmarked": False}
    assert await recount(parts, POSTS, [str(made["id"])]) == 0
    page = (await fans[0].http.get("/v1/me/likes")).json()
    assert [item["id"] for item in page["items"]] == [made["id"]]
    await fans[0].http.delete(f"{path}/like")
    assert (await fans[0].http.get("/v1/me/likes")).json()["items"] == []


async def test_drift_is_found_and_corrected(ada: Person, parts: Parts, painted: MakePictures) -> None:
    made = await publish(ada, await painted(ada), visibility="public")
    post_id = str(made["id"])
    await ada.http.put(f"/v1/posts/{post_id}/like")
    await parts.mongo.write([parts.posts.counting(post_id, "likes", 4)])
    assert await recount(parts, POSTS, [post_id]) == 4
    assert (await ada.http.get(f"/v1/posts/{post_id}")).json()["counts"]["likes"] == 1


async def test_bookmarks_are_private_and_listed_latest_first(ada: Person, bob: Person, painted: MakePictures) -> None:
    posts = [await publish(ada, await painted(ada), visibility="public") for _ in range(3)]
    for post in posts:
        assert (await bob.http.put(f"/v1/posts/{post['id']}/bookmark")).status_code == 204
    first = await bob.http.get("/v1/me/bookmarks", params={"limit": 2})
    assert [item["id"] for item in first.json()["items"]] == [posts[2]["id"], posts[1]["id"]]
    second = await bob.http.get("/v1/me/bookmarks", params={"limit": 2, "cursor": first.json()["next_cursor"]})
    assert [item["id"] for item in second.json()["items"]] == [posts[0]["id"]]
    assert second.json()["next_cursor"] is None
    assert (await bob.http.get("/v1/notifications")).json()["items"] == []


async def test_a_blocked_person_meets_nothing(ada: Person, bob: Person, painted: MakePictures) -> None:
    made = await publish(ada, await painted(ada), visibility="public")
    path = f"/v1/posts/{made['id']}"
    said = await bob.http.post(f"{path}/comments", json={"text": "Hi"})
    assert said.status_code == 201
    await ada.http.put("/v1/users/bob/block")
    for answer in (
        await bob.http.get(path),
        await bob.http.put(f"{path}/like"),
        await bob.http.post(f"{path}/comments", json={"text": "Let me in"}),
        await bob.http.get(f"{path}/comments"),
        await bob.http.get("/v1/users/ada/posts"),
    ):
        assert answer.status_code == 404
    assert (await ada.http.get(f"{path}/comments")).json()["items"] == []
    again = await bob.http.post("/v1/generations", json={"prompt": "x", "source_image_id": made["images"][0]["id"]})  # type: ignore[index]
    assert again.json()["code"] == "unknown_source_image"


async def test_what_one_liked_can_be_taken_back_when_it_is_out_of_sight(
    ada: Person, bob: Person, painted: MakePictures
) -> None:
    closed, blocked, gone = [await publish(ada, await painted(ada), visibility="public") for _ in range(3)]
    for post in (closed, blocked, gone):
        for kind in ("like", "bookmark"):
            assert (await bob.http.put(f"/v1/posts/{post['id']}/{kind}")).status_code == 204
    await ada.http.patch(f"/v1/posts/{closed['id']}", json={"visibility": "private"})
    await ada.http.delete(f"/v1/posts/{gone['id']}")
    for kind in ("like", "bookmark"):
        assert (await bob.http.delete(f"/v1/posts/{closed['id']}/{kind}")).status_code == 204
        assert (await bob.http.delete(f"/v1/posts/{gone['id']}/{kind}")).status_code == 204
        assert (await bob.http.put(f"/v1/posts/{closed['id']}/{kind}")).status_code == 404
    await ada.http.put("/v1/users/bob/block")
    assert (await bob.http.delete(f"/v1/posts/{blocked['id']}/like")).status_code == 204
    counts = [(await ada.http.get(f"/v1/posts/{post['id']}")).json()["counts"] for post in (closed, blocked)]
    assert [(each["likes"], each["bookmarks"]) for each in counts] == [(0, 0), (0, 1)]


async def test_passing_a_link_on_is_told(
    ada: Person, bob: Person, painted: MakePictures, outside: Callable[[str], Bus]
) -> None:
    feed = outside("feed")
    heard: list[PostShared] = []

    @feed.on(PostShared)
    async def shared(event: PostShared) -> None:
        heard.append(event)

    await feed.start()
    made = await publish(ada, await painted(ada), visibility="unlisted")
    assert (await bob.http.post(f"/v1/posts/{made['id']}/shares")).status_code == 204
    assert (await bob.http.post("/v1/posts/nothing/shares")).status_code == 404

    async def told() -> bool:
        return bool(heard)

    await until(told)
    assert (heard[0].post_id, heard[0].author_id, heard[0].user_id) == (made["id"], ada.id, bob.id)
