"""A crowd at the whole pipeline with the real model: `python -m deploy.bench.crowd`.

Eight people ask for one picture each at the same moment; then one asks after the other. Then, several times and each
time other people, somebody asks for a hundred and somebody else for one, after them and together with them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from datetime import UTC, datetime
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
TIMES = 5
SETTLING_S = 3
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
    # Not kept for as long as the server keeps them: it may close one at the moment when it is used again.
    limits = httpx.Limits(max_connections=300, max_keepalive_connections=300, keepalive_expiry=2)
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits) as client:
        tokens = await sign_up(client, PEOPLE)
        others = iter(await sign_up(client, 4 * TIMES))
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
        places: dict[str, list[dict[str, int]]] = {"asked_after_them": [], "asked_together": []}
        for _ in range(TIMES):
            for way, found in places.items():
                found.append(await _place(client, next(others), next(others), together=way == "asked_together"))
    cuts = statistics.quantiles(at_once_ms, n=100, method="inclusive")
    pictures = rounds * PEOPLE
    return {
        "at_once_ms": {"p50": round(cuts[49]), "p90": round(cuts[89]), "p99": round(cuts[98])},
        "at_once_pictures_per_s": round(pictures / crowd_s, 2),
        "one_after_the_other_pictures_per_s": round(pictures / alone_s, 2),
        "gain": round(alone_s / crowd_s, 2),
        "place_of_the_other_among_a_hundred": {
            way: {since: [each[since] for each in found] for since in found[0]} for way, found in places.items()
        },
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
    """As the how manieth one person's only picture was ready beside another's hundred, of those that became so since
    it was asked for, and since it was accepted; and of those that were painted since it was in line."""
    headers = {"Authorization": f"Bearer {many}"}

    async def ask(number: int) -> None:
        asked = await client.post("/v1/generations", json={"prompt": f"a fox number {number}"}, headers=headers)
        asked.raise_for_status()

    asking = [ask(number) for number in range(MANY)]
    if not together:
        for each in asking:
            await each
        asking = []
    asked_at = datetime.now(UTC)
    await asyncio.gather(*asking, _one(client, one, "an owl"))
    await asyncio.sleep(SETTLING_S)  # what was painted before the other's may be ready after it
    (other,) = (await _passed(client, one, 1)).values()
    hundred = await _passed(client, many, MANY)
    # Nobody needs the rest, which would keep the next ones waiting.
    unfinished = (name for name, passed in hundred.items() if "ready" not in passed)
    await asyncio.gather(*(client.delete(f"/v1/generations/{name}", headers=headers) for name in unfinished))
    await asyncio.sleep(SETTLING_S)

    def place(since: datetime, stage: str) -> int:
        return sum(since < passed[stage] <= other[stage] for passed in hundred.values() if stage in passed) + 1

    return {
        "ready_since_asked": place(asked_at, "ready"),
        "ready_since_accepted": place(other["accepted"], "ready"),
        "painted_since_in_line": place(other["queued"], "rendered"),
    }


async def _passed(client: httpx.AsyncClient, token: str, newest: int) -> dict[str, dict[str, datetime]]:
    """When each of a person's newest pictures passed each stage."""
    headers = {"Authorization": f"Bearer {token}"}
    page = await client.get(f"/v1/me/generations?limit={newest}", headers=headers)
    return {
        item["id"]: {passage["stage"]: datetime.fromisoformat(passage["at"]) for passage in item["timeline"]}
        for item in page.raise_for_status().json()["items"]
    }


if __name__ == "__main__":
    sys.exit(main())
