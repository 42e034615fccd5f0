"""One's own account: reading, changing, exporting, erasing."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from datetime import timedelta

import httpx
import pytest

from services.gateway.context import Parts
from services.gateway.identity.signing_in import COOKIE
from services.gateway.people import erasure
from services.gateway.store.notifications import Act
from shared.events import UserErased, utcnow
from shared.ids import new_id
from tests.api.conftest import PASSWORD, Person, problem
from tests.api.gateway_people.arranging import add_image, add_post, eventually, spoken


async def test_changing_what_others_see(ada: Person, client: httpx.AsyncClient, parts: Parts) -> None:
    answer = await ada.http.patch("/v1/me", json={"display_name": "  Ada L. ", "bio": "Numbers\nand pictures 🎨"})
    assert answer.status_code == 200
    assert (answer.json()["display_name"], answer.json()["bio"]) == ("Ada L.", "Numbers\nand pictures 🎨")
    profile = (await client.get("/v1/users/ADA")).json()
    assert (profile["display_name"], profile["bio"], profile["relation"]) == (
        "Ada L.",
        "Numbers\nand pictures 🎨",
        None,
    )
    assert "email" not in profile

    cleared = await ada.http.patch("/v1/me", json={"display_name": None, "bio": None})
    assert (cleared.json()["display_name"], cleared.json()["bio"]) == ("ada", "")


async def test_what_is_left_out_stays(ada: Person) -> None:
    before = (await ada.http.get("/v1/me")).json()
    assert (await ada.http.patch("/v1/me", json={})).json() == before
    changed = {"notifications": {"like": False}, "muted_words": [{"word": "spider"}], "theme": "dark"}
    await ada.http.patch("/v1/me", json={"preferences": changed})
    after = (await ada.http.patch("/v1/me", json={"preferences": {"reduce_motion": True}})).json()["preferences"]
    assert after["notifications"] == before["preferences"]["notifications"] | {"like": False}
    assert after["muted_words"] == [{"word": "spider", "until": None}]
    assert (after["theme"], after["reduce_motion"]) == ("dark", True)


async def test_bad_changes_change_nothing(ada: Person) -> None:
    before = (await ada.http.get("/v1/me")).json()
    for body in (
        {"display_name": "x" * 61},
        {"display_name": ""},
        {"bio": "x" * 501},
        {"bio": "bell \u0007"},
        {"role": "operator"},
        {"username": "other"},
        {"preferences": {"theme": "pink"}},
        {"preferences": {"muted_words": [{"word": ""}]}},
        {"preferences": {"notifications": {"everything": False}}},
        {"avatar_image_id": "nope"},
        {"bio": "fine", "avatar_image_id": new_id()},
    ):
        problem(await ada.http.patch("/v1/me", json=body), 422, "invalid_request")
    assert (await ada.http.get("/v1/me")).json() == before


async def test_an_avatar_is_a_ready_picture_of_ones_own(ada: Person, bob: Person, parts: Parts) -> None:
    mine = await add_image(parts, ada.id)
    theirs = await add_image(parts, bob.id)
    blocked = await add_image(parts, ada.id, status="blocked")
    for image_id in (theirs, blocked):
        problem(await ada.http.patch("/v1/me", json={"avatar_image_id": image_id}), 422, "invalid_request")
    answer = await ada.http.patch("/v1/me", json={"avatar_image_id": mine})
    assert set(answer.json()["avatar"]) == {"webp", "jpeg", "original"}
    profile = (await bob.http.get("/v1/users/ada")).json()
    assert profile["avatar"] == answer.json()["avatar"]
    # The picture is held on to while it is the avatar.
    assert (await parts.images.get(mine))["posts"] == 1
    await parts.images.judge(mine, "blocked")
    assert (await bob.http.get("/v1/users/ada")).json()["avatar"] is None
    await parts.images.judge(mine, "ready")
    assert (await bob.http.get("/v1/users/ada")).json()["avatar"] is not None
    assert (await ada.http.patch("/v1/me", json={"avatar_image_id": None})).json()["avatar"] is None
    assert (await parts.images.get(mine))["posts"] == 0


async def test_etags(ada: Person, client: httpx.AsyncClient) -> None:
    for http, path in ((ada.http, "/v1/me"), (client, "/v1/users/ada")):
        first = await http.get(path)
        again = await http.get(path, headers={"If-None-Match": f'"other", W/{first.headers["ETag"]}'})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    tag = (await ada.http.get("/v1/me")).headers["ETag"]
    first_change = await ada.http.patch("/v1/me", json={"bio": "one"}, headers={"If-Match": tag})
    assert first_change.status_code == 200
    problem(await ada.http.patch("/v1/me", json={"bio": "two"}, headers={"If-Match": tag}), 412, "changed_meanwhile")
    assert (await ada.http.get("/v1/me")).json()["bio"] == "one"
    assert (await ada.http.get("/v1/me", headers={"If-None-Match": tag})).status_code == 200


async def test_changes_at_once_are_all_kept_or_refused(ada: Person, parts: Parts) -> None:
    pictures = [await add_image(parts, ada.id) for _ in range(3)]
    shown = [{"avatar_image_id": image_id} for image_id in pictures]
    chosen = [{"preferences": {"show_prompt": False}}, {"preferences": {"default_visibility": "private"}}]
    wanted = [{"display_name": "New"}, {"bio": "words"}, *chosen, *shown]
    answers = await asyncio.gather(*(ada.http.patch("/v1/me", json=body) for body in wanted))
    assert {answer.status_code for answer in answers} == {200}
    me = await ada.http.get("/v1/me")
    assert (me.json()["display_name"], me.json()["bio"]) == ("New", "words")
    assert (
        me.json()["preferences"] | {"show_prompt": False, "default_visibility": "private"} == me.json()["preferences"]
    )
    assert sorted([(await parts.images.get(one))["posts"] for one in pictures]) == [0, 0, 1]

    known = {"If-Match": me.headers["ETag"]}
    bodies = [{"bio": f"words {number}"} for number in range(6)]
    answers = await asyncio.gather(*(ada.http.patch("/v1/me", json=body, headers=known) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5


async def test_moderation_can_hide_a_profile_and_show_it_again(ada: Person, bob: Person, parts: Parts) -> None:
    await ada.http.patch("/v1/me", json={"bio": "something"})
    await parts.accounts.rate_profile(ada.id, "block")
    seen = (await bob.http.get("/v1/users/ada")).json()
    assert (seen["display_name"], seen["bio"]) == ("ada", "")
    own = (await ada.http.get("/v1/me")).json()
    assert (own["display_name"], own["bio"], own["profile_held"]) == ("Ada", "something", True)
    await parts.accounts.rate_profile(ada.id, "allow")
    seen = (await bob.http.get("/v1/users/ada")).json()
    assert (seen["display_name"], seen["bio"]) == ("Ada", "something")
    assert (await ada.http.get("/v1/me")).json()["profile_held"] is False


async def test_the_export_holds_everything_made(ada: Person, bob: Person, parts: Parts) -> None:
    image_id = await add_image(parts, ada.id, data=b"picture bytes")
    post_id = await add_post(parts, ada.id, image_id=image_id, caption="Füchse")
    await ada.http.put("/v1/users/bob/follow")
    answer = await ada.http.get("/v1/me/export")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert "promptgram-ada.zip" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert bundle.testzip() is None
        assert bundle.read(f"images/{image_id}.webp") == b"picture bytes"
        account = json.loads(bundle.read("account.json"))
        assert account["email"] == "ada@example.org"
        assert "password_hash" not in account
        assert [post["caption"] for post in json.loads(bundle.read("posts.json"))] == ["Füchse"]
        assert json.loads(bundle.read("posts.json"))[0]["_id"] == post_id
        assert [row["target_id"] for row in json.loads(bundle.read("relations.json"))] == [bob.id]
        assert "later" in json.loads(bundle.read("taste.json"))["missing"]  # no feed runs here
    assert "bob@example.org" not in answer.text


async def test_erasing_needs_the_password(ada: Person) -> None:
    for body in ({"password": "not this one"}, {}):
        problem(await ada.http.request("DELETE", "/v1/me", json=body), 401, "bad_credentials")
    assert (await ada.http.get("/v1/me")).status_code == 200


async def test_an_erased_person_is_gone_at_once_and_then_from_every_store(
    ada: Person, bob: Person, client: httpx.AsyncClient, parts: Parts
) -> None:
    image_id = await add_image(parts, ada.id, data=b"picture bytes")
    image = await parts.images.get(image_id)
    post_id = await add_post(parts, ada.id, image_id=image_id)
    other_post = await add_post(parts, bob.id)
    await ada.http.put("/v1/users/bob/follow")
    await bob.http.put("/v1/users/ada/follow")
    await parts.notifications.add(Act(bob.id, "like", ada.id, other_post))
    liked = parts.reactions.insertion("like", other_post, ada.id, utcnow())
    await parts.mongo.write([liked, parts.posts.counting(other_post, "likes", 1)])
    cookie = ada.http.cookies[COOKIE]

    answer = await ada.http.request("DELETE", "/v1/me", json={"password": PASSWORD})
    assert answer.status_code == 202
    assert (await client.get("/v1/users/ada")).status_code == 404
    problem(await ada.http.get("/v1/me"), 401, "invalid_token")
    refreshed = await client.post("/v1/sessions/refresh", headers={"Cookie": f"{COOKIE}={cookie}"})
    assert refreshed.status_code == 401
    signed_in = await client.post("/v1/sessions", json={"login": "ada", "password": PASSWORD})
    problem(signed_in, 401, "bad_credentials")

    receipt = await eventually(lambda: parts.erasures.receipt(ada.id))
    assert receipt["removed"] == receipt["removed"] | {"accounts": 1, "posts": 1, "pictures": 1}
    assert [event.user_id for event in await spoken(parts, UserErased)] == [ada.id]
    assert await parts.media.get(f"media/{image['hash']}/original.webp") is None
    for name in await parts.mongo.database.list_collection_names():
        if name == "outbox":
            continue
        rows = repr(await parts.mongo.database[name].find({}).to_list())
        for trace in (ada.id, post_id, "ada@example.org", image["hash"]):
            assert trace not in rows, f"{trace} is still in {name}"
    assert (await parts.posts.get(other_post))["counts"]["likes"] == 0
    counts = (await bob.http.get("/v1/me")).json()["counts"]
    assert (counts["followers"], counts["following"]) == (0, 0)
    assert (await bob.http.get("/v1/notifications")).json()["items"] == []
    again = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}
    assert (await client.post("/v1/accounts", json=again)).status_code == 201


async def test_erasing_twice_at_once_is_one_erasure(ada: Person, parts: Parts) -> None:
    answers = await asyncio.gather(
        *(ada.http.request("DELETE", "/v1/me", json={"password": PASSWORD}) for _ in range(3))
    )
    assert {answer.status_code for answer in answers} <= {202, 401}
    assert 202 in {answer.status_code for answer in answers}
    await eventually(lambda: parts.erasures.receipt(ada.id))
    assert len(await spoken(parts, UserErased)) == 1


async def test_an_erasure_cut_short_is_finished_later(ada: Person, parts: Parts, monkeypatch) -> None:
    image_id = await add_image(parts, ada.id, data=b"picture bytes")
    await add_post(parts, ada.id, image_id=image_id)
    real, calls = parts.reactions.delete_of, []

    async def cut_short(user_id: str) -> None:
        calls.append(user_id)
        if len(calls) == 1:
            # What a killed process leaves: the job taken, half of it done, and nobody busy with it.
            await parts.mongo.database["erasures"].update_one({"_id": user_id}, {"$set": {"not_before": utcnow()}})
            raise ConnectionResetError
        await real(user_id)

    monkeypatch.setattr(parts.reactions, "delete_of", cut_short)
    await ada.http.request("DELETE", "/v1/me", json={"password": PASSWORD})
    await eventually(lambda: parts.erasures.receipt(ada.id))
    assert len(calls) == 2
    assert await parts.mongo.database["images"].count_documents({"user_id": ada.id}) == 0


async def test_an_erasure_is_not_done_before_everything_about_the_person_has_been_told(
    ada: Person, parts: Parts, monkeypatch
) -> None:
    monkeypatch.setattr(erasure, "TRY_AGAIN", timedelta(0))
    outbox, tries = parts.mongo.database["outbox"], []
    put_back = parts.erasures.put_back

    async def tried(*attempt) -> None:
        tries.append(attempt)
        await put_back(*attempt)

    async def several() -> bool:
        return len(tries) > 1

    monkeypatch.setattr(parts.erasures, "put_back", tried)
    await outbox.insert_one({"_id": "held", "body": f'{{"user_id":"{ada.id}"}}', "stuck": True})
    await ada.http.request("DELETE", "/v1/me", json={"password": PASSWORD})
    await eventually(several)
    assert await parts.erasures.receipt(ada.id) is None
    await outbox.delete_one({"_id": "held"})
    await eventually(lambda: parts.erasures.receipt(ada.id))


@pytest.mark.parametrize("until", [0, 1.5, "0", "1700000000", "0001-01-01T00:00:00+23:59", "tomorrow", True])
async def test_times_that_are_none_are_refused(ada: Person, until: object) -> None:
    changes = {"preferences": {"muted_words": [{"word": "spiders", "until": until}]}}
    problem(await ada.http.patch("/v1/me", json=changes), 422, "invalid_request")
    problem(await ada.http.get("/v1/search", params={"q": "fox", "before": str(until)}), 422, "invalid_request")
