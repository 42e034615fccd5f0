"""A crowd at the whole pipeline with the real model: `python -m deploy.bench.crowd`.

Eight people ask for one picture each at the same moment; then one asks after the other; then somebody asks for a
hundred and somebody else for one, after them and together with them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from deploy.bench.load import sign_up
from deploy.bench.stack import passing_stack
from deploy.local.programs import APPLICATIONS

PARTS = ("moderation", "generation", "gateway")
PEOPLE = 8
MANY = 100
WAIT_S = 30


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--out", type=Path, help="keep the figures as JSON")
    chosen = options.parse_args()
    console = Console(highlight=False)
    os.environ.update(RATE_LIMIT_FACTOR="1000", LOG_LEVEL=os.environ.get("LOG_LEVEL", "WARNING"))
    with passing_stack({name: APPLICATIONS[name] for name in PARTS}, console) as layout:
        figures = asyncio.run(_measure(layout.url, chosen.rounds))
    figures["cores"] = len(os.sched_getaffinity(0))
    figures["load_before"] = round(os.getloadavg()[2], 1)
    console.print_json(data=figures)
    if chosen.out:
        chosen.out.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


async def _measure(url: str, rounds: int) -> dict[str, Any]:
    limits = httpx.Limits(max_connections=300, max_keepalive_connections=300)
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits) as client:
        tokens = await sign_up(client, PEOPLE)
        for token in tokens:
            await _one(client, token, "warming up")
        at_once_ms: list[float] = []
        crowd_s = alone_s = 0.0
        # Both ways in turn, so that a machine that is busy at times slows both.
        for number in range(rounds):
            begun = time.perf_counter()
            asked = (_one(client, token, f"a fox in round {number}") for token in tokens)
            at_once_ms += await asyncio.gather(*asked)
            crowd_s += time.perf_counter() - begun
            begun = time.perf_counter()
            for token in tokens:
                await _one(client, token, f"an owl in round {number}")
            alone_s += time.perf_counter() - begun
        places = {
            "asked_after_them": await _place(client, tokens[0], tokens[1], together=False),
            "asked_together": await _place(client, tokens[2], tokens[3], together=True),
        }
    cuts = statistics.quantiles(at_once_ms, n=100, method="inclusive")
    pictures = rounds * PEOPLE
    return {
        "at_once_ms": {"p50": round(cuts[49]), "p90": round(cuts[89]), "p99": round(cuts[98])},
        "at_once_pictures_per_s": round(pictures / crowd_s, 2),
        "one_after_the_other_pictures_per_s": round(pictures / alone_s, 2),
        "gain": round(alone_s / crowd_s, 2),
        "place_of_the_other_among_a_hundred": places,
    }


async def _one(client: httpx.AsyncClient, token: str, prompt: str) -> float:
    """Milliseconds from asking until the picture is there."""
    headers = {"Authorization": f"Bearer {token}", "Prefer": f"wait={WAIT_S}"}
    begun = time.perf_counter()
    answer = await client.post("/v1/generations", json={"prompt": prompt}, headers=headers)
    taken = (time.perf_counter() - begun) * 1000
    status = answer.raise_for_status().json()["status"]
    if status != "ready":
        raise RuntimeError(f"a picture ended as {status}")
    return taken


async def _place(client: httpx.AsyncClient, many: str, one: str, *, together: bool) -> dict[str, int]:
    """As the how manieth one person's only picture was done beside another's hundred, counted from each stage that it
    passed: of those that were done since then, in the order in which they were painted, and ready."""
    headers = {"Authorization": f"Bearer {many}"}

    async def ask(number: int) -> None:
        asked = await client.post("/v1/generations", json={"prompt": f"a fox number {number}"}, headers=headers)
        asked.raise_for_status()

    asking = [ask(number) for number in range(MANY)]
    if together:
        await asyncio.gather(*asking, _one(client, one, "an owl"))
    else:
        for each in asking:
            await each
        await _one(client, one, "an owl")
    (other,) = (await _painted(client, one, 1)).values()
    hundred: dict[str, dict[str, str]] = {}
    for _ in range(240):
        hundred = await _painted(client, many, MANY)
        if len(hundred) == MANY:
            break
        await asyncio.sleep(0.5)

    def place(since: str, done: str) -> int:
        return sum(other[since] < passed[done] <= other[done] for passed in hundred.values()) + 1

    return {
        "painted_since_in_line": place("queued", "rendered"),
        "painted_since_accepted": place("accepted", "rendered"),
        "ready_since_accepted": place("accepted", "ready"),
    }


async def _painted(client: httpx.AsyncClient, token: str, newest: int) -> dict[str, dict[str, str]]:
    """When each of a person's newest pictures passed each stage, of those that are ready."""
    headers = {"Authorization": f"Bearer {token}"}
    page = await client.get(f"/v1/me/generations?limit={newest}", headers=headers)
    return {
        item["id"]: {passage["stage"]: passage["at"] for passage in item["timeline"]}
        for item in page.raise_for_status().json()["items"]
        if item["status"] == "ready"
    }


if __name__ == "__main__":
    sys.exit(main())
