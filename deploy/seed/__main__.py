"""`python -m deploy.seed`: fill a running Promptgram with a community. Running it again goes on where it ended."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from deploy.seed import plan
from deploy.seed.cast import CAST
from deploy.seed.community import Community
from promptgram import ApiError
from shared.settings import ServiceSettings

WORKERS = 6
DEFAULT_COUNT = 200
KEY_FILE = "seed.key"
T = TypeVar("T")
R = TypeVar("R")


def main() -> None:
    """Run the command; exits with 1 and one plain sentence when it can't be done."""
    options = _parse()
    data = ServiceSettings().data_dir
    url = options.url or _url(data)
    console = Console()
    console.print(f"Seeding [bold]{url}[/] with {len(CAST)} people and {options.count} posts. Ctrl-C is safe.")
    try:
        with closing(Community(url, data / KEY_FILE)) as community, _progress(console) as progress:
            missing = _live(community, progress, options.count)
    except KeyboardInterrupt:
        sys.exit("Stopped. Run it again to go on.")
    except httpx.TransportError as error:
        sys.exit(f"Can't reach {url}: {error}. Does the stack run? Start it with `make run`, or name another by URL=…")
    except ApiError as error:
        if error.code == "bad_credentials":
            sys.exit(f"Somebody else has the name of a seeded person at {url}, or {data / KEY_FILE} is not its key.")
        sys.exit(f"{url} said no: {error}")
    if missing:
        console.print(f"{missing} pictures did not come about; run it again to try them once more.")
    visitor = CAST[0]
    console.print(f"Done. Look at {url}, or sign in as {visitor.username} with this password:")
    console.print(community.password(visitor))


def _live(community: Community, progress: Progress, count: int) -> int:
    """Everything in its order; returns how many posts did not come about."""
    with ThreadPoolExecutor(WORKERS) as pool:
        _each(pool, progress, "people", community.join, CAST)
        _each(pool, progress, "follows", community.befriend, CAST)

        def act(number: int) -> bool:
            wish = plan.wish(number)
            post = community.post(wish)
            if post is not None:
                community.react(wish, post)
            return post is not None

        firsts = _each(pool, progress, "firsts", act, range(min(count, len(CAST))))
        others = _each(pool, progress, "posts", act, range(len(CAST), count))
        return (firsts + others).count(False)


def _each(pool: ThreadPoolExecutor, progress: Progress, name: str, act: Callable[[T], R], ones: Iterable[T]) -> list[R]:
    """Do it for each, several at a time; the first failure ends it and leaves what has not begun undone."""
    futures: list[Future[R]] = [pool.submit(act, one) for one in ones]
    task = progress.add_task(name, total=len(futures))
    try:
        results: list[R] = []
        for future in as_completed(futures):
            results.append(future.result())
            progress.advance(task)
        return results
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
    )


def _url(data: Path) -> str:
    """Where the stack on this machine listens, as it wrote down."""
    try:
        return str(json.loads((data / "stack.json").read_text())["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return "http://127.0.0.1:8000"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="seed", description=__doc__)
    parser.add_argument("--url", help="the server; default: the stack whose data lies in DATA_DIR")
    parser.add_argument("--count", type=int, default=DEFAULT_COUNT, help=f"how many posts (default {DEFAULT_COUNT})")
    options = parser.parse_args()
    if not 0 <= options.count <= 100_000:
        parser.error("--count must be between 0 and 100000")
    return options


if __name__ == "__main__":
    main()
