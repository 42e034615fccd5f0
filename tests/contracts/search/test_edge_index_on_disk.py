"""The engine's folder: what was acknowledged is there after kill -9, and two processes never share it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.search.index_edge import EdgeIndex, FolderInUse
from tests.contracts.search.posts import WIDTH, entry, unit

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
