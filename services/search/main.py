"""What search is made of."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from qdrant_client import AsyncQdrantClient
from starlette.applications import Starlette

from services.search.encoder import OpenClipEncoder
from services.search.handlers import register
from services.search.index_edge import EdgeIndex
from services.search.index_server import ServerIndex
from services.search.indexing import Indexer
from services.search.ports import Encoder, Index, Media
from services.search.service import SearchService
from services.search.settings import SearchSettings
from services.search.words import Bm25Words
from shared.bus import Bus
from shared.events import utcnow
from shared.media import MediaStore
from shared.worker import worker_app

log = structlog.get_logger(__name__)
FORGET_EVERY_S = 6 * 3600.0


def create_app(
    settings: SearchSettings | None = None, *, encoder: Encoder | None = None, index: Index | None = None,
    media: Media | None = None,
) -> Starlette:  # fmt: skip
    """Build the service. Encoder and index are opened when the app starts, which is ready only then."""
    settings = settings or SearchSettings()
    bus = Bus(settings, "search")
    opened: list[Index] = []

    @asynccontextmanager
    async def parts() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            reads = encoder or await _load_encoder(settings, stack)
            keeps = index or await _open_index(settings, reads, stack)
            opened.append(keeps)
            words = Bm25Words()
            indexer = Indexer(reads, keeps, words, media or MediaStore(settings.media_store_url))
            register(bus, SearchService(reads, keeps, words), indexer)
            sweeping = asyncio.create_task(_sweep(indexer))
            log.info("search is ready", encoder=reads.name, posts=await keeps.count())
            try:
                yield
            finally:
                sweeping.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await sweeping

    async def index_answers() -> None:
        await opened[0].count()

    return worker_app("search", settings, bus, checks={"index": index_answers}, resources=(parts,))


async def _load_encoder(settings: SearchSettings, stack: AsyncExitStack) -> Encoder:
    loaded = await asyncio.to_thread(OpenClipEncoder.load, settings.search_encoder)
    stack.push_async_callback(loaded.close)
    return loaded


async def _open_index(settings: SearchSettings, encoder: Encoder, stack: AsyncExitStack) -> Index:
    widths = {"image_width": encoder.image_width, "prompt_width": encoder.prompt_width}
    if settings.qdrant_url is None:
        edge = await asyncio.to_thread(EdgeIndex, settings.data_dir / "search", **widths)
        stack.push_async_callback(edge.close)
        return edge
    key = settings.qdrant_api_key
    client = AsyncQdrantClient(settings.qdrant_url, api_key=key.get_secret_value() if key else None)
    server = ServerIndex(client, "posts", **widths)
    stack.push_async_callback(server.close)
    await server.open()
    return server


async def _sweep(indexer: Indexer) -> None:
    while True:
        try:
            await indexer.forget(utcnow())
        except Exception:
            log.exception("old deletions could not be forgotten")
        await asyncio.sleep(FORGET_EVERY_S)
