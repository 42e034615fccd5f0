"""What every store of relations, and every store of served pages, does."""

from __future__ import annotations

import asyncio
from itertools import permutations

import pytest

from services.feed.records import Impression, Page, Pick, Relation, SlotDraw, Steering
from shared.events import utcnow
from tests.contracts.feed.conftest import Stores
from tests.contracts.feed.examples import minutes, relation

STORY = (
    relation("bob", "ada", at=minutes(1)),
    relation("bob", "ada", at=minutes(2), on=False),
    relation("bob", "ada", at=minutes(3)),
)


@pytest.mark.parametrize("order", list(permutations(STORY)))
async def test_the_latest_word_on_a_pair_wins_in_any_order(stores: Stores, order: tuple[Relation, ...]) -> None:
    for step in (*order, *order):
        await stores.people.relate(step)
    assert await stores.people.of("bob") == [STORY[2]]


async def test_blocks_are_known_to_both_and_mutes_to_one(stores: Stores) -> None:
    await stores.people.relate(relation("bob", "ada", kind="block"))
    await stores.people.relate(relation("bob", "eve", kind="mute"))
    await stores.people.relate(relation("bob", "joe", kind="follow"))
    assert len(await stores.people.of("bob")) == 3
    assert [row.kind for row in await stores.people.of("ada")] == ["block"]
    assert await stores.people.of("eve") == []
    assert await stores.people.of("joe") == []


async def test_relations_are_told_from_a_moment_on(stores: Stores) -> None:
    await stores.people.relate(relation("bob", "ada"))
    await asyncio.sleep(0.01)
    moment = utcnow()
    await asyncio.sleep(0.01)
    await stores.people.relate(relation("bob", "eve"))
    await stores.people.relate(relation("joe", "bob", kind="block"))
    assert {row.target_id for row in await stores.people.of("bob", moment)} == {"eve", "bob"}


async def test_an_erased_person_has_no_relations_now_or_later(stores: Stores) -> None:
    await stores.people.relate(relation("bob", "ada"))
    await stores.people.relate(relation("eve", "bob", kind="block"))
    await stores.people.erase("bob")
    await stores.people.relate(relation("bob", "ada", at=minutes(9)))
    assert await stores.people.of("bob") == []
    assert await stores.people.of("eve") == []
    assert await stores.people.erased("bob")
    assert not await stores.people.erased("eve")


def page(number: int, *picks: str, viewer_id: str | None = "bob", session_id: str = "s") -> Page:
    return Page(
        session_id,
        number,
        viewer_id,
        "for_you",
        tuple(Pick(post_id, "ada", "explore", 0.25) for post_id in picks),
        last=False,
    )


async def test_a_page_that_was_served_stays_as_it_was(stores: Stores) -> None:
    first = await stores.pages.add(page(0, "p", "q"))
    assert await stores.pages.add(page(0, "x")) == first
    second = await stores.pages.add(page(1, "r"))
    assert await stores.pages.session("s") == [first, second]
    assert await stores.pages.session("other") == []


async def test_the_same_page_asked_twice_at_once_is_one_page(stores: Stores) -> None:
    answers = await asyncio.gather(*(stores.pages.add(page(0, f"p{number}")) for number in range(8)))
    assert len(set(answers)) == 1


async def test_an_impression_is_kept_once(stores: Stores) -> None:
    impression = Impression("s:0", "p", "bob", 3, "explore", 0.25, minutes(1))
    await stores.pages.log([impression])
    await stores.pages.log([impression, Impression("s:0", "q", "bob", 4, "taste", 1.0, minutes(1))])
    await stores.pages.log([])
    assert {(row.post_id, row.position, row.propensity) for row in await stores.pages.logged("bob")} == {
        ("p", 3, 0.25),
        ("q", 4, 1.0),
    }


def drawn(position: int, *, at: float = 1, viewer_id: str = "bob", request_id: str = "s:0") -> SlotDraw:
    return SlotDraw(request_id, position, viewer_id, "p", (("p", 0.25), ("q", 0.75)), minutes(at))


async def test_a_draw_is_kept_once_and_counts_when_it_was_shown(stores: Stores) -> None:
    first, second = drawn(3, at=1), drawn(4, at=2, request_id="s:1")
    await stores.pages.log_draws([first, second])
    await stores.pages.log_draws([drawn(3, at=5)])
    await stores.pages.log_draws([])
    assert await stores.pages.shown_draws(minutes(0), 10) == []
    for request_id in ("s:0", "s:1"):
        await stores.pages.log([Impression(request_id, "p", "bob", 3, "explore", 0.25, minutes(3))])
    assert await stores.pages.shown_draws(minutes(0), 10) == [second, first]
    assert await stores.pages.shown_draws(minutes(0), 1) == [second]
    assert await stores.pages.shown_draws(minutes(2), 10) == [second]
    await stores.pages.erase("bob")
    assert await stores.pages.shown_draws(minutes(0), 10) == []


async def test_erasing_a_person_removes_their_pages_and_impressions(stores: Stores) -> None:
    await stores.pages.add(page(0, "p"))
    await stores.pages.add(page(0, "p", viewer_id=None, session_id="anonymous"))
    await stores.pages.log([Impression("s:0", "p", "bob", 3, "explore", 0.25, minutes(1))])
    await stores.pages.erase("bob")
    assert await stores.pages.session("s") == []
    assert await stores.pages.logged("bob") == []
    assert len(await stores.pages.session("anonymous")) == 1


async def test_the_signing_key_is_made_once(stores: Stores) -> None:
    keys = await asyncio.gather(*(stores.pages.secret() for _ in range(4)))
    assert len(set(keys)) == 1
    assert len(keys[0]) >= 32


async def test_choices_are_kept_one_by_one_and_the_latest_reset_stays(stores: Stores) -> None:
    assert await stores.people.steering("bob") == Steering()
    await stores.people.steer("bob", personalised=False)
    await stores.people.steer("bob", exploration=0.0, reset_at=minutes(2))
    await stores.people.steer("bob", reset_at=minutes(1))
    await stores.people.steer("bob")
    assert await stores.people.steering("bob") == Steering(False, 0.0, minutes(2))
    assert await stores.people.steering("eve") == Steering()


async def test_an_erased_person_has_no_choices_now_or_later(stores: Stores) -> None:
    await stores.people.steer("bob", exploration=0.5)
    await stores.people.erase("bob")
    await stores.people.steer("bob", personalised=False)
    assert await stores.people.steering("bob") == Steering()
