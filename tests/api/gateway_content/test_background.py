"""What goes on without a request: the reconciler, several processes at once, and facts in the wrong order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest
from asgi_lifespan import LifespanManager
from fastapi import FastAPI

from services.gateway import reconciler
from services.gateway.context import Parts
from services.gateway.generating.steps import MAX_REISSUES
from services.gateway.main import create_app
from services.gateway.pictures import cleaning
from services.gateway.posting import republish
from services.gateway.settings import GatewaySettings
from shared.bus import Bus
from shared.events import GenerationFailed, PostPublished, UserErased, utcnow
from shared.live import GenerationStarted
from tests.api.conftest import PASSWORD, Person, client_of
from tests.api.gateway_content.conftest import MakePictures, Studio, until
from tests.api.gateway_content.test_generations import WAIT, ask, ended, events_of
from tests.api.gateway_content.test_posts import publish
from tests.api.gateway_people.arranging import stored
from tests.servers import Server


async def overdue(parts: Parts, generation_id: str) -> None:
    """Let a generation's deadline pass."""
    rows = parts.mongo.database["generations"]
    await rows.update_one({"_id": generation_id}, {"$set": {"deadline_at": utcnow() - timedelta(seconds=1)}})


async def drained(parts: Parts) -> None:
    async def empty() -> bool:
        return await parts.outbox.waiting() == 0

    await until(empty)


@pytest.fixture
async def second(gateway_settings: GatewaySettings, app: FastAPI) -> AsyncIterator[FastAPI]:
    """Another process of the same gateway."""
    other = create_app(gateway_settings)
    async with LifespanManager(other, startup_timeout=30, shutdown_timeout=30):
        yield other


async def test_an_overdue_generation_is_told_again_until_it_is_given_up(
    ada: Person, parts: Parts, studio: Studio
) -> None:
    made = (await ask(ada, "lost")).json()
    for round_ in range(MAX_REISSUES):
        await drained(parts)
        await overdue(parts, made["id"])
        assert await reconciler.tell_overdue_again(parts) == 1

        async def told(times: int = round_ + 2) -> bool:
            return len(studio.submitted) == times

        await until(told)
    assert {event.reissue for event in studio.submitted} == set(range(MAX_REISSUES + 1))
    await drained(parts)
    await overdue(parts, made["id"])
    await reconciler.tell_overdue_again(parts)
    found = (await ada.http.get(f"/v1/generations/{made['id']}")).json()
    assert (found["status"], found["error"]["code"]) == ("failed", "timed_out")


async def test_nothing_is_late_while_events_can_not_leave(ada: Person, parts: Parts, studio: Studio) -> None:
    made = (await ask(ada, "lost")).json()
    await drained(parts)
    await overdue(parts, made["id"])
    await parts.mongo.database["outbox"].insert_one({"_id": "stuck", "created_at": utcnow() + timedelta(hours=1)})
    assert await reconciler.tell_overdue_again(parts) == 0
    assert len(studio.submitted) == 1
    await parts.mongo.database["outbox"].delete_one({"_id": "stuck"})


async def test_only_one_process_holds_the_lease(parts: Parts) -> None:
    leases, minute = parts.leases, timedelta(minutes=1)
    taken = await asyncio.gather(*(leases.take("task", f"p{number}", minute) for number in range(8)))
    assert sum(taken) == 1
    holder = f"p{taken.index(True)}"
    assert await leases.take("task", holder, minute)
    assert not await leases.take("task", "other", minute)
    await leases.give_back("task", holder)
    assert await leases.take("task", "other", timedelta(seconds=-1))
    assert await leases.take("task", "third", minute)


async def test_removals_left_behind_are_carried_out(parts: Parts) -> None:
    await parts.media.put("media/abcd/original.webp", b"x")
    await parts.removals.add([("picture", "abcd")])
    await cleaning.carry_out(parts, await parts.removals.waiting(10))
    assert not await parts.media.exists("media/abcd/original.webp")
    assert await parts.removals.waiting(10) == []


