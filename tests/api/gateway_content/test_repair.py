"""A process that dies between a change and its counters leaves them wrong; the reconciler counts again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta
from typing import NoReturn

import httpx
import pytest
from pymongo.asynchronous.client_session import AsyncClientSession

from services.gateway import recounting
from services.gateway.context import Parts
from services.gateway.people import erasure
from services.gateway.people.counters import PEOPLE
from services.gateway.posting.counters import POSTS
from services.gateway.recounting import Counted
from shared.events import PostBookmarked, utcnow
from shared.mongo import Document, Write
from tests.api.conftest import PASSWORD, Person
from tests.api.gateway_content.conftest import MakePictures
from tests.api.gateway_content.test_posts import publish
from tests.api.gateway_people.arranging import eventually, stored

Act = Callable[[httpx.AsyncClient, dict[str, str]], Awaitable[httpx.Response]]

ACTS: dict[str, Act] = {
    "a like": lambda http, of: http.put(f"/v1/posts/{of['fresh']}/like"),
    "a like taken back": lambda http, of: http.delete(f"/v1/posts/{of['post']}/like"),
    "a bookmark": lambda http, of: http.put(f"/v1/posts/{of['fresh']}/bookmark"),
    "a comment": lambda http, of: http.post(f"/v1/posts/{of['post']}/comments", json={"text": "Hello"}),
    "a deleted comment": lambda http, of: http.delete(f"/v1/comments/{of['comment']}"),
    "a follow": lambda http, of: http.put("/v1/users/cyd/follow"),
    "an end of following": lambda http, of: http.delete("/v1/users/ada/follow"),
    "a block": lambda http, of: http.put("/v1/users/ada/block"),
    "a remix": lambda http, of: http.post("/v1/posts", json={"image_ids": [of["draft"]]}),
    "a deleted remix": lambda http, of: http.delete(f"/v1/posts/{of['remix']}"),
    "a hidden remix": lambda http, of: http.patch(f"/v1/posts/{of['remix']}", json={"visibility": "private"}),
}


@pytest.fixture
async def scene(ada: Person, bob: Person, make_person: Callable, painted: MakePictures) -> dict[str, str]:
    """Ada's posts, one of which Bob has liked, remixed and commented on; ids by what they are."""
    await make_person("cyd")
    [source], [fresh] = await painted(ada), await painted(ada)
    post, other = await publish(ada, [source], visibility="public"), await publish(ada, [fresh], visibility="public")
    await bob.http.put("/v1/users/ada/follow")
    await bob.http.put(f"/v1/posts/{post['id']}/like")
    said = await bob.http.post(f"/v1/posts/{post['id']}/comments", json={"text": "How?"})
    comment_id = said.json()["id"]
    await ada.http.post(f"/v1/posts/{post['id']}/comments", json={"text": "So", "reply_to": comment_id})
    [shown], [draft] = [await painted(bob, source_image_id=source) for _ in range(2)]
    remix = await publish(bob, [shown], visibility="public")
    return {
        "post": str(post["id"]), "fresh": str(other["id"]), "comment": comment_id, "draft": draft,
        "remix": str(remix["id"]),
    }  # fmt: skip


async def counted(parts: Parts) -> dict[str, dict[str, int]]:
    """Every counter that is kept, by whose it is."""
    rows = [row for name in ("posts", "accounts") async for row in parts.mongo.database[name].find({})]
    return {row["_id"]: row["counts"] for row in rows}


async def counted_again(parts: Parts) -> dict[str, dict[str, int]]:
    """The same, from the ledgers alone."""
    database = parts.mongo.database

    async def number(collection: str, **query: object) -> int:
        return await database[collection].count_documents(query)

    posts = {
        post["_id"]: {
            "likes": await number("reactions", kind="like", post_id=post["_id"], on=True),
            "bookmarks": await number("reactions", kind="bookmark", post_id=post["_id"], on=True),
            "comments": await number("comments", post_id=post["_id"]),
            "remixes": await number("posts", parent_id=post["_id"], visibility="public"),
        }
        async for post in database["posts"].find({})
    }
    people = {
        account["_id"]: {
            "followers": await number("relations", kind="follow", target_id=account["_id"], on=True),
            "following": await number("relations", kind="follow", user_id=account["_id"], on=True),
            "posts": await number("posts", author_id=account["_id"], visibility="public"),
            "posts_for_followers": await number("posts", author_id=account["_id"], visibility="followers"),
        }
        async for account in database["accounts"].find({})
    }
    return posts | people


def die(*_: object, **__: object) -> NoReturn:
    raise ConnectionResetError


