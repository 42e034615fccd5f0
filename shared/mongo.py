"""Connecting to MongoDB, and doing several writes as one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from shared.settings import MongoSettings

Document = dict[str, Any]
Database = AsyncDatabase[Document]
R = TypeVar("R")


class Mongo:
    """One service's database: `<prefix>_<service>`. Times come back aware, in UTC."""

    def __init__(self, settings: MongoSettings, service: str) -> None:
        self.client: AsyncMongoClient[Document] = AsyncMongoClient(
            settings.mongodb_url.get_secret_value(),
            tz_aware=True,
            appname=service,
            serverSelectionTimeoutMS=3000,
            connectTimeoutMS=3000,
            socketTimeoutMS=10000,
            maxPoolSize=50,
        )
        self.database: Database = self.client.get_database(
            f"{settings.mongodb_database}_{service}", codec_options=CodecOptions(tz_aware=True)
        )

    async def transaction(self, work: Callable[[AsyncClientSession], Awaitable[R]]) -> R:
        """Run `work(session)` as one transaction, again on a transient conflict; all of it happens or nothing."""
        async with self.client.start_session() as session:
            return await session.with_transaction(work)

    async def ping(self) -> None:
        """Raise when the database is out of reach."""
        await self.client.admin.command("ping")

    async def close(self) -> None:
        await self.client.close()
