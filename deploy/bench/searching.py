"""The index beside exact search over the same vectors: `python -m deploy.bench.searching`.

Posts lie around seeded centres, as pictures of the same subjects do; queries lie between a post and noise. For each
its ten nearest pictures are asked of numpy, exactly and over all of them; and of the index, as it grows (the engine
scans) and after its graphs are built. Then only posts of one author in a hundred count. One query at a time, and each
stage of the index is timed beside numpy's answers to the same queries, so that both have the machine as it is then.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.search.index_edge import EdgeIndex
from services.search.points import Entry, Signal, Wanted, Where
from shared.events import PostPublished
from shared.ids import new_id

WIDTH = 384
SEED = 3
AUTHORS = 100
QUERIES = 100
NEAREST = 10
POSTS_PER_CENTRE = 50
START = datetime(2026, 1, 1, tzinfo=UTC)

Vectors = NDArray[np.float32]
Answer = tuple[list[set[str]], float]
"""The ids found for each query, and the median time of a query in milliseconds."""


def unit(vectors: NDArray[np.floating[Any]]) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def world(count: int) -> tuple[Vectors, Vectors]:
    """Unit vectors of posts (count, 384) and of queries (100, 384)."""
    rng = np.random.default_rng(SEED)
    centres = unit(rng.standard_normal((max(1, count // POSTS_PER_CENTRE), WIDTH)))
    noise = unit(rng.standard_normal((count, WIDTH)))
    posts = unit(centres[rng.integers(0, len(centres), count)] + 0.8 * noise)
    asked = posts[rng.choice(count, QUERIES, replace=False)]
    return posts, unit(asked + 0.5 * unit(rng.standard_normal((QUERIES, WIDTH))))


def exact(posts: Vectors, ids: NDArray[np.str_], queries: Vectors) -> Answer:
    """What numpy finds by comparing every post with the query."""
    found, times = [], []
    for query in queries:
        began = time.perf_counter()
        scores = posts @ query
        best = np.argpartition(-scores, NEAREST)[:NEAREST]
        times.append(time.perf_counter() - began)
        found.append(set(ids[best].tolist()))
    return found, statistics.median(times) * 1000


async def asked(index: EdgeIndex, queries: Vectors, where: Where) -> Answer:
    found, times = [], []
    for query in queries.tolist():
        began = time.perf_counter()
        answer = await index.nearest([Wanted(Signal.IMAGE, query)], where, NEAREST)
        times.append(time.perf_counter() - began)
        found.append({one.post_id for one in answer[0]})
    return found, statistics.median(times) * 1000


def recall(found: Sequence[set[str]], right: Sequence[set[str]]) -> float:
    shares = [len(one & wanted) / len(wanted) for one, wanted in zip(found, right, strict=True)]
    return round(statistics.mean(shares), 4)


async def measure(folder: Path, count: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Every figure, for so many posts in an index in `folder`."""
    posts, queries = world(count)
    authors = [new_id() for _ in range(AUTHORS)]
    ids = np.array([new_id() for _ in range(count)])
    index = EdgeIndex(folder, image_width=WIDTH, prompt_width=WIDTH)
    began = time.perf_counter()
    for number, vector in enumerate(posts):
        post = PostPublished(
            post_id=str(ids[number]), version=1, author_id=authors[number % AUTHORS], author_username="ada", images=(),
            model="pocket", aspect="1:1", visibility="public", published_at=START + timedelta(seconds=number),
        )  # fmt: skip
        await index.put(Entry(post, "bench@1", image=(vector.tolist(),)))
        if number % 10_000 == 9_999:
            say(f"{number + 1:,} posts stored")
    figures: dict[str, Any] = {"posts": count, "store_s": round(time.perf_counter() - began, 1)}

    of_one = np.arange(count) % AUTHORS == 0
    everybody, one_author = Where(), Where(author_id=authors[0])
    right, _ = exact(posts, ids, queries)
    right_of_one, _ = exact(posts[of_one], ids[of_one], queries)

    async def index_figures(name: str) -> None:
        _, exact_ms = exact(posts, ids, queries)
        found, took = await asked(index, queries, everybody)
        found_of_one, took_of_one = await asked(index, queries, one_author)
        figures[name] = {
            "ms": round(took, 3), "exact_ms": round(exact_ms, 3), "recall": recall(found, right),
            "times_faster_than_exact": round(exact_ms / took, 1),
            "filtered_ms": round(took_of_one, 3), "filtered_recall": recall(found_of_one, right_of_one),
        }  # fmt: skip
        say(f"{name}: {figures[name]}")

    await index_figures("scanning")
    began = time.perf_counter()
    if index.optimize():
        figures["optimize_s"] = round(time.perf_counter() - began, 1)
        await index_figures("optimized")
        ratio = figures["scanning"]["ms"] / figures["optimized"]["ms"]
        figures["optimized"]["times_faster_than_scanning"] = round(ratio, 1)
    else:
        say("too few posts: the engine builds no graph for them")
    await index.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.searching", description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000, help="how many posts the index holds, at least 2000")
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    arguments = parser.parse_args()
    if arguments.posts < AUTHORS * 2 * NEAREST:
        parser.error(f"--posts must be at least {AUTHORS * 2 * NEAREST}")
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(Path(folder), arguments.posts, print))
    print(json.dumps(figures, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
