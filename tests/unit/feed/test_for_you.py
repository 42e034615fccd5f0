"""The personal page on a small seeded community: it learns at once, and never shows what it must not."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from services.feed.cursors import read_context
from shared.queries import SteerTaste
from tests.contracts.feed.examples import START
from training.feed_eval.community import THEMES, Community, ids


@pytest.fixture
async def community() -> Community:
    community = Community()
    await community.fill(400)
    return community


async def test_a_newcomer_gets_a_full_page_of_different_authors(community: Community) -> None:
    page = await community.page("bob")
    assert len(page.items) == 20
    assert max(Counter(community.author[post_id] for post_id in ids(page)).values()) <= 3
    assert all(item.reasons for item in page.items)


async def test_ten_likes_raise_the_share_of_a_theme_at_least_threefold(community: Community) -> None:
    before = await community.page("bob", limit=40)
    liked = [post_id for post_id, theme in community.theme.items() if theme == "robots"][:10]
    for post_id in liked:
        await community.like("bob", post_id)
    after = await community.page("bob", limit=40)
    assert community.share(after, "robots") >= 3 * max(community.share(before, "robots"), 1 / 8)
    assert "taste" in {item.reasons[0].code for item in after.items}


@pytest.mark.parametrize("theme", THEMES[:3])
async def test_five_less_like_this_nearly_empty_the_next_page_of_a_theme(theme: str) -> None:
    community = Community(seed=11)
    await community.fill(300, themes=THEMES[:3])
    before = await community.page("bob", limit=40)
    unwanted = [(item.post_id, item.feed_context) for item in before.items if community.theme[item.post_id] == theme]
    assert len(unwanted) >= 5
    await community.gesture("bob", "less", unwanted[:5])
    after = await community.page("bob", limit=40, cursor=before.next_cursor)
    assert community.share(after, theme) <= 0.2 * community.share(before, theme)


async def test_less_like_this_acts_while_search_is_down_too(community: Community) -> None:
    community.meaning.down = True
    before = await community.page("bob", limit=40)
    theme = Counter(community.theme[post_id] for post_id in ids(before)).most_common(1)[0][0]
    unwanted = [(item.post_id, None) for item in before.items if community.theme[item.post_id] == theme]
    await community.gesture("bob", "less", unwanted[:5])
    after = await community.page("bob", limit=40, cursor=before.next_cursor)
    assert len(after.items) == 40
    assert community.share(after, theme) <= 0.2 * community.share(before, theme)


async def test_more_undoes_less_and_old_dislikes_are_forgotten(community: Community) -> None:
    cats = [post_id for post_id, theme in community.theme.items() if theme == "cats"]
    await community.gesture("bob", "less", [(post_id, None) for post_id in cats[:5]], ago=timedelta(days=1))
    shunned = community.share(await community.page("bob", limit=60), "cats")
    await community.gesture("bob", "more", [(post_id, None) for post_id in cats[:5]])
    assert community.share(await community.page("bob", limit=60), "cats") > max(shunned, 0.2)
    await community.gesture("eve", "less", [(post_id, None) for post_id in cats[:5]], ago=timedelta(days=141))
    assert community.share(await community.page("eve", limit=60), "cats") > shunned


async def test_what_one_made_saw_liked_or_hid_does_not_come(community: Community) -> None:
    own = await community.publish("bob")
    posts = list(community.theme)
    await community.gesture("bob", "seen", [(post_id, None) for post_id in posts[:100]])
    await community.gesture("bob", "hidden", [(posts[100], None)])
    await community.like("bob", posts[101])
    shown: set[str] = set()
    cursor = None
    while True:
        page = await community.page("bob", limit=100, cursor=cursor)
        shown |= set(ids(page))
        if (cursor := page.next_cursor) is None:
            break
    assert shown == set(posts) - {own} - set(posts[:102])


@pytest.mark.parametrize(
    ("person", "kind", "target"), [("bob", "block", "eve"), ("eve", "block", "bob"), ("bob", "mute", "eve")]
)
@pytest.mark.parametrize("mode", ["for_you", "explore", "following"])
async def test_blocked_and_muted_people_vanish_from_the_very_next_page(
    community: Community, person: str, kind: str, target: str, mode: str
) -> None:
    await community.relate("bob", "follow", "eve")
    theirs = {await community.publish("eve", age=timedelta(seconds=30)) for _ in range(3)}
    page = await community.page("bob", mode)
    assert theirs & set(ids(page))
    await community.relate(person, kind, target)
    again = await community.page("bob", mode)
    assert not theirs & set(ids(again))
    await community.relate(person, kind, target, on=False)
    assert theirs & set(ids(await community.page("bob", mode)))


async def test_followers_posts_are_for_followers_and_private_ones_for_nobody(community: Community) -> None:
    await community.feed.steer(SteerTaste(viewer_id="bob", exploration=0.0))
    secret = await community.publish("eve", visibility="followers", age=timedelta(seconds=1))
    hidden = [await community.publish("eve", visibility=kind) for kind in ("private", "unlisted")]
    assert secret not in ids(await community.page("bob", limit=100))
    assert secret not in ids(await community.page("bob", "explore", limit=100))
    await community.relate("bob", "follow", "eve")
    page = await community.page("bob", limit=100)
    assert secret in ids(page)
    assert not set(hidden) & set(ids(page))
    (item,) = [item for item in page.items if item.post_id == secret]
    assert item.reasons[0].code == "followed"
    assert "@eve" in item.reasons[0].text


async def test_near_duplicates_keep_their_distance(community: Community) -> None:
    first = await community.publish("eve", "bread", age=timedelta(seconds=9))
    twins = {first, *[await community.publish(f"eve{n}", like=first, age=timedelta(seconds=8)) for n in range(3)]}
    for twin in twins:
        for person in range(6):
            await community.like(f"fan{person}", twin)
    page = await community.page("bob", limit=20)
    places = [place for place, post_id in enumerate(ids(page)) if post_id in twins]
    assert len(places) >= 1
    assert all(later - earlier > 10 for earlier, later in pairwise(places))


async def test_a_remix_of_a_liked_picture_is_found_and_named(community: Community) -> None:
    await community.feed.steer(SteerTaste(viewer_id="bob", exploration=0.0))
    community.meaning.down = True
    liked = next(iter(community.theme))
    await community.like("bob", liked)
    remix = await community.publish("eve", parent_id=liked, age=timedelta(days=30))
    page = await community.page("bob", limit=60)
    (item,) = [item for item in page.items if item.post_id == remix]
    assert item.reasons[0].code == "remix"


async def test_explored_places_carry_the_probability_of_their_draw(community: Community) -> None:
    secret = await community.pages.secret()
    drawn = []
    for number in range(20):
        page = await community.page(f"newcomer{number}")
        contexts = [read_context(item.feed_context, secret, f"newcomer{number}", item.post_id) for item in page.items]
        assert all(context is not None for context in contexts)
        assert [context.position for context in contexts] == list(range(20))
        drawn += [context for context in contexts if context.source == "explore"]
        for item, context in zip(page.items, contexts, strict=True):
            assert item.reasons[0].code == context.source
            assert (context.propensity < 1) == (context.source == "explore")
    assert 0.10 <= len(drawn) / 400 <= 0.20


async def test_every_new_post_is_seen_by_a_hundred_unless_people_turn_it_away() -> None:
    community = Community(exploration=0.5)
    await community.fill(12)
    good, bad = [await community.publish(author, age=timedelta(days=2)) for author in ("new1", "new2")]
    drawn: Counter[str] = Counter()
    for number in range(300):
        page = await community.page(f"person{number}", limit=10)
        drawn.update(item.post_id for item in page.items if item.reasons[0].code == "explore")
        await community.gesture(f"person{number}", "seen", [(item.post_id, item.feed_context) for item in page.items])
        if bad in ids(page):
            await community.gesture(f"person{number}", "hidden", [(bad, None)])
    posts = {post.id: post for post in await community.posts.get(community.theme)}
    assert posts[good].impressions >= 100
    assert drawn[bad] < drawn[good]
    assert all(post.impressions >= 100 for post in posts.values() if post.id != bad)


async def test_what_people_like_together_leads_to_each_other(community: Community) -> None:
    await community.feed.steer(SteerTaste(viewer_id="bob", exploration=0.0))
    community.meaning.down = True
    posts = list(community.theme)
    for number in range(12):
        await community.like(f"fan{number}", posts[0])
        await community.like(f"fan{number}", posts[1])
    for number in range(12):
        await community.like(f"other{number}", posts[number + 2])
    await community.feed.refresh_co_engagement(START, 1000)
    await community.like("bob", posts[0])
    page = await community.page("bob")
    assert {item.post_id: item.reasons[0].code for item in page.items}[posts[1]] == "co_liked"


async def test_a_tiny_pool_ends_and_an_empty_one_is_empty() -> None:
    community = Community()
    assert (await community.page("bob")).items == ()
    assert (await community.page("bob")).next_cursor is None
    only = await community.publish("eve")
    page = await community.page("bob")
    assert (ids(page), page.next_cursor) == ([only], None)
    assert (await community.page("eve")).items == ()
