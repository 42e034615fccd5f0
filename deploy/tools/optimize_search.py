"""`python -m deploy.tools.optimize_search`: build the search index's graphs in its folder, while search is stopped."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.tools.stack import data_dir
from services.search.index_edge import EdgeIndex, FolderInUse
from services.search.succession import PREFIX

UNUSED = 1
"""The width of a new index; these exist, and keep theirs."""


async def optimize(folders: Sequence[Path]) -> list[bool]:
    """Optimise the indexes in these folders, and tell of it; returns for each whether there was anything to do.

    Raises:
        FolderInUse: search runs.
    """
    changed = []
    for folder in folders:
        index = EdgeIndex(folder, image_width=UNUSED, prompt_width=UNUSED)
        print(f"{await index.count():,} posts in {folder.name}: building the graphs …", flush=True)
        began = time.monotonic()
        changed.append(index.optimize())
        await index.close()
        print(f"done after {time.monotonic() - began:.0f} s" if changed[-1] else "nothing to do", flush=True)
    return changed


def indexes(root: Path) -> list[Path]:
    """The folders of indexes under `root`; not those whose making was cut off."""
    return [segments.parents[1] for segments in sorted(root.glob(f"{PREFIX}*/shard/segments"))]


def main() -> None:
    """Optimise the index of DATA_DIR; exits with 1 and one plain sentence when it is in use or not there."""
    root = data_dir() / "search"
    try:
        if not asyncio.run(optimize(indexes(root))):
            sys.exit(f"There is no search index in {root}.")
    except FolderInUse as error:
        sys.exit(f"{error}. Stop the stack first.")


if __name__ == "__main__":
    main()
