"""What search is made of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from starlette.applications import Starlette

from services.search.encoder import OpenClipEncoder
from services.search.handlers import register
from services.search.indexing import Indexer
from services.search.opening_folder import open_folder
from services.search.ports import Encoder, Index, Media, Words
from services.search.service import SearchService
from services.search.settings import SearchSettings
from services.search.words import Bm25Words
from shared import background
from shared.bus import Bus
from shared.events import utcnow
from shared.media import MediaStore
from shared.worker import worker_app

log = structlog.get_logger(__name__)
TEND_EVERY_S = 6 * 3600.0


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
            words = Bm25Words()
            keeps = index or await _open_index(settings, reads, words, stack)
            opened.append(keeps)
            indexer = Indexer(reads, keeps, words, media or MediaStore(settings.media_store_url))
            register(bus, SearchService(reads, keeps, words), indexer)
            await stack.enter_async_context(background.running(_tend(indexer)))
            log.info("search is ready", encoder=reads.name, posts=await keeps.count())
            yield

    async def index_answers() -> None:
        await opened[0].count()

    return worker_app("search", settings, bus, checks={"index": index_answers}, resources=(parts,))


async def _load_encoder(settings: SearchSettings, stack: AsyncExitStack) -> Encoder:
    loaded = await asyncio.to_thread(OpenClipEncoder.load, settings.search_encoder)
    stack.push_async_callback(loaded.close)
    return loaded


async def _open_index(settings: SearchSettings, encoder: Encoder, words: Words, stack: AsyncExitStack) -> Index:
    if settings.qdrant_url is None:
        opened = await open_folder(settings.data_dir / "search", encoder, words)
    else:
        # Importing the client takes seconds, which a folder has no use for.
        from qdrant_client import AsyncQdrantClient

        from services.search.opening_server import open_server

        key = settings.qdrant_api_key
        client = AsyncQdrantClient(settings.qdrant_url, api_key=key.get_secret_value() if key else None)
        opened = await open_server(client, encoder, words)
    stack.push_async_callback(opened.close)
    return opened


async def _tend(indexer: Indexer) -> None:
    """Complete posts without pictures, and forget old deletions; again from time to time."""
    while True:
        try:
            missing = await indexer.complete()
            if missing:
                log.warning("posts whose pictures are not in the object store", posts=missing)
            await indexer.forget(utcnow())
        except Exception:
            log.exception("the index could not be tended")
        await asyncio.sleep(TEND_EVERY_S)
