"""Rate limits: one count for all processes, told in headers, in windows that open with their first use."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from asgi_lifespan import LifespanManager

from services.gateway.context import Parts
from services.gateway.main import create_app
from services.gateway.settings import GatewaySettings
from services.gateway.store.rate_counters import RateCounters
from shared.events import utcnow
from tests.api.conftest import Person, client_of, problem


async def test_limits_are_told_and_held_by_all_processes(gateway_settings: GatewaySettings) -> None:
    settings = gateway_settings.model_copy(update={"rate_limit_factor": 0.01})
    one, two = create_app(settings), create_app(settings)
    body = {"login": "nobody", "password": "whatever it is"}
    async with (
        LifespanManager(one, startup_timeout=30, shutdown_timeout=30),
        LifespanManager(two, startup_timeout=30, shutdown_timeout=30),
        client_of(one) as first,
        client_of(two) as second,
    ):
        # 300 a minute and address, times 0.01; and 30 a minute and login, of which one at least is always left.
        answers = [await client.post("/v1/sessions", json=body) for client in (first, second, first)]
        problem(answers[0], 401, "bad_credentials")
        assert answers[0].headers["RateLimit-Limit"] == "1"
        for answer in answers[1:]:
            body_429 = problem(answer, 429, "rate_limited")
            assert body_429["title"] == "Too Many Requests"
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
            assert answer.headers["RateLimit-Remaining"] == "0"
            assert answer.headers["RateLimit-Policy"] == "1;w=60"
        other = await first.post("/v1/sessions", json=body | {"login": "someone"})
        problem(other, 429, "rate_limited")
        assert other.headers["RateLimit-Limit"] == "3"


async def test_a_window_opens_with_its_first_use_and_is_one_for_all(parts: Parts) -> None:
    hit, minute, second = parts.rate_counters.hit, timedelta(minutes=1), timedelta(seconds=1)
    begun = datetime(2026, 1, 1, 11, 59, 58, tzinfo=UTC)
    uses = await asyncio.gather(*(hit("who", begun, minute) for _ in range(20)))
    assert sorted(uses) == [(count, begun + minute) for count in range(1, 21)]
    assert await hit("who", begun + minute - second, minute) == (21, begun + minute)
    assert await hit("somebody else", begun, minute) == (1, begun + minute)
    assert await hit("who", begun + minute, minute) == (1, begun + 2 * minute)


async def test_processes_that_count_at_once_count_each_use_once(parts: Parts) -> None:
    """Each knows the row as it last wrote it, which the other's uses make wrong all the time."""
    one, two = RateCounters(parts.mongo), RateCounters(parts.mongo)
    begun, minute = utcnow(), timedelta(minutes=1)
    uses = [await asyncio.gather(*(each.hit("who", begun, minute) for each in (one, two, one))) for _ in range(10)]
    assert sorted(count for together in uses for count, _ in together) == list(range(1, 31))


async def test_a_use_that_is_cut_off_holds_nobody_up(parts: Parts) -> None:
    begun, minute = utcnow(), timedelta(minutes=1)
    leaving, staying = (asyncio.create_task(parts.rate_counters.hit("who", begun, minute)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    count, _ = await asyncio.wait_for(staying, 10)
    # What was cut off may have been counted, or not.
    assert count in (1, 2)
    assert (await parts.rate_counters.hit("who", begun, minute))[0] == count + 1


async def test_successes_tell_the_limit_too(ada: Person, bob: Person) -> None:
    answers = [await ada.http.put("/v1/users/bob/follow") for _ in range(2)]
    assert [answer.headers["RateLimit-Limit"] for answer in answers] == ["120000", "120000"]
    left = [int(answer.headers["RateLimit-Remaining"]) for answer in answers]
    assert left[0] - left[1] == 1
    assert 1 <= int(answers[0].headers["RateLimit-Reset"]) <= 60
