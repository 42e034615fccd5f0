"""Explore and Following: fair to authors, strict about who is followed, steady while new posts arrive."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from training.feed_eval.community import Community, ids


async def scroll(
    community: Community, person: str | None, mode: str, *, limit: int = 20, pages: int = 1000
) -> list[str]:
    """Everything a person meets when scrolling to the end."""
    shown: list[str] = []
    cursor = None
    for _ in range(pages):
        page = await community.page(person, mode, limit=limit, cursor=cursor)
        shown += ids(page)
        if (cursor := page.next_cursor) is None:
            return shown
    return shown


async def test_explore_needs_no_login_and_shows_what_trends_and_what_is_new() -> None:
    community = Community()
    await community.fill(100)
    hit = await community.publish("eve", age=timedelta(hours=20))
    for number in range(30):
        await community.like(f"fan{number}", hit)
    page = await community.page(None, "explore")
    assert ids(page)[0] == hit
    assert Counter(item.reasons[0].code for item in page.items) == {"trending": 1, "fresh": 19}
    old = await community.publish("joe", age=timedelta(days=30))
    for number in range(30):
        await community.like(f"fan{number}", old)
    assert ids(await community.page(None, "explore")).index(old) > 0


async def test_no_author_has_more_than_two_of_ten_in_explore() -> None:
    community = Community()
    for _ in range(200):
        await community.publish("drowner", age=timedelta(seconds=5))
    await community.fill(60, authors=8)
    shown = await scroll(community, None, "explore", limit=15)
    authors = [community.author[post_id] for post_id in shown]
    assert len(shown) > 60
    assert all(max(Counter(authors[start : start + 10]).values()) <= 2 for start in range(len(authors) - 9))
    assert len(shown) == len(set(shown))


async def test_explore_in_a_tiny_community_shows_two_of_ten_at_a_time_and_reaches_everything() -> None:
    community = Community()
    posts = {await community.publish("ada") for _ in range(7)} | {await community.publish("ben")}
    page = await community.page(None, "explore", limit=10)
    assert max(Counter(community.author[post_id] for post_id in ids(page)).values()) <= 2
    assert set(await scroll(community, None, "explore", limit=10)) == posts


async def test_ones_own_posts_stand_in_explore_like_everyone_elses() -> None:
    community = Community()
    await community.fill(10)
    own = await community.publish("bob", age=timedelta(seconds=1))
    assert own in ids(await community.page("bob", "explore"))


async def test_what_one_hid_or_wants_less_of_leaves_explore() -> None:
    community = Community()
    posts = await community.fill(10, authors=10)
    await community.gesture("bob", "hidden", [(posts[0], None)])
    await community.gesture("bob", "less", [(posts[1], None)])
    assert set(await scroll(community, "bob", "explore")) == set(posts[2:])


async def test_following_holds_only_followed_people_newest_first_and_ends() -> None:
    community = Community()
    await community.fill(60, authors=6)
    await community.relate("bob", "follow", "author1")
    await community.relate("bob", "follow", "author2")
    await community.relate("bob", "follow", "author3")
    await community.relate("bob", "follow", "author3", on=False)
    await community.publish("author1", visibility="followers")
    await community.publish("author1", visibility="private")
    shown = await scroll(community, "bob", "following", limit=7)
    posts = {post.id: post for post in await community.posts.get(community.theme)}
    expected = [
        post
        for post in posts.values()
        if post.author_id in ("author1", "author2") and post.visibility in ("public", "followers")
    ]
    expected.sort(key=lambda post: (post.published_at, post.id), reverse=True)
    assert shown == [post.id for post in expected]
    assert await scroll(community, "eve", "following") == []
    assert await scroll(community, None, "following") == []


async def test_following_reaches_behind_what_is_in_memory() -> None:
    community = Community()
    await community.relate("bob", "follow", "ada")
    posts = [await community.publish("ada", age=timedelta(minutes=number)) for number in range(50)]
    await community.publish("ada", visibility="private")
    await community.publish("eve", age=timedelta(seconds=1))
    community.feed = community.restarted()
    community.feed._pool.pool._size = 10
    assert await scroll(community, "bob", "following", limit=8) == posts
    assert await scroll(community, "bob", "following", limit=25) == posts


@pytest.mark.parametrize("mode", ["for_you", "explore", "following"])
async def test_new_posts_neither_shift_nor_repeat_anything(mode: str) -> None:
    community = Community()
    await community.fill(80, authors=10)
    for number in range(10):
        await community.relate("bob", "follow", f"author{number}")
    shown: list[str] = []
    cursor = None
    for _ in range(12):
        page = await community.page("bob", mode, limit=9, cursor=cursor)
        again = await community.page("bob", mode, limit=9, cursor=cursor)
        if cursor is not None:
            assert ids(again) == ids(page)
        shown += ids(page)
        await community.publish("author1", age=timedelta())
        await community.like("eve", shown[0])
        if (cursor := page.next_cursor) is None:
            break
    assert len(shown) == len(set(shown))
    assert len(shown) >= 50


@pytest.mark.parametrize("mode", ["for_you", "explore"])
async def test_pages_are_the_same_after_a_restart_and_in_another_process(mode: str) -> None:
    community = Community()
    await community.fill(80)
    first = await community.page("bob", mode)
    second = await community.page("bob", mode, cursor=first.next_cursor)
    community.feed = community.restarted()
    assert await community.page("bob", mode, cursor=first.next_cursor) == second
    third = await community.page("bob", mode, cursor=second.next_cursor)
    assert len({*ids(first), *ids(second), *ids(third)}) == 60


async def test_what_was_deleted_or_hidden_leaves_pages_already_served() -> None:
    community = Community()
    await community.fill(60)
    first = await community.page("bob")
    second = await community.page("bob", cursor=first.next_cursor)
    await community.feed.delete(ids(second)[0])
    await community.gesture("bob", "hidden", [(ids(second)[1], None)])
    again = await community.page("bob", cursor=first.next_cursor)
    assert ids(again) == ids(second)[2:]


@pytest.mark.parametrize(
    "cursor", ["", "garbage", "ÿ\ud800", "W10", "x" * 5000, "WyJzIiwieCIsMF0", "WyJwIiw5ZTk5LCJ4Il0"]
)
@pytest.mark.parametrize("mode", ["for_you", "explore", "following"])
async def test_a_cursor_that_is_not_ours_starts_afresh(cursor: str, mode: str) -> None:
    community = Community()
    await community.fill(30, authors=5)
    await community.relate("bob", "follow", "author1")
    fresh = await community.page("bob", mode, cursor=cursor)
    assert ids(fresh)
    if mode == "explore":
        assert ids(fresh) == ids(await community.page("bob", mode))


async def test_somebody_elses_cursor_starts_afresh() -> None:
    community = Community()
    await community.fill(60)
    theirs = (await community.page("eve")).next_cursor
    await community.page("eve", cursor=theirs)
    page = await community.page("bob", cursor=theirs)
    assert ids(page)
    assert not page.items[0].feed_context.startswith(str(theirs))
    assert ids(await community.page("bob", "explore", cursor=theirs)) == ids(await community.page("bob", "explore"))


async def test_five_hundred_pages_never_repeat_a_post() -> None:
    community = Community()
    community.meaning.down = True
    await community.fill(505, authors=200)
    shown = await scroll(community, "bob", "for_you", limit=1, pages=500)
    assert len(shown) == len(set(shown)) == 500


async def test_an_erased_person_is_forgotten_everywhere() -> None:
    community = Community()
    await community.fill(30)
    theirs = await community.publish("bob")
    other = next(iter(community.theme))
    await community.like("bob", other)
    page = await community.page("bob")
    await community.gesture("bob", "seen", [(item.post_id, item.feed_context) for item in page.items])
    await community.feed.erase("bob")
    assert await community.encounters.of("bob") == []
    assert await community.pages.logged("bob") == []
    assert theirs not in ids(await community.page("eve", "explore", limit=100))
    assert [post.points for post in await community.posts.get([other])] == [0]
    assert len(ids(await community.page("bob"))) == 20


async def test_people_without_an_account_share_the_first_page_until_a_post_changes() -> None:
    community = Community()
    await community.fill(30)
    first = await community.page(None, "explore")
    assert await community.page(None, "explore") == first
    rest = await community.page(None, "explore", cursor=first.next_cursor)
    assert not set(ids(first)) & set(ids(rest))
    new = await community.publish("eve", age=timedelta())
    assert new in ids(await community.page(None, "explore"))
