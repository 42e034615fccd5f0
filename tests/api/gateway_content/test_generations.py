"""Asking for pictures, from the outside."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.gateway.context import Parts
from services.gateway.generating import flow
from shared.events import DecisionMade, ImageApproved, Target, utcnow
from tests.api.conftest import Person
from tests.api.gateway_content.conftest import MakePictures, Studio, refusal, until

WAIT = {"Prefer": "wait=20"}


async def ask(person: Person, prompt: str, headers: dict[str, str] | None = None, **more: object) -> httpx.Response:
    return await person.http.post("/v1/generations", json={"prompt": prompt, **more}, headers=headers)


async def ended(person: Person, generation_id: str) -> dict[str, object]:
    async def check() -> dict[str, object] | None:
        found = (await person.http.get(f"/v1/generations/{generation_id}")).json()
        return found if found["status"] in ("ready", "blocked", "failed", "canceled") else None

    found = await until(check)
    assert isinstance(found, dict)
    return found


def events_of(text: str) -> list[dict[str, str]]:
    blocks = [block for block in text.split("\n\n") if block.strip() and not block.startswith(":")]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]


async def test_a_waited_for_generation_comes_back_ready(ada: Person, studio: Studio) -> None:
    answer = await ask(ada, "a red fox", WAIT, n=2, seed=42, aspect="3:2")
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert answer.headers["Location"] == f"/v1/generations/{made['id']}"
    assert (made["status"], made["seed"], made["n"], made["aspect"], made["model"]) == ("ready", 42, 2, "3:2", "pocket")
    assert [image["seed"] for image in made["images"]] == [42, 43]
    assert made["images"][0]["alt"] == "a red fox — prompted by Ada"
    assert set(made["images"][0]["sources"]) == {"webp", "jpeg", "original"}
    assert (await ada.http.get(made["images"][0]["sources"]["original"])).status_code == 200
    stages = [passage["stage"] for passage in made["timeline"]]
    assert stages == ["accepted", "moderated", "started", "checked", "ready"]
    assert made["timeline"][0]["ms"] == 0
    assert made["queue"] is None
    read = await ada.http.get(answer.headers["Location"])
    assert read.json() == made


async def test_without_waiting_the_answer_is_202(ada: Person, studio: Studio) -> None:
    answer = await ask(ada, "wait for me")
    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers
    assert answer.json()["status"] in ("queued", "running")
    studio.go.set()
    assert (await ended(ada, answer.json()["id"]))["status"] == "ready"


async def test_waiting_that_is_not_enough_answers_202(ada: Person, studio: Studio) -> None:
    answer = await ask(ada, "wait for me", {"Prefer": "respond-async, wait=1"})
    assert answer.status_code == 202
    assert answer.headers["Preference-Applied"] == "wait=1"
    studio.go.set()


async def test_one_persons_many_requests_take_no_others_place(
    ada: Person, bob: Person, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: list[str] = []
    held, go_on = asyncio.Event(), asyncio.Event()

    async def opening(parts: Parts, generation_id: str, user_id: str, *rest: Any, **more: Any) -> Any:
        inside.append(user_id)
        if user_id == ada.id:
            held.set()
            await go_on.wait()
        return await open_generation(parts, generation_id, user_id, *rest, **more)

    open_generation = flow.open_generation
    monkeypatch.setattr(flow, "open_generation", opening)
    many = [asyncio.create_task(ask(ada, f"a fox {number}")) for number in range(5)]
    await held.wait()
    assert (await ask(bob, "an owl", WAIT)).json()["status"] == "ready"
    assert inside == [ada.id, bob.id]
    go_on.set()
    assert [answer.status_code for answer in await asyncio.gather(*many)] == [202] * 5
    assert inside.count(ada.id) == 5


async def test_waiting_for_one_does_not_keep_ones_next_from_being_taken(ada: Person, studio: Studio) -> None:
    waiting = asyncio.create_task(ask(ada, "wait for me", WAIT))
    await until(lambda: asyncio.sleep(0, studio.submitted))
    assert (await ask(ada, "a fox", WAIT)).json()["status"] == "ready"
    assert not waiting.done()
    studio.go.set()
    assert (await waiting).json()["status"] == "ready"


async def test_a_refused_prompt_tells_its_decision(ada: Person, studio: Studio, parts: Parts) -> None:
    answer = await ask(ada, "bad prompt", WAIT)
    made = answer.json()
    assert (answer.status_code, made["status"]) == (201, "blocked")
    assert made["decision"]["category"] == "gore"
    assert (made["n"], made["images"]) == (1, [])
    kept = await parts.decisions.page(ada.id, before=None, limit=10)
    assert [row["_id"] for row in kept] == [made["decision"]["id"]]


async def test_each_picture_is_judged_alone(ada: Person, studio: Studio) -> None:
    made = (await ask(ada, "bad picture 1", WAIT, n=3)).json()
    assert made["status"] == "ready"
    assert [image["status"] for image in made["images"]] == ["ready", "blocked", "ready"]
    assert made["images"][1]["sources"] is None
    assert made["images"][1]["decision"]["stage"] == "image"


async def test_with_no_picture_left_it_is_blocked(ada: Person, studio: Studio) -> None:
    made = (await ask(ada, "bad picture 0", WAIT)).json()
    assert (made["status"], made["decision"]["stage"]) == ("blocked", "image")


BAD: list[tuple[dict[str, object], str]] = [
    ({"prompt": ""}, "invalid_request"),
    ({"prompt": "x" * 1001}, "invalid_request"),
    ({"prompt": "a\u0000b"}, "invalid_request"),
    ({"prompt": "   "}, "invalid_request"),
    ({"prompt": "\u200b"}, "invalid_request"),
    ({"prompt": "fox", "n": 5}, "invalid_request"),
    ({"prompt": "fox", "n": "2"}, "invalid_request"),
    ({"prompt": "fox", "seed": -1}, "invalid_request"),
    ({"prompt": "fox", "strength": 1.5}, "invalid_request"),
    ({"prompt": "fox", "surprise": 1}, "invalid_request"),
    ({"prompt": "fox", "model": "dall-e"}, "unknown_model"),
    ({"prompt": "fox", "aspect": "9:16"}, "unknown_aspect"),
    ({"prompt": "fox", "style": "no such style"}, "unknown_style"),
    ({"prompt": "fox", "model": "hasty", "negative_prompt": "dogs"}, "no_negative_prompt"),
    ({"prompt": "fox", "model": "hasty", "n": 2}, "too_many_pictures"),
    ({"prompt": "fox", "source_image_id": "nothing"}, "unknown_source_image"),
    ({}, "invalid_request"),
]


async def test_bad_requests_say_what_is_wrong(ada: Person, studio: Studio) -> None:
    for body, code in BAD:
        answer = await ada.http.post("/v1/generations", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), body
        assert answer.json()["errors"][0]["loc"][0] == "body"
    assert studio.submitted == []


async def test_a_random_seed_is_told_and_differs(ada: Person, studio: Studio) -> None:
    seeds = {(await ask(ada, "a fox")).json()["seed"] for _ in range(3)}
    assert len(seeds) == 3


async def test_others_can_not_see_it(ada: Person, bob: Person, client: httpx.AsyncClient, studio: Studio) -> None:
    path = (await ask(ada, "a fox", WAIT)).headers["Location"]
    assert (await bob.http.get(path)).status_code == 404
    assert (await bob.http.delete(path)).status_code == 404
    assert (await bob.http.get(f"{path}/events")).status_code == 404
    assert (await client.get(path)).status_code == 401


async def test_one_key_makes_one_generation(ada: Person, studio: Studio) -> None:
    key = {"Idempotency-Key": "once", **WAIT}
    first, second = await asyncio.gather(ask(ada, "a fox", key), ask(ada, "a fox", key))
    assert first.json()["id"] == second.json()["id"]
    replayed = await ask(ada, "a fox", key)
    assert replayed.headers["Idempotency-Replayed"] == "true"
    assert len(studio.submitted) == 1
    reused = await ask(ada, "a wolf", key)
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


async def test_canceling_frees_the_slot_and_ignores_late_results(ada: Person, studio: Studio, parts: Parts) -> None:
    path = (await ask(ada, "wait for me")).headers["Location"]
    await until(lambda: _true(studio.submitted))
    answers = await asyncio.gather(*(ada.http.delete(path) for _ in range(6)))
    answers += [await ada.http.delete(path) for _ in "12"]
    assert {(answer.status_code, answer.json()["status"]) for answer in answers} == {(202, "canceled")}
    assert answers[0].json()["images"] == []
    await until(lambda: _true(studio.canceled))
    studio.go.set()
    event = studio.submitted[0]
    late = await studio.judged(event, 0, event.request.image_ids[0])
    assert isinstance(late, ImageApproved)
    await studio.bus.emit(late)

    async def dropped() -> bool:
        return not await parts.media.exists(f"media/{late.rendition.hash}/original.webp")

    await until(dropped)
    assert (await ada.http.get(path)).json()["status"] == "canceled"
    assert studio.canceled == [event.generation_id]


async def test_a_canceled_one_is_deleted_by_who_has_seen_it_or_comes_later(
    ada: Person, studio: Studio, parts: Parts
) -> None:
    paths = [(await ask(ada, f"lost {number}")).headers["Location"] for number in range(2)]
    for path in paths:
        assert (await ada.http.delete(path)).json()["status"] == "canceled"
    stale = await ada.http.delete(paths[0], headers={"If-Match": '"of another state"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    tag = (await ada.http.get(paths[0])).headers["ETag"]
    assert (await ada.http.delete(paths[0], headers={"If-Match": tag})).status_code == 202
    await parts.mongo.database["generations"].update_one(
        {"status": "canceled"}, {"$set": {"moments.canceled": utcnow() - timedelta(minutes=1)}}
    )
    assert (await ada.http.delete(paths[1])).status_code == 202
    assert {(await ada.http.get(path)).status_code for path in paths} == {404}


async def _true(value: object) -> object:
    return value


async def test_deleting_an_ended_one_takes_its_pictures_along(ada: Person, studio: Studio, parts: Parts) -> None:
    made = (await ask(ada, "a fox", WAIT)).json()
    source = made["images"][0]["sources"]["original"]
    assert (await ada.http.delete(f"/v1/generations/{made['id']}")).status_code == 202
    assert (await ada.http.get(f"/v1/generations/{made['id']}")).status_code == 404
    assert (await ada.http.get(source)).status_code == 404
    assert await parts.removals.waiting(10) == []
    history = (await ada.http.get("/v1/me/prompts")).json()["items"]
    assert [row["prompt"] for row in history] == ["a fox"]


async def test_deleting_keeps_published_pictures(ada: Person, studio: Studio, painted: MakePictures) -> None:
    image_ids = await painted(ada, n=2)
    post = (await ada.http.post("/v1/posts", json={"image_ids": image_ids[:1], "visibility": "public"})).json()
    generation = (await ada.http.get("/v1/me/generations")).json()["items"][0]
    await ada.http.delete(f"/v1/generations/{generation['id']}")
    assert (await ada.http.get(post["images"][0]["sources"]["original"])).status_code == 200
    assert (await ada.http.get(generation["images"][1]["sources"]["original"])).status_code == 404
    assert (await ada.http.delete(f"/v1/posts/{post['id']}")).status_code == 204
    assert (await ada.http.get(post["images"][0]["sources"]["original"])).status_code == 404


async def test_only_a_failed_one_is_tried_again(ada: Person, studio: Studio) -> None:
    made = (await ask(ada, "fail first", WAIT, seed=7)).json()
    assert (made["status"], made["error"]["code"], made["images"]) == ("failed", "model_error", [])
    again = await ada.http.post(f"/v1/generations/{made['id']}/retry")
    assert (again.status_code, again.json()["attempt"]) == (202, 2)
    done = await ended(ada, made["id"])
    assert (done["status"], done["seed"], done["error"], len(done["images"])) == ("ready", 7, None, 1)
    refused = await ada.http.post(f"/v1/generations/{made['id']}/retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_failed")


async def test_a_second_delivery_changes_nothing(ada: Person, studio: Studio, parts: Parts) -> None:
    made = (await ask(ada, "a fox", WAIT)).json()
    event = studio.submitted[0]
    again = await studio.judged(event, 0, event.request.image_ids[0])
    await studio.bus.emit(again.model_copy(update={"reissue": 1}))
    probe = (await ask(ada, "another", WAIT)).json()
    assert probe["status"] == "ready"
    assert (await ada.http.get(f"/v1/generations/{made['id']}")).json() == made
    assert (await ada.http.get(made["images"][0]["sources"]["original"])).status_code == 200


async def test_a_held_prompt_that_is_allowed_is_painted(ada: Person, studio: Studio) -> None:
    made = (await ask(ada, "held prompt", WAIT)).json()
    assert (made["status"], made["decision"]["verdict"]) == ("blocked", "hold")
    allowed = refusal(verdict="allow")
    await studio.bus.emit(
        DecisionMade(
            decision_id=allowed.id,
            target=Target(kind="prompt", id=made["id"]),
            owner_id=ada.id,
            decision=allowed,
            context={"generation_id": made["id"]},
        )
    )

    async def ready() -> bool:
        return (await ada.http.get(f"/v1/generations/{made['id']}")).json()["status"] == "ready"

    await until(ready)
