"""The engine's folder: what was acknowledged is there after kill -9, and two processes never share it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.tools.optimize_search import indexes, optimize
from services.search.index_edge import EdgeIndex, FolderInUse
from services.search.points import Entry, Signal, Wanted, Where
from services.search.succession import PREFIX
from tests.contracts.search.posts import WIDTH, entry, random_unit, unit

WRITER = """
import asyncio, sys, time
from pathlib import Path
from services.search.index_edge import EdgeIndex
from tests.contracts.search.posts import WIDTH, entry, random_unit

async def main():
    index = EdgeIndex(Path(sys.argv[1]), image_width=WIDTH, prompt_width=WIDTH)
    for number in range(10_000):
        one = entry(number, image=(random_unit(number),), words={1: 1.0})
        await index.put(one)
        print(one.post.post_id, flush=True)

asyncio.run(main())
"""


def killed_writer(folder: Path) -> list[str]:
    """The posts that a process had stored when it was killed in the middle of its work."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline().strip() for _ in range(50)]
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [line.strip() for line in writer.stdout if len(line.strip()) == 36]
    return acknowledged


async def test_every_acknowledged_post_survives_a_kill(tmp_path: Path) -> None:
    acknowledged = killed_writer(tmp_path)
    index = EdgeIndex(tmp_path, image_width=WIDTH, prompt_width=WIDTH)
    stored = await index.posts(acknowledged)
    assert set(acknowledged) == set(stored)
    assert all(one.image for one in stored.values())
    await index.close()


async def test_a_folder_has_one_process(tmp_path: Path) -> None:
    index = EdgeIndex(tmp_path, image_width=WIDTH, prompt_width=WIDTH)
    with pytest.raises(FolderInUse):
        EdgeIndex(tmp_path, image_width=WIDTH, prompt_width=WIDTH)
    await index.put(entry(image=(unit(1),)))
    await index.close()
    again = EdgeIndex(tmp_path, image_width=WIDTH, prompt_width=WIDTH)
    assert await again.count() == 1
    await again.close()


MANY, WIDE = 900, 4096
"""The engine builds no graph for less than some ten megabytes of vectors."""


def wide(number: int) -> Entry:
    return entry(number, image=(random_unit(number) * (WIDE // WIDTH),))


async def test_an_index_is_optimised_while_search_is_stopped_and_changes_afterwards_as_before(tmp_path: Path) -> None:
    folder = tmp_path / f"{PREFIX}test"
    index = EdgeIndex(folder, image_width=WIDE, prompt_width=WIDTH)
    kept = [wide(number) for number in range(MANY)]
    for one in kept:
        await index.put(one)
    with pytest.raises(FolderInUse):
        await optimize(indexes(tmp_path))
    await index.close()

    assert await optimize(indexes(tmp_path)) == [True]

    again = EdgeIndex(folder, image_width=WIDE, prompt_width=WIDTH)
    late = wide(MANY)
    await again.put(late)
    await again.remove(kept[0].post.post_id)
    for one in (late, kept[7]):
        [found] = await again.nearest([Wanted(Signal.IMAGE, one.image[0])], Where(), 1)
        assert [hit.post_id for hit in found] == [one.post.post_id]
    [found] = await again.nearest([Wanted(Signal.IMAGE, kept[0].image[0])], Where(), 5)
    assert len(found) == 5
    assert kept[0].post.post_id not in {hit.post_id for hit in found}
    assert await again.count() == MANY
    await again.close()


def test_a_folder_without_an_index_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / f"{PREFIX}half-made").mkdir()
    assert indexes(tmp_path) == []
