"""Opens the folder of the encoder in use, as successor of that which an earlier encoder left."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from services.search.index_edge import EdgeIndex
from services.search.ports import Encoder, Index, Words
from services.search.succession import PREFIX, carry_over, generation

REMOVED = "removed-"


async def open_folder(root: Path, encoder: Encoder, words: Words) -> Index:
    """The index in a folder under `root`; what an earlier encoder left there is carried over and removed."""
    widths = {"image_width": encoder.image_width, "prompt_width": encoder.prompt_width}
    own = root / generation(encoder.name)
    index = await asyncio.to_thread(EdgeIndex, own, **widths)
    for folder in await asyncio.to_thread(lambda: sorted(root.glob(f"{PREFIX}*"))):
        if folder != own:
            earlier = await asyncio.to_thread(EdgeIndex, folder, **widths)
            await carry_over(earlier, index, encoder, words)
            await earlier.close()
            # Renaming is one step: a folder removed half is never taken for an index.
            await asyncio.to_thread(folder.rename, root / f"{REMOVED}{folder.name}")
    for folder in await asyncio.to_thread(lambda: list(root.glob(f"{REMOVED}*"))):
        await asyncio.to_thread(shutil.rmtree, folder)
    return index
