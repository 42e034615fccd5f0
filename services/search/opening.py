"""Opens the index of the encoder in use, as successor of the index that an earlier encoder left."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from qdrant_client import AsyncQdrantClient

from services.search.index_edge import EdgeIndex
from services.search.index_server import ServerIndex
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


async def open_server(client: AsyncQdrantClient, encoder: Encoder, words: Words) -> Index:
    """The collection on a server; that of an earlier encoder is carried over and removed.

    Processes that still use the removed one can't settle their events, which are then delivered to this one.
    """
    widths = {"image_width": encoder.image_width, "prompt_width": encoder.prompt_width}
    own = generation(encoder.name)
    index = ServerIndex(client, own, **widths)
    await index.open()
    for name in sorted(one.name for one in (await client.get_collections()).collections):
        if name.startswith(PREFIX) and name != own:
            await carry_over(ServerIndex(client, name, **widths), index, encoder, words)
            await client.delete_collection(name)
    return index
