"""Whose prompts are taken, whose are not, and when to come again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.gateway.context import Parts
from services.gateway.settings import GatewaySettings
from shared.bus import Bus
from shared.live import PromptIntended, QueueMeasured
from shared.settings import MongoSettings
from tests.api.conftest import Person, problem
from tests.api.gateway_content.conftest import Studio, until

WAIT = {"Prefer": "wait=20"}
LIMITS: dict[str, Any] = {
    "pictures_per_day": 4,
    "longest_queue_s": 10,
    "gpu_seconds_soft": 5,
    "gpu_seconds_hard": 10,
}


@pytest.fixture
def gateway_settings(settings: MongoSettings, tmp_path: Path) -> GatewaySettings:
    return GatewaySettings(
        **settings.model_dump(), auth_secret="tests-only-" + "x" * 32, web_dist=tmp_path / "dist", **LIMITS
    )


async def ask(person: Person, prompt: str = "a fox", n: int = 1, **headers: str) -> httpx.Response:
    return await person.http.post("/v1/generations", json={"prompt": prompt, "n": n}, headers=headers)


async def left(person: Person) -> int:
    answer = await person.http.get("/v1/me/quota")
    assert answer.status_code == 200
    return int(answer.json()["remaining"])


def measured(**facts: Any) -> QueueMeasured:
    told = {"worker": "w", "model": "pocket", "state": "warm", "eta_ms": 0, "picture_ms": 100.0} | facts
    return QueueMeasured.model_validate(told)


async def test_a_person_has_so_many_pictures_a_day_and_another_has_their_own(
    ada: Person, bob: Person, studio: Studio
) -> None:
    assert (await ask(ada, n=3, **WAIT)).status_code == 201
    refused = await ask(ada, n=2)
    problem(refused, 429, "quota_spent")
    assert 0 < int(refused.headers["Retry-After"]) <= 86_400
    assert (await left(ada), await left(bob)) == (1, 4)
    assert (await ask(ada)).status_code == 202
    assert (await ask(bob)).status_code == 202


async def test_pictures_asked_for_at_once_never_exceed_the_quota(ada: Person, studio: Studio) -> None:
    answers = await asyncio.gather(*(ask(ada) for _ in range(9)))
    assert sorted(answer.status_code for answer in answers) == [202] * 4 + [429] * 5
    assert await left(ada) == 0


async def test_what_ends_badly_is_given_back(ada: Person, studio: Studio) -> None:
    assert (await ask(ada, "bad prompt", n=2, **WAIT)).json()["status"] == "blocked"
    assert (await ask(ada, "fail first", n=4, **WAIT)).json()["status"] == "failed"
    assert await left(ada) == 4
    made = await ask(ada, "bad picture 0 bad picture 2", n=3, **WAIT)
    assert [image["status"] for image in made.json()["images"]] == ["blocked", "ready", "blocked"]
    assert await left(ada) == 3
    waiting = await ask(ada, "wait for me", n=2)
    assert await left(ada) == 1
    await ada.http.delete(waiting.headers["Location"])
    assert await left(ada) == 3
    studio.go.set()


async def test_trying_again_counts_and_a_refused_try_does_not(ada: Person, studio: Studio) -> None:
    failed = (await ask(ada, "fail first", n=2, **WAIT)).json()
    path = f"/v1/generations/{failed['id']}/retry"
    assert (await ada.http.post(path)).status_code == 202
    assert await left(ada) == 2
    assert (await ada.http.post(path)).status_code == 409
    assert await left(ada) == 2


async def test_what_is_deleted_has_been_painted_all_the_same(ada: Person, studio: Studio) -> None:
    made = await ask(ada, n=2, **WAIT)
    await ada.http.delete(made.headers["Location"])
    assert await left(ada) == 2


async def test_a_line_that_is_too_long_takes_no_more(ada: Person, studio: Studio, parts: Parts) -> None:
    parts.line.measure(measured(pictures=150, eta_ms=15_000))
    refused = await ask(ada)
    problem(refused, 503, "queue_full")
    assert refused.headers["Retry-After"] == "5"
    assert await left(ada) == 4
    parts.line.measure(measured(pictures=20))
    assert (await ask(ada)).status_code == 202


async def test_a_generator_that_sleeps_long_is_woken_all_the_same(ada: Person, studio: Studio, parts: Parts) -> None:
    parts.line.measure(measured(state="asleep", wake_ms=60_000, pictures=0))
    assert (await ask(ada)).status_code == 202


async def test_the_budget_narrows_first_and_then_closes(ada: Person, studio: Studio, parts: Parts) -> None:
    await parts.budget.spend(5_000)
    assert await left(ada) == 2
    problem(await ask(ada, n=3), 429, "quota_spent")
    await parts.budget.spend(5_000)
    refused = await ask(ada)
    problem(refused, 503, "budget_spent")
    assert int(refused.headers["Retry-After"]) > 0


async def test_painting_time_is_counted(ada: Person, studio: Studio, parts: Parts) -> None:
    await ask(ada, n=2, **WAIT)

    async def counted() -> bool:
        return await parts.budget.spent_s() == pytest.approx(2 * 0.25)

    await until(counted)


async def test_an_intent_is_told_to_the_generator_and_answers_how_soon(
    ada: Person, client: httpx.AsyncClient, parts: Parts, outside: Callable[[str], Bus]
) -> None:
    heard: list[PromptIntended] = []
    generation = outside("generation")

    @generation.hear(PromptIntended)
    async def intended(message: PromptIntended) -> None:
        heard.append(message)

    await generation.start()
    assert (await client.post("/v1/generations/intent")).status_code == 401
    parts.line.measure(measured(state="asleep", wake_ms=4000))
    answer = await ada.http.post("/v1/generations/intent")
    assert (answer.status_code, answer.json()) == (202, {"state": "asleep", "eta_ms": 4100})

    async def told() -> bool:
        return bool(heard)

    await until(told)
    assert heard[0].model_dump() == {}
    await parts.budget.spend(6_000)
    assert (await ada.http.post("/v1/generations/intent")).status_code == 202
    await asyncio.sleep(0.1)
    assert len(heard) == 1


async def test_intents_are_limited(ada: Person) -> None:
    answers = [await ada.http.post("/v1/generations/intent") for _ in range(31)]
    assert {answer.status_code for answer in answers[:30]} == {202}
    problem(answers[30], 429, "rate_limited")
    assert (await ask(ada)).status_code == 202
