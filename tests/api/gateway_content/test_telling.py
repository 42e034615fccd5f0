"""What is done to posts is told to other services, each act once, and lists of posts keep their place meanwhile."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from services.gateway.context import Parts
from shared.events import (
    Event,
    PostBookmarked,
    PostChanged,
    PostCommented,
    PostDeleted,
    PostLiked,
    PostPublished,
    PostRemixed,
    PostUnbookmarked,
    PostUnliked,
    utcnow,
)
from shared.ids import first_id_at, new_id
from tests.api.conftest import Person
from tests.api.gateway_content.conftest import MakePictures
from tests.api.gateway_people.arranging import add_post, spoken


async def test_each_act_is_told_once(ada: Person, bob: Person, painted: MakePictures, parts: Parts) -> None:
    [image_id] = await painted(ada)
    made = await ada.http.post("/v1/posts", json={"image_ids": [image_id], "visibility": "public"})
    post_id = made.json()["id"]
    post = f"/v1/posts/{post_id}"
    for kind in ("like", "bookmark"):
        for method in ("PUT", "DELETE"):
            # Five times at once are one act.
            await asyncio.gather(*(bob.http.request(method, f"{post}/{kind}") for _ in range(5)))
    assert (await bob.http.post(f"{post}/comments", json={"text": "Hello"})).status_code == 201
    [remix_id] = await painted(bob, source_image_id=image_id)
    assert (await bob.http.post("/v1/posts", json={"image_ids": [remix_id], "visibility": "public"})).status_code == 201
    assert (await ada.http.patch(post, json={"caption": "New words"})).status_code == 200
    for _ in range(2):
        await ada.http.delete(post)

    expected: dict[type[Event], int] = {
        PostPublished: 2, PostLiked: 1, PostUnliked: 1, PostBookmarked: 1, PostUnbookmarked: 1, PostCommented: 1,
        PostRemixed: 1, PostChanged: 1, PostDeleted: 1,
    }  # fmt: skip
    assert {kind: len(await spoken(parts, kind)) for kind in expected} == expected


@pytest.mark.parametrize("listing", ["profile", "following", "explore", "likes", "bookmarks", "remixes", "comments"])
async def test_pages_keep_their_place_while_posts_come_and_go(
    ada: Person, bob: Person, parts: Parts, listing: str
) -> None:
    assert (await bob.http.put("/v1/users/ada/follow")).status_code == 204
    root = await add_post(parts, bob.id)
    paths = {
        "profile": "/v1/users/ada/posts", "following": "/v1/feed?mode=following", "explore": "/v1/feed?mode=explore",
        "likes": "/v1/me/likes", "bookmarks": "/v1/me/bookmarks", "remixes": f"/v1/posts/{root}/remixes",
        "comments": f"/v1/posts/{root}/comments",
    }  # fmt: skip

    async def add() -> str:
        if listing == "comments":
            return str((await ada.http.post(f"/v1/posts/{root}/comments", json={"text": "Hello"})).json()["id"])
        post_id = await add_post(parts, ada.id, parent_id=root, root_id=root)
        for kind in ("like", "bookmark"):
            await bob.http.put(f"/v1/posts/{post_id}/{kind}")
        return post_id

    async def page(cursor: str | None) -> tuple[list[str], str | None]:
        answer = await bob.http.get(paths[listing], params={"limit": 3} | ({"cursor": cursor} if cursor else {}))
        body = answer.json()
        return [item.get("post", item)["id"] for item in body["items"]], body["next_cursor"]

    made = [await add() for _ in range(8)]
    order = made if listing == "comments" else made[::-1]
    seen, cursor = await page(None)
    assert seen == order[:3]
    # One that was shown goes, and others come: an offset would now show one again or leave one out.
    await ada.http.delete(f"/v1/{'comments' if listing == 'comments' else 'posts'}/{order[1]}")
    for _ in range(2):
        await add()
    while cursor and len(seen) < 8:
        items, cursor = await page(cursor)
        seen += items
    assert seen[:8] == order


@pytest.mark.parametrize(
    "days_ago", [(), (0, 0, 0.01, 0.5, 3), (0.001,) * 9, (400, 401, 4000, 9000), (0, 30, 30, 31, 90)]
)
async def test_pages_of_one_person_hold_all_their_posts_however_far_apart(
    ada: Person, bob: Person, parts: Parts, days_ago: tuple[float, ...]
) -> None:
    await add_post(parts, bob.id)
    ids = [first_id_at(utcnow() - timedelta(days=days)) + new_id()[13:] for days in days_ago]
    for post_id in ids:
        await add_post(parts, ada.id, _id=post_id)
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        body = (
            await bob.http.get("/v1/users/ada/posts", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen += [item["id"] for item in body["items"]]
        cursor = body["next_cursor"]
    assert seen == sorted(ids, reverse=True)
