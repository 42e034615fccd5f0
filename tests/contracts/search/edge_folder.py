"""Folders for the engine's index that are ready at once: making one anew costs many file flushes."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from functools import cache
from pathlib import Path

from services.search.index_edge import EdgeIndex


@cache
def _empty(width: int) -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory()
    asyncio.run(EdgeIndex(Path(folder.name), image_width=width, prompt_width=width).close())
    return folder


async def edge_index(folder: Path, width: int) -> EdgeIndex:
    """An empty index in `folder`."""
    template = await asyncio.to_thread(_empty, width)
    shutil.copytree(template.name, folder, dirs_exist_ok=True)
    return EdgeIndex(folder, image_width=width, prompt_width=width)
