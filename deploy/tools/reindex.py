"""`python -m deploy.tools.reindex`: have search and the feed take in every post again, while they answer as before.

Posts are told no faster than they are taken in, so that one published meanwhile never waits behind a long queue. The
place is kept in the database: a run that was cut off goes on there.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import nats
from nats.js import JetStreamContext
from pymongo.errors import PyMongoError

from deploy.tools.stack import mongodb_url, nats_url
from services.gateway.posting.republish import republish
from services.gateway.store.accounts import Accounts
from services.gateway.store.posts import Posts
from shared.bus import Bus
from shared.events import PostPublished
from shared.mongo import Document, Mongo
from shared.settings import MongoSettings
from shared.topology import CONSUMERS, EVENTS

PAGE = 1000
IN_HAND = 1
"""Messages that a hearer may have before it when the next is told: a new post waits for no more of ours."""
NOTED_EVERY = 20
TOLD_EVERY_S = 5.0
LOOK_AGAIN_S = 0.01


class Untold:
    """The posts that no earlier run has told, each handed out when the hearers are ready for it."""

    def __init__(self, mongo: Mongo, ready: Callable[[], Awaitable[None]]) -> None:
        self._posts, self._ready = Posts(mongo), ready
        self._rows, self._places = mongo.database["posts"], mongo.database["reindexing"]

    async def told_earlier(self) -> int:
        """How many posts a run that was cut off has told."""
        return int((await self._place()).get("told", 0))

    async def start_over(self) -> None:
        await self._places.delete_one({"_id": "posts"})

    async def paced(self) -> AsyncIterator[Document]:
        """The posts, oldest first. Tells of its progress."""
        place = await self._place()
        after, told = place.get("after"), int(place.get("told", 0))
        in_all = told + await self._rows.count_documents({"_id": {"$gt": after}} if after else {})
        begun, said, earlier = time.monotonic(), time.monotonic(), told
        # In pages, for a database closes a cursor that nobody has asked for a while.
        while page := [post async for post in self._page(after)]:
            for post in page:
                await self._ready()
                yield post
                # Whoever asks for the next one has told this one.
                after, told = post["_id"], told + 1
                if told % NOTED_EVERY == 0:
                    await self._note(after, told)
                if time.monotonic() - said >= TOLD_EVERY_S:
                    said = time.monotonic()
                    _say(told, in_all, (told - earlier) / (said - begun))
        await self.start_over()

    async def _page(self, after: str | None) -> AsyncIterator[Document]:
        number = 0
        async for post in self._posts.all(after=after):
            yield post
            number += 1
            if number == PAGE:
                return

    async def _place(self) -> Document:
        return await self._places.find_one({"_id": "posts"}) or {}

    async def _note(self, after: str, told: int) -> None:
        await self._places.replace_one({"_id": "posts"}, {"after": after, "told": told}, upsert=True)


class Hearers:
    """The services that take posts in, and how far behind they are."""

    def __init__(self, jetstream: JetStreamContext) -> None:
        self._jetstream = jetstream
        self._durables = [row.durable for row in CONSUMERS if row.event is PostPublished]

    async def ready(self) -> None:
        """Wait until each has nearly everything; says so when one takes nothing in for long."""
        patient_until = time.monotonic() + TOLD_EVERY_S
        while behind := [name for name in self._durables if await self._waiting(name) >= IN_HAND]:
            if time.monotonic() >= patient_until:
                sys.stderr.write(f"waiting for {' and '.join(behind)}; do these services run?\n")
                patient_until = time.monotonic() + 6 * TOLD_EVERY_S
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _waiting(self, durable: str) -> int:
        """Messages before it; those that failed once, and are tried again in minutes, delay nobody."""
        info = await self._jetstream.consumer_info(str(EVENTS.name), durable)
        return (info.num_pending or 0) + (info.num_ack_pending or 0) - (info.num_redelivered or 0)


async def _unsaid(_: Exception) -> None: ...


def _say(told: int, in_all: int, per_second: float) -> None:
    left = f", about {(in_all - told) / per_second / 60:.0f} min left" if per_second > 0 else ""
    sys.stderr.write(f"{told:,} of {in_all:,} posts, {per_second:.0f} a second{left}\n")


async def reindex(*, start_over: bool = False) -> int:
    """Tell every post that no earlier run has told; how many there were."""
    settings = MongoSettings()
    mongo, bus = Mongo(settings, "gateway"), Bus(settings, "gateway")
    password = settings.nats_password.get_secret_value() if settings.nats_password else None
    # What goes wrong is raised to whoever asked; the client would print it with its way through the code.
    client = await nats.connect(
        settings.nats_url, user=settings.nats_user, password=password, max_reconnect_attempts=3, error_cb=_unsaid
    )
    try:
        await bus.start()
        posts = Untold(mongo, Hearers(client.jetstream()).ready)
        if start_over:
            await posts.start_over()
        elif earlier := await posts.told_earlier():
            sys.stderr.write(f"going on after {earlier:,} posts that an earlier run told; AGAIN=1 starts over\n")
        return await republish(posts.paced(), Accounts(mongo), bus)
    finally:
        await bus.stop()
        await client.close()
        await mongo.close()


def main() -> None:
    """Tell posts to the services again; exits with 1 and one plain sentence when the stack is out of reach."""
    parser = argparse.ArgumentParser(prog="python -m deploy.tools.reindex", description=__doc__)
    parser.add_argument("--again", action="store_true", help="start over, also when an earlier run was cut off")
    chosen = parser.parse_args()
    os.environ |= {"NATS_URL": nats_url(), "MONGODB_URL": mongodb_url()}
    try:
        count = asyncio.run(reindex(start_over=chosen.again))
    except KeyboardInterrupt:
        sys.exit("Stopped; the next run goes on here.")
    except (OSError, nats.errors.Error, PyMongoError) as error:
        sys.exit(f"Can't reach the stack: {str(error) or type(error).__name__}. Does it run?")
    sys.stdout.write(f"{count:,} posts told\n")


if __name__ == "__main__":
    main()
