"""Opens the collection of the encoder in use on a Qdrant server, as successor of that of an earlier encoder."""

from __future__ import annotations

from qdrant_client import AsyncQdrantClient

from services.search.index_server import ServerIndex
from services.search.ports import Encoder, Index, Words
from services.search.succession import PREFIX, carry_over, generation


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
