"""Other people: profiles, following, blocking, muting."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import NoReturn

import httpx
import pytest

from services.gateway.context import Parts
from services.gateway.people.counters import PEOPLE
from services.gateway.recounting import recount
from shared.events import UserBlocked, UserFollowed, UserMuted, UserUnfollowed, utcnow
from tests.api.conftest import MakePerson, Person, problem
from tests.api.gateway_people.arranging import spoken


async def names(http: httpx.AsyncClient, path: str) -> list[str]:
    return [person["username"] for person in (await http.get(path)).json()["items"]]


async def test_following(ada: Person, bob: Person, client: httpx.AsyncClient, parts: Parts) -> None:
    for _ in range(2):
        answer = await ada.http.put("/v1/users/BOB/follow")
        assert (answer.status_code, answer.content) == (204, b"")
    seen = (await ada.http.get("/v1/users/bob")).json()
    assert seen["relation"] == {"following": True, "followed_by": False, "blocking": False, "muting": False}
    assert seen["counts"]["followers"] == 1
    assert (await bob.http.get("/v1/users/ada")).json()["relation"]["followed_by"] is True
    assert (await client.get("/v1/users/ada")).json()["counts"]["following"] == 1
    assert await names(client, "/v1/users/bob/followers") == ["ada"]
    assert await names(client, "/v1/users/ada/following") == ["bob"]
    for _ in range(2):
        assert (await ada.http.delete("/v1/users/bob/follow")).status_code == 204
    assert (await ada.http.get("/v1/users/bob")).json()["counts"]["followers"] == 0
    assert await names(client, "/v1/users/bob/followers") == []
    assert (await ada.http.put("/v1/users/bob/follow")).status_code == 204
    assert [(event.user_id, event.target_id) for event in await spoken(parts, UserFollowed)] == [(ada.id, bob.id)] * 2
    assert len(await spoken(parts, UserUnfollowed)) == 1


async def test_what_can_not_be_done_to_people(ada: Person, bob: Person) -> None:
    for kind in ("follow", "block", "mute"):
        problem(await ada.http.put(f"/v1/users/ada/{kind}"), 409, "oneself")
        for name in ("nobody", "a" * 30, "%00", "ad%C3%A9"):
            assert (await ada.http.put(f"/v1/users/{name}/{kind}")).status_code == 404
        assert (await ada.http.delete(f"/v1/users/nobody/{kind}")).status_code == 404
    await ada.http.put("/v1/users/bob/block")
    problem(await ada.http.put("/v1/users/bob/follow"), 409, "blocked")


async def test_counts_are_exact_when_many_act_at_once(ada: Person, make_person: MakePerson, parts: Parts) -> None:
    crowd = await asyncio.gather(*(make_person() for _ in range(12)))
    acts = [person.http.put("/v1/users/ada/follow") for person in crowd for _ in range(3)]
    assert {answer.status_code for answer in await asyncio.gather(*acts)} == {204}
    leaving = [person.http.delete("/v1/users/ada/follow") for person in crowd[:5] for _ in range(2)]
    assert {answer.status_code for answer in await asyncio.gather(*leaving)} == {204}
    assert (await ada.http.get("/v1/me")).json()["counts"]["followers"] == 7
    assert len((await ada.http.get("/v1/users/ada/followers")).json()["items"]) == 7
    assert len(await spoken(parts, UserFollowed)) == 12


async def test_a_counter_that_went_wrong_is_repaired(ada: Person, bob: Person, parts: Parts, monkeypatch) -> None:
    def die(*_: object) -> NoReturn:
        """Crash right after the commit."""
        raise ConnectionResetError

    with monkeypatch.context() as crash:
        crash.setattr(parts.accounts, "counting", die)
        assert (await ada.http.put("/v1/users/bob/follow")).status_code == 500
    assert (await bob.http.get("/v1/me")).json()["counts"]["followers"] == 0
    assert await recount(parts, PEOPLE, [ada.id, bob.id]) == 2
    assert (await bob.http.get("/v1/me")).json()["counts"]["followers"] == 1
    assert (await ada.http.get("/v1/me")).json()["counts"]["following"] == 1
    assert await recount(parts, PEOPLE, [ada.id, bob.id]) == 0


async def test_blocking_hides_both_from_each_other(
    ada: Person, bob: Person, client: httpx.AsyncClient, make_person: MakePerson, parts: Parts
) -> None:
    eve = await make_person("eve")
    for one, other in ((ada, "bob"), (bob, "ada"), (eve, "ada"), (eve, "bob"), (ada, "eve"), (bob, "eve")):
        await one.http.put(f"/v1/users/{other}/follow")
    assert (await ada.http.put("/v1/users/bob/block")).status_code == 204
    assert (await ada.http.put("/v1/users/bob/block")).status_code == 204

    problem(await bob.http.get("/v1/users/ada"), 404, "not_found")
    for path in ("followers", "following"):
        problem(await bob.http.get(f"/v1/users/ada/{path}"), 404, "not_found")
        assert await names(bob.http, f"/v1/users/eve/{path}") == ["bob"]
        assert await names(ada.http, f"/v1/users/eve/{path}") == ["ada"]
        assert await names(client, f"/v1/users/eve/{path}") in (["bob", "ada"], ["ada", "bob"])
    for kind in ("follow", "mute"):
        problem(await bob.http.put(f"/v1/users/ada/{kind}"), 404, "not_found")
    for kind in ("follow", "mute", "block"):
        problem(await bob.http.delete("/v1/users/nobody/" + kind), 404, "not_found")
        problem(await bob.http.delete("/v1/users/bob/" + kind), 409, "oneself")
        assert (await bob.http.delete(f"/v1/users/ada/{kind}")).status_code == 204

    # Who blocks sees enough to lift it again.
    seen = (await ada.http.get("/v1/users/bob")).json()
    assert seen["relation"] == {"following": False, "followed_by": False, "blocking": True, "muting": False}
    assert seen["counts"] == {"posts": 0, "followers": 1, "following": 1}
    assert await names(ada.http, "/v1/me/blocks") == ["bob"]
    assert len(await spoken(parts, UserBlocked)) == 1
    assert len(await spoken(parts, UserUnfollowed)) == 2

    assert (await ada.http.delete("/v1/users/bob/block")).status_code == 204
    assert (await ada.http.delete("/v1/users/bob/block")).status_code == 204
    assert (await bob.http.get("/v1/users/ada")).json()["relation"]["following"] is False


async def test_a_block_can_be_lifted_after_both_blocked(ada: Person, bob: Person) -> None:
    await asyncio.gather(ada.http.put("/v1/users/bob/block"), bob.http.put("/v1/users/ada/block"))
    assert await names(ada.http, "/v1/me/blocks") == ["bob"]
    assert await names(bob.http, "/v1/me/blocks") == ["ada"]
    assert (await ada.http.delete("/v1/users/bob/block")).status_code == 204
    # Else nobody could keep away from somebody who blocks them first and lifts it again.
    problem(await ada.http.get("/v1/users/bob"), 404, "not_found")
    assert (await bob.http.delete("/v1/users/ada/block")).status_code == 204
    assert (await ada.http.get("/v1/users/bob")).status_code == 200
    assert (await bob.http.get("/v1/users/ada")).status_code == 200


async def test_who_blocked_one_first_can_be_blocked_too(ada: Person, bob: Person, parts: Parts) -> None:
    await bob.http.put("/v1/users/ada/mute")
    await ada.http.put("/v1/users/bob/block")
    assert (await bob.http.put("/v1/users/ada/block")).status_code == 204
    problem(await bob.http.put("/v1/users/nobody/block"), 404, "not_found")
    await ada.http.delete("/v1/users/bob/block")
    problem(await ada.http.get("/v1/users/bob"), 404, "not_found")
    assert await names(bob.http, "/v1/me/blocks") == ["ada"]
    # Who is in one's list can be taken off it.
    await ada.http.put("/v1/users/bob/block")
    assert (await bob.http.delete("/v1/users/ada/mute")).status_code == 204
    assert await names(bob.http, "/v1/me/mutes") == []


@pytest.mark.timeout(180)
@pytest.mark.parametrize("again", [False, True], ids=["for the first time", "again"])
async def test_nobody_follows_past_a_block_that_comes_at_once(
    ada: Person, make_person: MakePerson, parts: Parts, again: bool
) -> None:
    crowd = [await make_person() for _ in range(15)]
    for fan in crowd:
        if again:
            await fan.http.put("/v1/users/ada/follow")
            await fan.http.delete("/v1/users/ada/follow")
        followed, blocked = await asyncio.gather(
            fan.http.put("/v1/users/ada/follow"), ada.http.put(f"/v1/users/{fan.username}/block")
        )
        assert (followed.status_code in (204, 404), blocked.status_code) == (True, 204)
        seen = (await ada.http.get(f"/v1/users/{fan.username}")).json()["relation"]
        assert (seen["blocking"], seen["followed_by"]) == (True, False)
    assert await names(ada.http, "/v1/users/ada/followers") == []
    assert (await ada.http.get("/v1/me")).json()["counts"]["followers"] == 0
    assert await recount(parts, PEOPLE, [ada.id, *(fan.id for fan in crowd)]) == 0
    assert len(await spoken(parts, UserBlocked)) == len(crowd)
    # After a block that is lifted, one follows anew.
    for fan in crowd[:2]:
        await ada.http.delete(f"/v1/users/{fan.username}/block")
        assert (await fan.http.put("/v1/users/ada/follow")).status_code == 204
    assert await names(ada.http, "/v1/users/ada/followers") == [crowd[1].username, crowd[0].username]
    assert (await ada.http.get("/v1/me")).json()["counts"]["followers"] == 2


async def test_two_blocks_at_once_are_one(ada: Person, bob: Person, parts: Parts) -> None:
    answers = await asyncio.gather(*(ada.http.put("/v1/users/bob/block") for _ in range(6)))
    assert {answer.status_code for answer in answers} == {204}
    assert len(await spoken(parts, UserBlocked)) == 1


async def test_muting_is_quiet_and_can_end_by_itself(ada: Person, bob: Person, parts: Parts) -> None:
    assert (await ada.http.put("/v1/users/bob/mute")).status_code == 204
    assert (await ada.http.get("/v1/users/bob")).json()["relation"]["muting"] is True
    assert "true" not in str((await bob.http.get("/v1/users/ada")).json()["relation"]).lower()
    assert await names(ada.http, "/v1/me/mutes") == ["bob"]
    soon = (utcnow() + timedelta(hours=1)).isoformat()
    assert (await ada.http.put("/v1/users/bob/mute", params={"until": soon})).status_code == 204
    assert (await ada.http.get("/v1/users/bob")).json()["relation"]["muting"] is True
    past = (utcnow() - timedelta(hours=1)).isoformat()
    await ada.http.put("/v1/users/bob/mute", params={"until": past})
    assert (await ada.http.get("/v1/users/bob")).json()["relation"]["muting"] is False
    assert await names(ada.http, "/v1/me/mutes") == []
    problem(await ada.http.put("/v1/users/bob/mute", params={"until": "tomorrow"}), 422, "invalid_request")
    assert len(await spoken(parts, UserMuted)) == 1


async def test_pages_keep_their_place_while_people_come_and_go(
    ada: Person, make_person: MakePerson, client: httpx.AsyncClient
) -> None:
    crowd = [await make_person() for _ in range(7)]
    for person in crowd[:6]:
        await person.http.put("/v1/users/ada/follow")
    first = await client.get("/v1/users/ada/followers", params={"limit": 3})
    seen = [person["username"] for person in first.json()["items"]]
    await crowd[6].http.put("/v1/users/ada/follow")
    await crowd[5].http.delete("/v1/users/ada/follow")
    await crowd[2].http.delete("/v1/users/ada/follow")
    rest = await client.get(first.links["next"]["url"])
    assert rest.request.url.params["cursor"] == first.json()["next_cursor"]
    seen += [person["username"] for person in rest.json()["items"]]
    assert seen == [crowd[number].username for number in (5, 4, 3, 1, 0)]
    assert rest.json()["next_cursor"] is None
    assert "next" not in rest.links


async def test_hidden_people_do_not_shorten_pages(ada: Person, bob: Person, make_person: MakePerson) -> None:
    crowd = [await make_person() for _ in range(6)]
    for person in crowd:
        await person.http.put("/v1/users/ada/follow")
    for person in crowd[2:5]:
        await bob.http.put(f"/v1/users/{person.username}/block")
    page = (await bob.http.get("/v1/users/ada/followers", params={"limit": 2})).json()
    assert [person["username"] for person in page["items"]] == [crowd[5].username, crowd[1].username]
    rest = (await bob.http.get("/v1/users/ada/followers", params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert [person["username"] for person in rest["items"]] == [crowd[0].username]


async def test_bad_pages(ada: Person, bob: Person) -> None:
    for limit in (0, 101, -1, "x"):
        problem(await ada.http.get("/v1/users/ada/followers", params={"limit": limit}), 422, "invalid_request")
    await bob.http.put("/v1/users/ada/follow")
    await bob.http.put("/v1/users/ada/block")
    for cursor in ("x", "!!!", "é", "eyJiZWZvcmUiOiAieCJ9", "A" * 1999):
        answer = await ada.http.get("/v1/users/ada/followers", params={"cursor": cursor})
        body = problem(answer, 422, "bad_cursor")
        assert body["errors"][0]["loc"] == ["query", "cursor"]
