"""Many people at the gateway with many posts stored: `python -m deploy.bench.society`.

First everybody likes, comments on and follows at the same moment, and the counters have to be exact afterwards. Then
reads and writes come at a steady pace, each kind with the time of its slowest hundredth. The gateway, the broker and
the database are the real ones; search and feed are away, so the feed's pages are those by recency.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import ssl
import statistics
import sys
import time
from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from deploy.bench.stack import gateway_database, passing_stack
from deploy.local.layout import Layout
from deploy.local.programs import APPLICATIONS
from shared.events import utcnow
from shared.ids import first_id_at, new_id
from shared.mongo import Document, Mongo

PARTS = ("gateway", "moderation")
AUTHORS = 10
SIGN_UPS_AT_ONCE = 8
BATCH = 1000
SECONDS_APART = 20
"""Posts come in steadily: 50,000 of them are twelve days' worth."""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=200)
    options.add_argument("--posts", type=int, default=50_000)
    options.add_argument("--per-second", type=float, default=8, help="pace of reads, and of writes beside them")
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--out", type=Path, help="keep the figures as JSON")
    chosen = options.parse_args()
    console = Console(highlight=False)
    os.environ.update(RATE_LIMIT_FACTOR="1000", LOG_LEVEL=os.environ.get("LOG_LEVEL", "WARNING"))
    with passing_stack({name: APPLICATIONS[name] for name in PARTS}, console) as layout:
        figures = asyncio.run(_measure(layout, chosen))
    figures["cores"] = len(os.sched_getaffinity(0))
    figures["load"] = round(os.getloadavg()[0], 1)
    console.print_json(data=figures)
    if chosen.out:
        chosen.out.write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if figures["at_once"]["exact"] and not figures["failures"] else 1


class Crowd:
    """People with their tokens, and what became of every request of theirs.

    Each has connections of their own, as in life. One pool for all looks through all of its connections at every turn:
    with six hundred requests at once that took more time than the gateway and the database together.
    """

    def __init__(self, url: str) -> None:
        # Shorter than the gateway keeps them, so that none is closed under a request.
        limits = httpx.Limits(keepalive_expiry=2)
        trusted = ssl.create_default_context()
        self._open = partial(httpx.AsyncClient, base_url=url, timeout=60, limits=limits, verify=trusted)
        self.client = self._open()
        self._clients: dict[str, httpx.AsyncClient] = {}
        self.people: list[tuple[str, str, str]] = []
        self.took_ms: dict[str, list[float]] = {}
        self.statuses: Counter[int] = Counter()
        self.unanswered = 0

    async def aclose(self) -> None:
        await asyncio.gather(*(client.aclose() for client in (self.client, *self._clients.values())))

    async def sign_up(self, count: int) -> None:
        """Make accounts: `people` holds id, username and token of each."""
        turn = asyncio.Semaphore(SIGN_UPS_AT_ONCE)

        async def one(number: int) -> None:
            name = f"person_{number}"
            body = {"username": name, "email": f"{name}@example.org", "password": "correct horse battery"}
            async with turn:
                answer = (await self.client.post("/v1/accounts", json=body)).raise_for_status().json()
            token = answer["access_token"]
            self.people.append((answer["user"]["id"], name, token))
            self._clients[token] = self._open()

        await asyncio.gather(*(one(number) for number in range(count)))

    async def ask(self, kind: str, method: str, path: str, token: str, body: Document | None = None) -> None:
        """One request, its time kept under `kind`."""
        begun = time.perf_counter()
        headers = {"Authorization": f"Bearer {token}"}
        try:
            answer = await self._clients[token].request(method, path, headers=headers, json=body)
        except httpx.TimeoutException:
            # An overrun machine is a result too: it costs the answers, not the run.
            self.unanswered += 1
            return
        self.took_ms.setdefault(kind, []).append((time.perf_counter() - begun) * 1000)
        self.statuses[answer.status_code] += 1


async def _measure(layout: Layout, chosen: argparse.Namespace) -> dict[str, Any]:
    async with contextlib.aclosing(Crowd(layout.url)) as crowd:
        await crowd.sign_up(chosen.people + AUTHORS)
        async with gateway_database(layout) as mongo:
            posts = await store_posts(mongo, crowd.people[:AUTHORS], chosen.posts)
            at_once = await _at_once(crowd, posts[-1])
            await _all_told(mongo)
        burst_ms, crowd.took_ms = crowd.took_ms, {}
        await _steadily(crowd, posts, chosen.per_second, chosen.seconds)
        return {
            "posts": chosen.posts,
            "at_once": at_once | {"people": chosen.people, "ms": _quantiles(burst_ms)},
            "steady": {"per_second": chosen.per_second * 2, "ms": _quantiles(crowd.took_ms)},
            "unanswered": crowd.unanswered,
            "failures": crowd.unanswered + sum(count for status, count in crowd.statuses.items() if status >= 400),
        }


