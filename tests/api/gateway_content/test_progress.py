"""Following a generation, and finding it again later."""

from __future__ import annotations

import asyncio
import json
import signal

import pytest

from services.gateway.context import Parts
from services.gateway.generating import flow, steps
from shared.events import utcnow
from shared.live import GenerationProgressed
from tests.api.conftest import Person
from tests.api.gateway_content.conftest import Studio, until
from tests.api.gateway_content.test_generations import WAIT, ask, ended, events_of
from tests.servers import Server


async def test_the_stream_tells_the_journey_and_ends(ada: Person, studio: Studio) -> None:
    made = (await ask(ada, "wait for me", n=2)).json()
    stream = asyncio.create_task(ada.http.get(f"/v1/generations/{made['id']}/events"))

    async def running() -> bool:
        return (await ada.http.get(f"/v1/generations/{made['id']}")).json()["status"] == "running"

    await until(running)
    studio.go.set()
    answer = await stream
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events_of(answer.text)
    logged = [event for event in told if "id" in event]
    assert [event["event"] for event in logged] == ["queued", "running", "image", "image", "done"]
    resumed = await ada.http.get(f"/v1/generations/{made['id']}/events", headers={"Last-Event-ID": logged[2]["id"]})
    assert [event["event"] for event in events_of(resumed.text)] == ["image", "done"]
    after = await ada.http.get(f"/v1/generations/{made['id']}/events", headers={"Last-Event-ID": logged[-1]["id"]})
    # Which tells an `EventSource` to come no more (HTML Living Standard, 9.2).
    assert (after.status_code, after.content) == (204, b"")


async def test_progress_never_goes_back_to_nothing(ada: Person, studio: Studio, parts: Parts) -> None:
    made = (await ask(ada, "lost fox")).json()
    path = f"/v1/generations/{made['id']}"
    stream = asyncio.create_task(ada.http.get(f"{path}/events"))
    await until(lambda: asyncio.sleep(0, made["id"] in parts.watchers._queues))
    # That the painting began is written a little later than it is said, since mostly nobody would see it.
    parts.watchers.progressed(GenerationProgressed(generation_id=made["id"], progress=0.4, preview="data:,"))
    await flow.record(parts, made["id"], lambda one: steps.painting_began(one, 1, utcnow()))
    await ada.http.delete(path)
    told = [json.loads(event["data"]) for event in events_of((await stream).text) if event["event"] == "running"]
    assert [one["progress"] for one in told][-1] == 0.4
    assert told[-1]["preview"] == "data:,"


async def test_the_stream_of_a_refused_prompt_ends_with_its_decision(ada: Person, studio: Studio) -> None:
    made = (await ask(ada, "bad prompt", WAIT)).json()
    told = events_of((await ada.http.get(f"/v1/generations/{made['id']}/events")).text)
    assert [event["event"] for event in told] == ["queued", "blocked"]
    assert made["decision"]["id"] in told[-1]["data"]


async def test_a_lost_broadcast_costs_only_a_poll(
    ada: Person, studio: Studio, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.generating.progress.POLL_S", 0.1)
    monkeypatch.setattr(parts.watchers, "_pass_on", lambda *_: None)
    assert (await ask(ada, "a fox", WAIT)).status_code == 201


async def test_ones_own_are_listed_and_searched(ada: Person, bob: Person, studio: Studio) -> None:
    for prompt in ("a red fox", "a blue whale", "bad prompt", "a red panda"):
        await ask(ada, prompt, WAIT)
    await ask(bob, "a red herring", WAIT)

    async def listed(**params: object) -> list[str]:
        page = (await ada.http.get("/v1/me/generations", params=params)).json()
        return [item["prompt"] for item in page["items"]]

    assert await listed() == ["a red panda", "bad prompt", "a blue whale", "a red fox"]
    assert await listed(q="RED") == ["a red panda", "a red fox"]
    assert await listed(status="blocked") == ["bad prompt"]
    first = await ada.http.get("/v1/me/generations", params={"limit": 2})
    await ask(ada, "a newcomer", WAIT)
    second = (await ada.http.get("/v1/me/generations", params={"cursor": first.json()["next_cursor"]})).json()
    assert [item["prompt"] for item in second["items"]] == ["a blue whale", "a red fox"]
    assert second["next_cursor"] is None
    assert 'rel="next"' in first.headers["Link"]


async def test_prompts_are_remembered_once_each(ada: Person, bob: Person, studio: Studio) -> None:
    for prompt in ("a fox", "a whale", "a fox"):
        await ask(ada, prompt)
    page = (await ada.http.get("/v1/me/prompts")).json()["items"]
    assert [(row["prompt"], row["times"]) for row in page] == [("a fox", 2), ("a whale", 1)]
    assert [row["prompt"] for row in (await ada.http.get("/v1/me/prompts?q=WHA")).json()["items"]] == ["a whale"]
    assert (await bob.http.delete(f"/v1/me/prompts/{page[0]['id']}")).status_code == 404
    assert (await ada.http.delete(f"/v1/me/prompts/{page[0]['id']}")).status_code == 204
    assert [row["prompt"] for row in (await ada.http.get("/v1/me/prompts")).json()["items"]] == ["a whale"]


async def test_while_the_broker_is_away_prompts_are_accepted(
    ada: Person, studio: Studio, parts: Parts, broker: Server
) -> None:
    broker.stop(signal.SIGKILL)
    try:
        answer = await ask(ada, "a fox")
        assert answer.status_code == 202
        assert (await ada.http.get(answer.headers["Location"])).json()["status"] == "queued"
    finally:
        broker.start()
    assert (await ended(ada, answer.json()["id"]))["status"] == "ready"
