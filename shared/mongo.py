"""Connecting to MongoDB, doing several writes as one, and pages of what is sorted by several fields.

The database on one machine has a price list of its own (docs/decisions/0011-what-a-query-costs.md); what is written
here and in the stores keeps to it, and is good style on MongoDB too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from bson.codec_options import CodecOptions
from pymongo import ASCENDING, AsyncMongoClient, InsertOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ClientBulkWriteException, ConnectionFailure, DuplicateKeyError, PyMongoError
from pymongo.results import ClientBulkWriteResult

from shared.gathering import Gathered
from shared.settings import MongoSettings

Document = dict[str, Any]
Write = InsertOne[Document] | UpdateOne
DUPLICATE_KEY = 11000
Database = AsyncDatabase[Document]
Q = TypeVar("Q")
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
        self._gathered = self.gathered(self._write_for_all)
        self.database: Database = self.client.get_database(
            f"{settings.mongodb_database}_{service}", codec_options=CodecOptions(tz_aware=True)
        )

    async def transaction(self, work: Callable[[AsyncClientSession], Awaitable[R]]) -> R:
        """Run `work(session)` as one transaction, again on a transient conflict; all of it happens or nothing."""
        # Every read is from the primary: nothing to be causal about, and SecantusDB refuses the field that says so.
        async with self.client.start_session(causal_consistency=False) as session:
            return await session.with_transaction(work)

    async def write(self, writes: Sequence[Write], session: AsyncClientSession | None = None) -> ClientBulkWriteResult:
        """Several writes to any collections in one command, in order; the first that fails ends it.

        Each names its collection by `namespace`. Without a session those before the failure stand.

        Raises:
            DuplicateKeyError: when that is why one failed; its `details["idx"]` tells which.
        """
        try:
            return await self.client.bulk_write(writes, session=session)
        except ClientBulkWriteException as error:
            if isinstance(error.error, PyMongoError):
                # It carries the label by which a transaction knows that it may try again; the wrapper does not.
                raise error.error from error
            for failed in error.details["writeErrors"]:
                if failed["code"] == DUPLICATE_KEY:
                    raise DuplicateKeyError(failed["errmsg"], DUPLICATE_KEY, failed) from error
            raise

    def gathered(self, answer: Callable[[Sequence[Q]], Awaitable[Sequence[R]]]) -> Gathered[Q, R]:
        """Questions to the database that go together when it is busy; `answer` must be safe to be asked again."""
        return Gathered(answer, everybodys=ConnectionFailure)

    async def write_with_others(self, writes: Sequence[Write]) -> None:
        """The same in one command with what is written so by others while an earlier one is on its way."""
        if failure := await self._gathered.ask(writes):
            raise failure

    async def _write_for_all(self, asked: Sequence[Sequence[Write]]) -> list[Exception | None]:
        """What ended each; whose write fails does not end the others'."""
        failures: list[Exception | None] = [None] * len(asked)
        begun = 0
        while begun < len(asked):
            try:
                await self.write([write for each in asked[begun:] for write in each])
                break
            except DuplicateKeyError as failure:
                number, own = whose(asked[begun:], failure)
                failures[begun + number] = own
                begun += number + 1
            except Exception as failure:
                # Some of them may have been done: not a thing to be asked again.
                failures[begun:] = [failure] * len(asked[begun:])
                break
        return failures

    async def ping(self) -> None:
        """Raise when the database is out of reach."""
        await self.client.admin.command("ping")

    async def close(self) -> None:
        await self.client.close()


def whose(asked: Sequence[Sequence[Write]], failure: DuplicateKeyError) -> tuple[int, DuplicateKeyError]:
    """Of several lists of writes in one command, the one that failed, and its failure with `idx` counted in it."""
    details = failure.details or {}
    place: int = details["idx"]
    for number, writes in enumerate(asked):
        if place < len(writes):
            return number, DuplicateKeyError(str(failure), failure.code, {**details, "idx": place})
        place -= len(writes)
    raise IndexError(f"there is no write {details['idx']}")


async def page_after(
    rows: AsyncCollection[Document],
    query: Document,
    order: Sequence[tuple[str, int]],
    place: Sequence[Any] | None,
    limit: int,
) -> list[Document]:
    """The next `limit` rows of a query in this order, after the row whose values of the order's fields are `place`.

    One question for each field, nearest first, and mostly one that is answered: an `$or` of them all would have the
    database read the whole collection.
    """
    found: list[Document] = []
    for further in _ranges(order, place) if place else [{}]:
        if len(found) < limit:
            found += await rows.find(query | further).sort(order).limit(limit - len(found)).to_list()
    return found


def _ranges(order: Sequence[tuple[str, int]], place: Sequence[Any]) -> list[Document]:
    """What lies beyond a place, in parts that don't overlap: first what is equal in all fields but the last."""
    names = [name for name, _ in order]
    return [
        dict(zip(names[:equal], place, strict=False))
        | {names[equal]: {"$gt" if order[equal][1] == ASCENDING else "$lt": place[equal]}}
        for equal in reversed(range(len(order)))
    ]
