"""What every store of encounters does: each reaction counts once, the latest moment wins."""

from __future__ import annotations

import asyncio
from itertools import permutations

import pytest

from services.feed.records import Reaction
from shared.events import utcnow
from tests.contracts.feed.conftest import Stores
from tests.contracts.feed.examples import minutes, published, reaction


async def likes(stores: Stores, post_id: str = "p") -> int:
    return sum(post.counts.get("like", 0) for post in await stores.posts.get([post_id]))


STORY = (
    reaction("bob", "p", at=minutes(1)),
    reaction("bob", "p", at=minutes(2), on=False),
    reaction("bob", "p", at=minutes(3)),
)


@pytest.mark.parametrize("order", list(permutations(STORY)))
async def test_the_latest_of_a_person_and_post_wins_in_any_order(stores: Stores, order: tuple[Reaction, ...]) -> None:
    await stores.posts.put(published("p"))
    for step in (*order, *order):
        await stores.encounters.react(step)
    assert await likes(stores) == 1
    (encounter,) = await stores.encounters.of("bob")
    assert encounter.reactions == {"like": minutes(3)}


async def test_a_repeated_reaction_says_that_it_changed_nothing(stores: Stores) -> None:
    assert await stores.encounters.react(STORY[0])
    assert not await stores.encounters.react(STORY[0])


async def test_a_taken_back_like_counts_nothing(stores: Stores) -> None:
    await stores.posts.put(published("p"))
    for step in STORY[:2]:
        await stores.encounters.react(step)
    assert await likes(stores) == 0
    assert (await stores.encounters.of("bob"))[0].reactions == {}
    assert await stores.encounters.likes_since(minutes(0), 10) == []


async def test_one_does_not_count_for_oneself(stores: Stores) -> None:
    await stores.posts.put(published("p", "ada"))
    await stores.encounters.react(reaction("ada", "p"))
    assert await likes(stores) == 0


async def test_likes_wait_for_a_post_that_is_announced_later(stores: Stores) -> None:
    await stores.encounters.react(reaction("bob", "p"))
    assert [post.gone for post in await stores.posts.get(["p"])] == [True]
    await stores.posts.put(published("p"))
    (post,) = await stores.posts.get(["p"])
    assert (post.gone, post.points) == (False, 1.0)


async def test_many_at_once_are_all_counted(stores: Stores) -> None:
    await stores.posts.put(published("p"))
    people = [f"person{number}" for number in range(12)]
    await asyncio.gather(*(stores.encounters.react(reaction(person, "p")) for person in (*people, *people)))
    assert await likes(stores) == 12


async def test_gestures_keep_their_latest_moment(stores: Stores) -> None:
    await stores.encounters.gesture("bob", {"p": ["seen", "more"], "q": ["seen"]}, minutes(2))
    await stores.encounters.gesture("bob", {"p": ["seen", "less"]}, minutes(1))
    met = {encounter.post_id: encounter for encounter in await stores.encounters.of("bob")}
    assert met["p"].gestures == {"seen": minutes(2), "more": minutes(2), "less": minutes(1)}
    assert met["p"].unwanted_at is None
    assert met["q"].gestures == {"seen": minutes(2)}
    assert await stores.encounters.of("eve") == []


async def test_only_what_was_touched_since_is_told(stores: Stores) -> None:
    await stores.encounters.gesture("bob", {"p": ["seen"]}, minutes(1))
    await asyncio.sleep(0.01)
    moment = utcnow()
    await asyncio.sleep(0.01)
    await stores.encounters.react(reaction("bob", "q"))
    assert [encounter.post_id for encounter in await stores.encounters.of("bob", moment)] == ["q"]


async def test_likes_are_listed_for_the_model(stores: Stores) -> None:
    for number, person in enumerate(("bob", "eve", "joe")):
        await stores.encounters.react(reaction(person, "p", at=minutes(number)))
    await stores.encounters.react(reaction("bob", "q", kind="bookmark", at=minutes(9)))
    assert set(await stores.encounters.likes_since(minutes(1), 10)) == {
        ("eve", "p", minutes(1).timestamp()),
        ("joe", "p", minutes(2).timestamp()),
    }
    assert await stores.encounters.likes_since(minutes(0), 1) == [("joe", "p", minutes(2).timestamp())]


async def test_an_erased_person_leaves_no_trace_in_counts_and_does_not_return(stores: Stores) -> None:
    await stores.posts.put(published("p"))
    await stores.encounters.react(reaction("bob", "p"))
    await stores.encounters.react(reaction("eve", "p"))
    await stores.encounters.gesture("bob", {"q": ["seen"]}, minutes(1))
    assert await stores.encounters.erase("bob") == ["p"]
    assert await stores.encounters.erase("bob") == []
    await stores.encounters.react(reaction("bob", "p", at=minutes(9)))
    await stores.encounters.gesture("bob", {"q": ["seen"]}, minutes(9))
    assert await likes(stores) == 1
    assert await stores.encounters.of("bob") == []


async def test_what_is_forgotten_is_told_again_with_its_moment_and_counts_as_before(stores: Stores) -> None:
    await stores.posts.put(published("p"))
    await stores.encounters.react(reaction("bob", "p", at=minutes(1)))
    await asyncio.sleep(0.01)
    moment = utcnow()
    await asyncio.sleep(0.01)
    await stores.encounters.forget("bob", ["p", "unknown"], minutes(3))
    await stores.encounters.forget("bob", ["p"], minutes(2))
    await stores.encounters.forget("eve", ["p"], minutes(2))
    await stores.encounters.forget("bob", [], minutes(2))
    (encounter,) = await stores.encounters.of("bob", moment)
    assert (encounter.forgotten_at, encounter.reactions) == (minutes(3), {"like": minutes(1)})
    assert (await stores.posts.get(["p"]))[0].counts == {"like": 1}
    assert await stores.encounters.of("eve") == []
