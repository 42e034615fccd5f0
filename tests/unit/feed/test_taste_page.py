"""What was learned is told, steered and forgotten, and the very next page shows it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from shared.events import utcnow
from shared.queries import SteerTaste
from training.feed_eval.community import Community, ids


@pytest.fixture
async def community() -> Community:
    community = Community()
    await community.fill(400)
    return community


def of_theme(community: Community, theme: str, count: int) -> list[str]:
    return [post_id for post_id, name in community.theme.items() if name == theme][:count]


async def like(community: Community, person: str, theme: str, count: int) -> list[str]:
    posts = of_theme(community, theme, count)
    for post_id in posts:
        await community.like(person, post_id)
    return posts


async def test_a_newcomer_has_no_taste_and_the_usual_exploration(community: Community) -> None:
    found = await community.feed.taste("bob")
    assert (found.personalised, found.exploration, found.interests, found.less) == (True, 0.15, (), ())


@pytest.mark.parametrize("search_is_down", [False, True])
async def test_interests_are_told_with_their_words_and_pictures(community: Community, search_is_down: bool) -> None:
    robots = await like(community, "bob", "robots", 8)
    bread = await like(community, "bob", "bread", 3)
    community.meaning.down = search_is_down
    first, second = (await community.feed.taste("bob")).interests[:2]
    assert ("robots" in first.label, "bread" in second.label) == (True, True)
    assert (first.weight, 0 < second.weight < 1) == (1.0, True)
    assert set(first.post_ids) <= set(robots)
    assert set(second.post_ids) == set(bread)


async def test_somebody_who_likes_one_thing_has_one_interest(community: Community) -> None:
    await community.page("bob")
    robots = await like(community, "bob", "robots", 12)
    (interest,) = (await community.feed.taste("bob")).interests
    assert set(interest.post_ids) <= set(robots)


@pytest.mark.parametrize("search_is_down", [False, True])
async def test_a_forgotten_interest_is_gone_from_the_taste_and_the_next_page(
    community: Community, search_is_down: bool
) -> None:
    await like(community, "bob", "robots", 10)
    await like(community, "bob", "bread", 4)
    community.meaning.down = search_is_down
    loving = community.share(await community.page("bob", limit=40), "robots")
    (interest,) = [one for one in (await community.feed.taste("bob")).interests if "robots" in one.label]
    assert await community.feed.forget("bob", interest.id)
    after = await community.feed.taste("bob")
    assert ["bread" in one.label for one in after.interests] == [True]
    assert community.share(await community.page("bob", limit=40), "robots") < loving / 2
    assert not await community.feed.forget("bob", interest.id)


async def test_an_interest_of_more_pictures_than_count_is_forgotten_whole() -> None:
    community = Community()
    themes = ("robots", "bread", "oceans")
    moment = utcnow()
    for post_id in await community.fill(150, themes=themes):
        await community.like("bob", post_id, at=moment)
    (interest,) = [one for one in (await community.feed.taste("bob")).interests if "robots" in one.label]
    await community.feed.forget("bob", interest.id)
    after = (await community.feed.taste("bob")).interests
    assert {theme for theme in themes for one in after if theme in one.label} == {"bread", "oceans"}


async def test_what_is_liked_after_forgetting_counts_again(community: Community) -> None:
    posts = await like(community, "bob", "robots", 3)
    (interest,) = (await community.feed.taste("bob")).interests
    await community.feed.forget("bob", interest.id)
    await community.gesture("bob", "more", [(posts[0], None)], ago=timedelta(seconds=-1))
    (again,) = (await community.feed.taste("bob")).interests
    assert again.post_ids == (posts[0],)


async def test_less_like_this_is_told_with_its_end_and_taken_back(community: Community) -> None:
    cats = of_theme(community, "cats", 5)
    await community.gesture("bob", "less", [(post_id, None) for post_id in cats], ago=timedelta(days=1))
    less = (await community.feed.taste("bob")).less
    assert {one.id for one in less} == {f"less-{post_id}" for post_id in cats}
    assert all("cats" in one.label and one.fades_at - one.since == timedelta(days=140) for one in less)
    assert community.share(await community.page("bob", limit=80), "cats") < 0.05
    for one in less:
        assert await community.feed.forget("bob", one.id)
    assert (await community.feed.taste("bob")).less == ()
    page = await community.page("bob", limit=80)
    assert community.share(page, "cats") > 0.05
    assert not set(cats) & set(ids(page))


async def test_a_reset_forgets_everything_but_what_was_seen_and_chosen(community: Community) -> None:
    robots = await like(community, "bob", "robots", 10)
    await community.gesture("bob", "less", [(of_theme(community, "cats", 1)[0], None)])
    await community.feed.steer(SteerTaste(viewer_id="bob", exploration=0.0))
    await community.feed.forget("bob", None)
    found = await community.feed.taste("bob")
    assert (found.interests, found.less, found.exploration) == ((), (), 0.0)
    page = await community.page("bob", limit=80)
    assert community.share(page, "robots") < 0.4
    assert not set(robots) & set(ids(page))
    await community.like("bob", of_theme(community, "oceans", 1)[0], at=utcnow() - timedelta(hours=1))
    assert (await community.feed.taste("bob")).interests == ()


@pytest.mark.parametrize("unknown", ["", "interest-", "less-x", "interest-x", "more-x", "\u202eless-x"])
async def test_what_was_never_learned_cannot_be_forgotten(community: Community, unknown: str) -> None:
    liked = (await like(community, "bob", "robots", 1))[0]
    assert not await community.feed.forget("bob", unknown)
    assert not await community.feed.forget("bob", f"less-{liked}")
    assert not await community.feed.forget("bob", liked)
    assert not await community.feed.forget("eve", f"interest-{liked}")
    assert len((await community.feed.taste("bob")).interests) == 1


async def test_without_personalisation_the_page_is_everybodys(community: Community) -> None:
    await community.relate("bob", "follow", "author1")
    await like(community, "bob", "robots", 10)
    await community.gesture("bob", "less", [(of_theme(community, "cats", 1)[0], None)])
    for person in ("bob", "newcomer"):
        await community.feed.steer(SteerTaste(viewer_id=person, personalised=False, exploration=0.0))
    met = [*of_theme(community, "robots", 10), *of_theme(community, "cats", 1)]
    await community.gesture("newcomer", "seen", [(post_id, None) for post_id in met])
    page = await community.page("bob", limit=60)
    assert ids(page) == ids(await community.page("newcomer", limit=60))
    assert {item.reasons[0].code for item in page.items} <= {"trending", "fresh"}
    assert (await community.feed.taste("bob")).interests
    await community.feed.steer(SteerTaste(viewer_id="bob", personalised=True))
    assert "taste" in {item.reasons[0].code for item in (await community.page("bob")).items}


@pytest.mark.parametrize(("exploration", "least", "most"), [(0.0, 0, 0), (0.5, 10, 10), (1.0, 19, 19)])
async def test_the_slider_says_how_much_of_a_page_is_discovery(
    community: Community, exploration: float, least: int, most: int
) -> None:
    found = await community.feed.steer(SteerTaste(viewer_id="bob", exploration=exploration))
    assert found.exploration == exploration
    codes = Counter(item.reasons[0].code for item in (await community.page("bob")).items)
    assert least <= codes["explore"] <= most


async def test_choices_and_forgetting_reach_other_processes(community: Community) -> None:
    await like(community, "bob", "robots", 2)
    other = community.restarted()
    assert len((await other.taste("bob")).interests) == 1
    await community.feed.forget("bob", (await other.taste("bob")).interests[0].id)
    await community.feed.steer(SteerTaste(viewer_id="bob", personalised=False))
    found = await other.taste("bob")
    assert (found.interests, found.personalised) == ((), False)
