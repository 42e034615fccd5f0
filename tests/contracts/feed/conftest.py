"""Each port twice: as a fake and over a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from pydantic import SecretStr

from services.feed.mongo_encounters import MongoEncounters
from services.feed.mongo_pages import MongoPages
from services.feed.mongo_people import MongoPeople
from services.feed.mongo_posts import MongoPosts
from services.feed.ports import EncounterStore, PageStore, PeopleStore, PostStore
from shared.mongo import Mongo
from shared.settings import MongoSettings
from tests.servers import Server
from training.feed_eval.memory import MemoryEncounters, MemoryPages, MemoryPeople, MemoryPosts, MemoryRecord


@dataclass
class Stores:
    posts: PostStore
    encounters: EncounterStore
    people: PeopleStore
    pages: PageStore


@pytest.fixture(params=["fake", "mongo"])
async def stores(request: pytest.FixtureRequest, database: Server) -> AsyncIterator[Stores]:
    if request.param == "fake":
        record = MemoryRecord()
        yield Stores(MemoryPosts(record), MemoryEncounters(record), MemoryPeople(record), MemoryPages())
        return
    url = SecretStr(f"mongodb://127.0.0.1:{database.port}")
    mongo = Mongo(MongoSettings(mongodb_url=url, mongodb_database=f"t{uuid4().hex[:10]}"), "feed")
    posts, encounters = MongoPosts(mongo.database), MongoEncounters(mongo)
    people, pages = MongoPeople(mongo.database), MongoPages(mongo.database)
    for store in (posts, encounters, people, pages):
        await store.prepare()
    yield Stores(posts, encounters, people, pages)
    await mongo.client.drop_database(mongo.database.name)
    await mongo.close()
