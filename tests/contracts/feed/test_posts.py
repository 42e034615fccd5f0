"""What every store of posts does."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from services.feed.records import Post, Ruling
from shared.events import utcnow
from tests.contracts.feed.conftest import Stores
from tests.contracts.feed.examples import minutes, published


async def only(stores: Stores, post_id: str) -> Post:
    (post,) = await stores.posts.get([post_id])
    return post


async def test_a_post_is_kept_as_it_was_said(stores: Stores) -> None:
    await stores.posts.put(
        published("p", "ada", at=minutes(3), prompt="a red fox reading", tags=("Foxes",), parent_id="q")
    )
    post = await only(stores, "p")
    assert (post.author_id, post.author_username, post.visibility, post.parent_id) == ("ada", "ada", "public", "q")
    assert post.published_at == minutes(3)
    assert post.words == {"foxes", "reading"}
    assert post.image_ids == ("image-of-p",)
    assert not post.gone


@pytest.mark.parametrize("order", [(1, 2), (2, 1), (2, 1, 2)])
async def test_the_highest_version_wins_in_any_order(stores: Stores, order: tuple[int, ...]) -> None:
    for version in order:
        await stores.posts.put(published("p", version=version, tags=(f"version{version}",)))
    post = await only(stores, "p")
    assert post.version == 2
    assert post.words == {"version2"}


async def test_a_deleted_post_never_returns(stores: Stores) -> None:
    await stores.posts.delete("early")
    await stores.posts.put(published("early"))
    await stores.posts.put(published("late"))
    await stores.posts.delete("late")
    await stores.posts.put(published("late", version=7))
    assert all(post.gone for post in await stores.posts.get(["early", "late"]))
    assert await stores.posts.newest(10) == []


async def test_the_newest_come_first_and_no_more_than_asked(stores: Stores) -> None:
    for age_days in (0, 1, 40, 400):
        await stores.posts.put(published(f"p{age_days}", at=utcnow() - timedelta(days=age_days)))
    assert [post.id for post in await stores.posts.newest(3)] == ["p0", "p1", "p40"]
    assert [post.id for post in await stores.posts.newest(9)] == ["p0", "p1", "p40", "p400"]


async def test_changes_are_told_from_a_moment_on(stores: Stores) -> None:
    await stores.posts.put(published("p"))
    await asyncio.sleep(0.01)
    moment = utcnow()
    await asyncio.sleep(0.01)
    await stores.posts.put(published("q"))
    await stores.posts.delete("r")
    changed = await stores.posts.changed_since(moment)
    assert {(post.id, post.gone) for post in changed} == {("q", False), ("r", True)}


async def test_posts_of_authors_are_paged_by_place(stores: Stores) -> None:
    for index in range(4):
        await stores.posts.put(published(f"p{index}", "ada" if index % 2 else "ben", at=minutes(index // 2)))
    await stores.posts.put(published("x", "eve", at=minutes(9)))
    await stores.posts.put(published("y", "ada", at=minutes(9), visibility="private"))
    await stores.posts.put(published("z", "ada", at=minutes(8), visibility="followers"))
    first = await stores.posts.by_authors(["ada", "ben"], None, 3)
    assert [post.id for post in first] == ["z", "p3", "p2"]
    rest = await stores.posts.by_authors(["ada", "ben"], (first[-1].published_at, first[-1].id), 3)
    assert [post.id for post in rest] == ["p1", "p0"]


@pytest.mark.parametrize(("kind", "target"), [("post", "p"), ("image", "image-of-p"), ("user", "ada")])
async def test_what_moderation_withholds_is_gone_until_it_is_given_free(stores: Stores, kind: str, target: str) -> None:
    await stores.posts.put(published("p"))
    await stores.posts.put(published("other", "ben"))
    assert await stores.posts.rule(Ruling(kind, target, True, minutes(1))) == ["p"]
    assert (await only(stores, "p")).gone
    assert not (await only(stores, "other")).gone
    await stores.posts.put(published("p", version=2))
    assert (await only(stores, "p")).gone
    await stores.posts.rule(Ruling(kind, target, False, minutes(3)))
    await stores.posts.rule(Ruling(kind, target, True, minutes(2)))
    assert not (await only(stores, "p")).gone


async def test_a_ruling_may_come_before_its_post(stores: Stores) -> None:
    assert await stores.posts.rule(Ruling("post", "p", True, minutes(1))) == []
    await stores.posts.put(published("p"))
    assert (await only(stores, "p")).gone


async def test_exposure_is_counted(stores: Stores) -> None:
    await stores.posts.put(published("p"))
    await stores.posts.count_exposure(["p", "unknown"], [])
    await stores.posts.count_exposure(["p"], ["p"])
    post = await only(stores, "p")
    assert (post.impressions, post.rejections) == (2, 1)
    assert await stores.posts.get(["unknown"]) == []


async def test_an_erased_author_has_no_posts_now_or_later(stores: Stores) -> None:
    await stores.posts.put(published("p"))
    await stores.posts.put(published("other", "ben"))
    assert await stores.posts.erase_author("ada") == ["p"]
    await stores.posts.put(published("late"))
    assert [post.id for post in await stores.posts.newest(10)] == ["other"]
    assert (await only(stores, "late")).author_id == ""


async def test_versions_and_rulings_at_once_end_the_same(stores: Stores) -> None:
    await asyncio.gather(
        *(stores.posts.put(published("p", version=version)) for version in range(1, 6)),
        stores.posts.rule(Ruling("post", "p", True, minutes(1))),
        stores.posts.rule(Ruling("image", "image-of-p", False, minutes(1))),
    )
    post = await only(stores, "p")
    assert (post.version, post.gone) == (5, True)
