"""Folders for the engine's index that are ready at once: making one anew costs many file flushes.

An empty index has 200 MB of files, nearly all zeros that the engine has set aside. Copied as holes they cost nothing.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from services.search.index_edge import EdgeIndex

BLOCK = 1 << 16
ZEROS = bytes(BLOCK)


@cache
def _empty(width: int) -> tempfile.TemporaryDirectory[str]:
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(EdgeIndex(Path(made), image_width=width, prompt_width=width).close())
        folder = tempfile.TemporaryDirectory()
        _copy(made, folder.name)
    return folder


async def edge_index(folder: Path, width: int) -> EdgeIndex:
    """An empty index in `folder`."""
    template = await asyncio.to_thread(_empty, width)
    await asyncio.to_thread(_copy, template.name, folder)
    return EdgeIndex(folder, image_width=width, prompt_width=width)


def _copy(source: str, target: str | Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True, copy_function=_copy_without_zeros)


def _copy_without_zeros(source: str, target: str) -> None:
    """Copy a file; blocks of zeros become holes, and holes are not even read."""
    with open(source, "rb") as old, open(target, "wb") as new:
        size = os.fstat(old.fileno()).st_size
        new.truncate(size)
        at = 0
        while at < size:
            try:
                at = os.lseek(old.fileno(), at, os.SEEK_DATA)
            except OSError:  # nothing but a hole is left
                break
            end = os.lseek(old.fileno(), at, os.SEEK_HOLE)
            for start in range(at, end, BLOCK):
                block = os.pread(old.fileno(), min(BLOCK, end - start), start)
                if block != ZEROS[: len(block)]:
                    os.pwrite(new.fileno(), block, start)
            at = end
