"""How soon a new post is found: `python -m deploy.bench.freshness`.

Search, the broker and the database are the real ones, and every post has a picture that the real encoder reads. New
posts come at a steady pace; from the moment each is said, search is asked for its caption among its author's posts
until it comes back. First nothing else happens; then `make reindex` takes in every stored post, none of which search
knows yet.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console

from deploy.bench.society import store_posts
from deploy.bench.stack import gateway_database, passing_stack
from deploy.local.layout import Layout
from deploy.local.programs import APPLICATIONS
from shared.bus import Bus
from shared.events import PostImage, PostPublished, utcnow
from shared.ids import new_id
from shared.media import MediaStore, nearest_kept, rendition_key
from shared.queries import PostFilter, SearchPosts
from shared.settings import ServiceSettings

PARTS = ("search", "feed")
SIDE = 256
ALONE_S = 60.0
EVERY_S = 1.0
ASKED_EVERY_S = 0.05


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--posts", type=int, default=1000, help="how many posts the reindex takes in")
    options.add_argument("--out", type=Path, help="keep the figures as JSON")
    chosen = options.parse_args()
    console = Console(highlight=False)
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    with passing_stack({name: APPLICATIONS[name] for name in PARTS}, console) as layout:
        figures = asyncio.run(_measure(layout, chosen.posts, console))
    figures |= {"cores": len(os.sched_getaffinity(0)), "load": round(os.getloadavg()[0], 1)}
    console.print_json(data=figures)
    if chosen.out:
        chosen.out.write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if figures["reindex_ended_with"] == 0 else 1


async def _measure(layout: Layout, posts: int, console: Console) -> dict[str, Any]:
    settings = ServiceSettings(nats_url=f"nats://127.0.0.1:{layout.ports['nats']}", data_dir=layout.data)
    bus, media = Bus(settings, "gateway"), MediaStore(settings.media_store_url)
    async with gateway_database(layout) as mongo:
        await store_posts(mongo, [(new_id(), "ada", "")], posts)
    picture = _jpeg()
    await asyncio.gather(*(media.put(_key(f"{number:032x}"), picture) for number in range(posts)))
    await bus.start()
    try:
        end = time.monotonic() + ALONE_S
        alone = await _found_after(bus, media, picture, lambda: time.monotonic() < end)
        console.print(f"alone: {_quantiles(alone)}; telling {posts} posts again …")
        begun = time.monotonic()
        where = {"NATS_URL": settings.nats_url, "MONGODB_URL": f"mongodb://127.0.0.1:{layout.ports['mongo']}"}
        command = [sys.executable, "-m", "deploy.tools.reindex"]
        reindex = await asyncio.create_subprocess_exec(*command, env=os.environ | where)
        beside = await _found_after(bus, media, picture, lambda: reindex.returncode is None)
        took_s = time.monotonic() - begun
    finally:
        await bus.stop()
    return {
        "posts": posts, "alone_ms": _quantiles(alone), "while_reindexing_ms": _quantiles(beside),
        "reindex_s": round(took_s, 1), "reindexed_per_second": round(posts / took_s, 1),
        "reindex_ended_with": reindex.returncode,
    }  # fmt: skip


async def _found_after(bus: Bus, media: MediaStore, picture: bytes, go_on: Callable[[], bool]) -> list[float]:
    """Milliseconds from saying to finding, of posts that are said every second (an open loop)."""
    waited, number, begun = [], 0, time.monotonic()
    while go_on():
        waited.append(asyncio.create_task(_until_found(bus, media, picture)))
        number += 1
        await asyncio.sleep(max(0.0, begun + number * EVERY_S - time.monotonic()))
    return list(await asyncio.gather(*waited))


async def _until_found(bus: Bus, media: MediaStore, picture: bytes) -> float:
    post_id, author_id, word = new_id(), new_id(), f"w{new_id().replace('-', '')[-16:]}"
    await media.put(_key(word), picture)
    image = PostImage(image_id=new_id(), hash=word, width=SIDE, height=SIDE, seed=1, alt="", prompt="a red fox")
    post = PostPublished(
        post_id=post_id, version=1, author_id=author_id, author_username="bob", images=(image,), caption=word,
        model="pocket", aspect="1:1", visibility="public", published_at=utcnow(),
    )  # fmt: skip
    begun = time.perf_counter()
    await bus.emit(post)
    while True:
        # Among its author's: whether it is there is asked, not whether it comes before others.
        answer = await bus.ask(SearchPosts(text=word, filter=PostFilter(author_id=author_id)), timeout_s=30)
        if [hit.post_id for hit in answer.hits] == [post_id]:
            return (time.perf_counter() - begun) * 1000
        await asyncio.sleep(ASKED_EVERY_S)


def _key(name: str) -> str:
    return rendition_key(name, nearest_kept("320", SIDE), "jpg")


def _jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.effect_mandelbrot((SIDE, SIDE), (-3, -2.5, 2, 2.5), 60).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


def _quantiles(times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {"p50": round(cuts[49]), "p99": round(cuts[98]), "most": round(max(times)), "n": len(times)}


if __name__ == "__main__":
    sys.exit(main())