async def test_a_waiter_wakes_whichever_process_heard_the_verdict(
    ada: Person, app: FastAPI, second: FastAPI, studio: Studio
) -> None:
    async with client_of(second) as other:
        other.headers.update(ada.http.headers)
        answers = await asyncio.gather(
            *(http.post("/v1/generations", json={"prompt": "a fox"}, headers=WAIT) for http in [ada.http, other] * 4)
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 8


async def test_late_news_and_older_attempts_change_nothing(ada: Person, parts: Parts, studio: Studio) -> None:
    made = (await ask(ada, "fail first", WAIT)).json()
    await ada.http.post(f"/v1/generations/{made['id']}/retry")
    done = await ended(ada, made["id"])
    first, again = studio.submitted
    about = {"generation_id": made["id"], "user_id": ada.id}
    await studio.bus.tell(GenerationStarted(generation_id=made["id"], attempt=2, at=utcnow()))
    await studio.bus.emit(GenerationFailed(**about, attempt=1, reissue=9, code="late", detail="Late."))
    await studio.bus.emit(GenerationFailed(**about, attempt=2, code="late", detail="Late."))
    late = await studio.judged(first, 0, first.request.image_ids[0])
    await studio.bus.emit(late)
    await ask(ada, "something after it", WAIT)
    assert (await ada.http.get(f"/v1/generations/{made['id']}")).json() == done
    assert (await ada.http.get(done["images"][0]["sources"]["original"])).status_code == 200  # type: ignore[index]
    assert again.attempt == 2


async def test_a_stream_outlives_the_broker(
    ada: Person, studio: Studio, broker: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.generating.progress.POLL_S", 0.2)
    made = (await ask(ada, "wait for me")).json()

    async def submitted() -> bool:
        return bool(studio.submitted)

    await until(submitted)
    stream = asyncio.create_task(ada.http.get(f"/v1/generations/{made['id']}/events"))
    await asyncio.sleep(0.1)
    await asyncio.to_thread(broker.stop, signal.SIGKILL)
    await asyncio.to_thread(broker.start)
    studio.go.set()
    told = events_of((await asyncio.wait_for(stream, 60)).text)
    assert told[-1]["event"] == "done"


async def test_every_post_can_be_told_again(
    ada: Person, parts: Parts, painted: MakePictures, outside: Callable[[str], Bus]
) -> None:
    search = outside("search")
    heard: list[PostPublished] = []

    @search.on(PostPublished)
    async def published(event: PostPublished) -> None:
        heard.append(event)

    await search.start()
    made = await publish(ada, await painted(ada), visibility="public", show_prompt=False)

    async def once(times: int) -> bool:
        return len(heard) == times

    await until(lambda: once(1))
    assert await republish.republish(parts.posts.all(), parts.accounts, parts.bus) == 1
    await until(lambda: once(2))
    first, again = heard
    assert again.model_copy(update={"reissue": 0, "occurred_at": first.occurred_at}) == first
    assert (first.post_id, first.images[0].prompt, first.images[0].alt) == (
        made["id"],
        None,
        "A picture prompted by Ada",
    )


async def test_what_an_erased_person_had_in_the_making_is_dropped(
    ada: Person, client: httpx.AsyncClient, parts: Parts, studio: Studio
) -> None:
    await ask(ada, "wait for me")

    async def submitted() -> bool:
        return bool(studio.submitted)

    await until(submitted)
    await parts.generations.delete_of(ada.id)
    event = studio.submitted[0]
    late = await studio.judged(event, 0, event.request.image_ids[0])
    await studio.bus.emit(late)
    folder = f"media/{late.rendition.hash}/original.webp"  # type: ignore[attr-defined]

    async def dropped() -> bool:
        return not await parts.media.exists(folder)

    await until(dropped)
    assert await parts.images.hashes_of(ada.id) == []
    studio.go.set()


async def test_what_comes_late_about_an_erased_person_is_forgotten_too(
    ada: Person, parts: Parts, studio: Studio
) -> None:
    await ask(ada, "wait for me")

    async def submitted() -> bool:
        return bool(studio.submitted)

    async def kept() -> list[str]:
        return [message.subject for message in await stored(parts) if ada.id.encode() in message.data]

    await until(submitted)
    assert await kept()
    await ada.http.request("DELETE", "/v1/me", json={"password": PASSWORD})
    await until(lambda: parts.erasures.receipt(ada.id))
    assert await kept() == [UserErased.subject]
    studio.go.set()

    async def told_again() -> bool:
        subjects = await kept()
        return len(subjects) > 1 and set(subjects) == {UserErased.subject}

    async def nothing_left_to_do() -> bool:
        return await parts.removals.waiting(10) == []

    await until(told_again, seconds=30)
    await until(nothing_left_to_do, seconds=30)
