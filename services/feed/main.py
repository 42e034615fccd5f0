"""The feed service: what it is made of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from starlette.applications import Starlette

from services.feed.handlers import register
from services.feed.mongo_encounters import MongoEncounters
from services.feed.mongo_pages import MongoPages
from services.feed.mongo_people import MongoPeople
from services.feed.mongo_posts import MongoPosts
from services.feed.ports import Meaning
from services.feed.search_meaning import SearchMeaning
from services.feed.service import Feed
from services.feed.settings import FeedSettings
from shared import background
from shared.bus import Bus
from shared.events import utcnow
from shared.mongo import Mongo
from shared.worker import worker_app

log = structlog.get_logger(__name__)

REFRESH_S = 120.0
LIKES_KEPT = timedelta(days=90)
MOST_LIKES = 20_000


def create_app(settings: FeedSettings | None = None, *, meaning: Meaning | None = None) -> Starlette:
    """Build the service; `meaning` stands in for the search service."""
    settings = settings or FeedSettings()
    bus = Bus(settings, "feed")
    mongo = Mongo(settings, "feed")
    posts, encounters = MongoPosts(mongo.database), MongoEncounters(mongo)
    people, pages = MongoPeople(mongo.database), MongoPages(mongo.database)
    feed = Feed(
        posts,
        encounters,
        people,
        pages,
        meaning or SearchMeaning(bus),
        pool_size=settings.feed_pool_size,
        exploration=settings.feed_exploration,
    )
    register(bus, feed)

    @asynccontextmanager
    async def database() -> AsyncIterator[None]:
        for store in (posts, encounters, people, pages):
            await store.prepare()
        try:
            yield
        finally:
            await mongo.close()

    return worker_app(
        "feed",
        settings,
        bus,
        checks={"database": mongo.ping},
        resources=(database, lambda: background.running(_refresh(feed))),
    )


async def _refresh(feed: Feed) -> None:
    """Load the pool, and fit the co-engagement model again and again; a failure costs one round."""
    while True:
        try:
            await feed.warm()
            await feed.refresh_co_engagement(utcnow() - LIKES_KEPT, MOST_LIKES)
        except Exception:
            log.exception("the background round failed")
        await asyncio.sleep(REFRESH_S)
