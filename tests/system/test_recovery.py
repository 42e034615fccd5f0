"""kill -9 of each part in turn while prompts are in flight: every accepted prompt ends, none twice, none lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.servers import free_port
from tests.stack import Stack, running_stack
from tests.system.test_journey import sign_up

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]

PARTS = ("moderation", "generation", "search", "feed", "nats", "mongo", "gateway")
PROMPTS = 50
ENDED = {"ready", "blocked", "failed", "canceled"}
PATIENCE_S = 120


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("recovery")) as stack:
        yield stack


async def test_no_prompt_is_lost_or_doubled_when_parts_are_killed(own_stack: Stack) -> None:
    with httpx.Client(base_url=own_stack.url, timeout=30) as client:
        headers = [sign_up(client, f"recovery_{number}") for number in range(5)]
    accepted: dict[str, int] = {}
    async with httpx.AsyncClient(base_url=own_stack.url, timeout=30) as client:
        asking = asyncio.create_task(_ask(client, headers, accepted))
        for part in PARTS:
            await asyncio.sleep(1.5)
            own_stack.kill(part)
        await asking
        assert len(accepted) == PROMPTS
        states = await _ends(client, headers, accepted)
        assert set(states.values()) <= ENDED, states
        assert sum(state == "ready" for state in states.values()) >= PROMPTS * 0.9, states
        for person, header in enumerate(headers):
            mine = await _all_generations(client, header)
            expected = sorted(one for one, owner in accepted.items() if owner == person)
            assert sorted(mine) == expected
    await asyncio.sleep(2)
    assert "had died and was started again" in own_stack.log


async def _ask(client: httpx.AsyncClient, headers: list[dict[str, str]], accepted: dict[str, int]) -> None:
    """Ask for every prompt until it is accepted, with one key a prompt, as a careful client does."""
    for number in range(PROMPTS):
        person = number % len(headers)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = await client.post(
                    "/v1/generations",
                    json={"prompt": f"a cat number {number}", "seed": number},
                    headers=headers[person] | {"Idempotency-Key": f"prompt-{number}"},
                )
                if answer.status_code in (201, 202):
                    accepted[answer.json()["id"]] = person
                    break
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, "the gateway did not come back"
            await asyncio.sleep(0.3)
        await asyncio.sleep(0.15)


async def _ends(client: httpx.AsyncClient, headers: list[dict[str, str]], accepted: dict[str, int]) -> dict[str, str]:
    """The state of each generation once all have ended, or when patience is over."""
    states: dict[str, str] = {}
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and len(states) < len(accepted):
        for one, person in accepted.items():
            if one in states:
                continue
            try:
                answer = await client.get(f"/v1/generations/{one}", headers=headers[person])
            except httpx.TransportError:
                continue
            if answer.status_code == 200 and answer.json()["status"] in ENDED:
                states[one] = answer.json()["status"]
        await asyncio.sleep(0.5)
    return states | {one: "in flight" for one in accepted if one not in states}


async def _all_generations(client: httpx.AsyncClient, header: dict[str, str]) -> list[str]:
    answer = await client.get("/v1/me/generations?limit=100", headers=header)
    return [item["id"] for item in answer.json()["items"]]


def test_everything_is_still_there_after_a_restart(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "restart", free_port())
    stack.start()
    try:
        with httpx.Client(base_url=stack.url, timeout=60) as client:
            header = sign_up(client, "restarter")
            made = client.post(
                "/v1/generations", json={"prompt": "a cat"}, headers=header | {"Prefer": "wait=30"}
            ).json()
            post = client.post(
                "/v1/posts", json={"image_ids": [made["images"][0]["id"]], "visibility": "public"}, headers=header
            )
            post_id = post.json()["id"]
        stack.stop()
        stack.start()
        with httpx.Client(base_url=stack.url, timeout=60) as client:
            assert client.get(f"/v1/posts/{post_id}").status_code == 200
            found: list[str] = []
            deadline = time.monotonic() + 20
            while post_id not in found and time.monotonic() < deadline:
                found = [item["post"]["id"] for item in client.get("/v1/search?q=cat").json()["items"]]
            assert post_id in found
    finally:
        stack.stop()