@pytest.fixture
async def repaired(
    parts: Parts, scene: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Awaitable[None]]:
    """Count again what has moved since the scene was set; until then nobody does."""
    begun = utcnow()
    monkeypatch.setattr(recounting, "SETTLED_AFTER", timedelta(hours=1))
    await parts.mongo.database["recounts"].delete_many({})

    async def repair() -> None:
        monkeypatch.setattr(recounting, "SETTLED_AFTER", timedelta(seconds=-1))
        for each in (POSTS, PEOPLE):
            await recounting.recount_recent(parts, each, begun)

    return repair


@pytest.mark.parametrize("act", ACTS)
async def test_what_a_crash_left_uncounted_is_counted(
    bob: Person, parts: Parts, scene: dict[str, str], repaired: Callable[[], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch, act: str,
) -> None:  # fmt: skip
    assert await counted(parts) == await counted_again(parts)
    with monkeypatch.context() as crash:
        crash.setattr(parts.posts, "counting", die)
        crash.setattr(parts.accounts, "counting", die)
        assert (await ACTS[act](bob.http, scene)).status_code == 500
    assert await counted(parts) != await counted_again(parts)
    await repaired()
    assert await counted(parts) == await counted_again(parts)
    assert await parts.mongo.database["recounts"].count_documents({}) == 0


@pytest.mark.parametrize("act", ["a like taken back", "a comment", "an end of following", "a deleted remix"])
async def test_a_counter_that_is_on_its_way_is_not_counted_twice(
    ada: Person, bob: Person, parts: Parts, scene: dict[str, str], monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """What was touched a while ago is counted again; a move that has been committed since has not arrived yet."""
    write, on_its_way = parts.mongo.write, list[Sequence[Write]]()

    async def later(writes: Sequence[Write], session: AsyncClientSession | None = None) -> None:
        if session:
            await write(writes, session)
        else:
            on_its_way.append(writes)

    long_ago = utcnow() - timedelta(minutes=2)
    for rows, at in (("reactions", "at"), ("comments", "created_at"), ("relations", "at"), ("recounts", "at")):
        await parts.mongo.database[rows].update_many({}, {"$set": {at: long_ago}})
    with monkeypatch.context() as busy:
        busy.setattr(parts.mongo, "write", later)
        assert (await ACTS[act](bob.http, scene)).is_success
    for each in (POSTS, PEOPLE):
        await recounting.recount_recent(parts, each, long_ago)
    for writes in on_its_way:
        await write(writes)
    assert await counted(parts) == await counted_again(parts)


async def test_a_crash_before_the_commit_changes_nothing_and_tells_nothing(
    ada: Person, bob: Person, parts: Parts, scene: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut_off(work: Callable[[AsyncClientSession], Awaitable[object]]) -> NoReturn:
        async with parts.mongo.client.start_session() as session, await session.start_transaction():
            await work(session)
            raise ConnectionResetError

    async def told() -> list[str]:
        return [message.subject for message in await stored(parts)]

    async def told_after() -> list[str] | None:
        return (await told())[len(before) :] or None

    async def all_told() -> bool:
        return await parts.outbox.waiting() == 0

    await eventually(all_told)
    before, counts = await told(), await counted(parts)
    with monkeypatch.context() as crash:
        crash.setattr(parts.mongo, "transaction", cut_off)
        for act in ACTS.values():
            assert (await act(bob.http, scene)).status_code == 500
    assert await counted(parts) == counts == await counted_again(parts)
    # Events leave in their order: one that had left too early would be before this one.
    assert (await ada.http.put(f"/v1/posts/{scene['post']}/bookmark")).status_code == 204
    assert await eventually(told_after) == [PostBookmarked.subject]


async def test_an_erasure_that_dies_before_it_counts_loses_no_count(
    bob: Person, parts: Parts, scene: dict[str, str], repaired: Callable[[], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(erasure, "TRY_AGAIN", timedelta(0))
    tries, put_back = [], parts.erasures.put_back

    async def tried(job: Document, pause: timedelta) -> None:
        tries.append(job)
        await put_back(job, pause)

    async def tried_again(before: int) -> bool:
        return len(tries) > before

    monkeypatch.setattr(parts.erasures, "put_back", tried)
    dying, recount = {POSTS, PEOPLE}, recounting.recount

    async def counting(parts: Parts, counted: Counted, ids: Collection[str]) -> int:
        return die() if counted in dying else await recount(parts, counted, ids)

    with monkeypatch.context() as crash:
        crash.setattr(recounting, "recount", counting)
        await bob.http.request("DELETE", "/v1/me", json={"password": PASSWORD})
        await eventually(lambda: tried_again(0))
        dying.remove(POSTS)
        seen = len(tries)
        await eventually(lambda: tried_again(seen))
    await eventually(lambda: parts.erasures.receipt(bob.id))
    await repaired()
    assert await counted(parts) == await counted_again(parts)
