"""A steady stream of prompts against a gateway, each waited for, with every answer's time kept."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

PEOPLE = 10
WAIT_S = 20


@dataclass
class Measured:
    """Times in milliseconds: of each whole request, and of each stage since it was accepted."""

    total_ms: list[float] = field(default_factory=list)
    stages_ms: dict[str, list[float]] = field(default_factory=dict)
    unfinished: int = 0


async def sign_up(client: httpx.AsyncClient, count: int) -> list[str]:
    """Make accounts and return their access tokens."""
    tokens = []
    for number in range(count):
        name = f"bench_{number}_{time.time_ns() % 10**9}"
        body = {"username": name, "email": f"{name}@example.org", "password": "correct horse battery"}
        answer = await client.post("/v1/accounts", json=body)
        tokens.append(answer.raise_for_status().json()["access_token"])
    return tokens


async def steady(url: str, *, per_second: float, seconds: float) -> Measured:
    """Ask for one picture `per_second` times a second, whether or not earlier ones are done (an open loop)."""
    measured = Measured()
    limits = httpx.Limits(max_connections=500, max_keepalive_connections=500)
    async with httpx.AsyncClient(base_url=url, timeout=WAIT_S + 5, limits=limits) as client:
        tokens = await sign_up(client, PEOPLE)
        for token in tokens:
            await _one(client, token, "warming up", Measured())
        begun = time.perf_counter()
        asked = []
        for number in range(int(per_second * seconds)):
            await asyncio.sleep(max(0.0, begun + number / per_second - time.perf_counter()))
            asked.append(asyncio.create_task(_one(client, tokens[number % PEOPLE], f"a fox number {number}", measured)))
        await asyncio.gather(*asked)
    return measured


async def _one(client: httpx.AsyncClient, token: str, prompt: str, measured: Measured) -> None:
    headers = {"Authorization": f"Bearer {token}", "Prefer": f"wait={WAIT_S}"}
    begun = time.perf_counter()
    try:
        answer = await client.post("/v1/generations", json={"prompt": prompt}, headers=headers)
    except httpx.TimeoutException:
        # An overrun machine is a result too: it costs the answer, not the run.
        measured.unfinished += 1
        return
    taken = (time.perf_counter() - begun) * 1000
    body: dict[str, Any] = answer.raise_for_status().json()
    if body["status"] != "ready":
        measured.unfinished += 1
        return
    measured.total_ms.append(taken)
    for entry in body["timeline"]:
        measured.stages_ms.setdefault(entry["stage"], []).append(entry["ms"])