async def store_posts(mongo: Mongo, authors: list[tuple[str, str, str]], count: int) -> list[str]:
    """Put posts straight into the database, as publishing would leave them; returns their ids, oldest first."""
    begun = utcnow() - timedelta(seconds=count * SECONDS_APART)
    made = [begun + timedelta(seconds=number * SECONDS_APART) for number in range(count)]
    ids = [first_id_at(moment) + new_id()[13:] for moment in made]
    for first in range(0, count, BATCH):
        rows = [
            _post(ids[number], authors[number % len(authors)], number) | {"created_at": made[number]}
            for number in range(first, min(count, first + BATCH))
        ]
        await mongo.database["posts"].insert_many(rows)
    return ids


def _post(post_id: str, author: tuple[str, str, str], number: int) -> Document:
    picture = {
        "image_id": new_id(), "hash": f"{number:032x}", "width": 256, "height": 256, "seed": number,
        "thumbhash": "1QcSHQRnh493V4dIh4eXh1h4kJUI", "prompt": f"a red fox number {number}", "alt": None,
    }  # fmt: skip
    return {
        "_id": post_id, "author_id": author[0], "author_username": author[1], "images": [picture],
        "caption": f"Number {number}", "tags": ["fox"], "model": "pocket", "aspect": "1:1", "seed": number,
        "prompt": picture["prompt"], "show_prompt": True, "visibility": "public", "parent_id": None, "root_id": None,
        "counts": {"likes": 0, "comments": 0, "remixes": 0, "bookmarks": 0}, "version": 1, "moderation": "allow",
        "decision": None, "edited_at": None,
    }  # fmt: skip


async def _at_once(crowd: Crowd, post_id: str) -> dict[str, Any]:
    """Everybody does the same three things to one post and its author; returns whether the counters are exact."""
    author, people = crowd.people[(await _author_of(crowd, post_id))], crowd.people[AUTHORS:]
    begun = time.perf_counter()
    await asyncio.gather(
        *(
            crowd.ask(kind, method, path, token, body)
            for _, _, token in people
            for kind, method, path, body in (
                ("like", "PUT", f"/v1/posts/{post_id}/like", None),
                ("comment", "POST", f"/v1/posts/{post_id}/comments", {"text": "Lovely."}),
                ("follow", "PUT", f"/v1/users/{author[1]}/follow", None),
            )
        )
    )
    took_s = time.perf_counter() - begun
    counts = (await crowd.client.get(f"/v1/posts/{post_id}")).json()["counts"]
    followers = (await crowd.client.get(f"/v1/users/{author[1]}")).json()["counts"]["followers"]
    found = (counts["likes"], counts["comments"], followers)
    return {"exact": set(found) == {len(people)}, "counts": found, "writes_per_second": round(3 * len(people) / took_s)}


async def _all_told(mongo: Mongo) -> None:
    """Wait until the burst's events have left: what comes at a steady pace is measured by itself."""
    while await mongo.database["outbox"].find_one({}):  # noqa: ASYNC110
        await asyncio.sleep(0.1)


async def _author_of(crowd: Crowd, post_id: str) -> int:
    author_id = (await crowd.client.get(f"/v1/posts/{post_id}")).json()["author"]["id"]
    return next(place for place, (user_id, *_) in enumerate(crowd.people) if user_id == author_id)


async def _steadily(crowd: Crowd, posts: list[str], per_second: float, seconds: float) -> None:
    """One read and one write each time, whether or not earlier ones are done (an open loop)."""
    dice = random.Random(4)
    begun = time.perf_counter()
    asked = []
    for number in range(int(per_second * seconds)):
        await asyncio.sleep(max(0.0, begun + number / per_second - time.perf_counter()))
        token, post = dice.choice(crowd.people)[2], dice.choice(posts)
        author = crowd.people[dice.randrange(AUTHORS)][1]
        read = dice.choice(
            (
                ("read post", f"/v1/posts/{post}"),
                ("read feed", "/v1/feed?mode=explore"),
                ("read profile", f"/v1/users/{author}/posts"),
                ("read comments", f"/v1/posts/{posts[-1]}/comments"),
                ("read notifications", "/v1/notifications"),
                ("read likes", "/v1/me/likes"),
            )
        )
        write = dice.choice(
            (
                ("like", "PUT", f"/v1/posts/{post}/like", None),
                ("bookmark", "PUT", f"/v1/posts/{post}/bookmark", None),
                ("comment", "POST", f"/v1/posts/{post}/comments", {"text": "Lovely."}),
            )
        )
        asked.append(asyncio.create_task(crowd.ask(read[0], "GET", read[1], token)))
        asked.append(asyncio.create_task(crowd.ask(write[0], write[1], write[2], token, write[3])))
    await asyncio.gather(*asked)


def _quantiles(took_ms: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for kind, times in sorted(took_ms.items()):
        cuts = statistics.quantiles(times, n=100, method="inclusive")
        found[kind] = {"p50": round(cuts[49]), "p99": round(cuts[98]), "n": len(times)}
    return found


if __name__ == "__main__":
    sys.exit(main())
