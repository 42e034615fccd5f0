"""`python -m services.gateway.posting.republish`: tell every post again.

For a search index or a feed that starts from nothing.

Hearers keep the highest version of a post, so telling one that they know changes nothing.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator

from services.gateway.posting import publishing
from services.gateway.store.accounts import Accounts
from services.gateway.store.posts import Posts
from shared.bus import Bus
from shared.events import PostPublished
from shared.mongo import Document, Mongo
from shared.settings import MongoSettings

TOLD_EVERY = 500


async def republish(posts: AsyncIterator[Document], accounts: Accounts, bus: Bus) -> int:
    """Emit `post.published` for each of these posts, in their order; how many there were."""
    # A number no earlier run had, or the broker's duplicate window would swallow the repetition.
    reissue = int(time.time())
    names: dict[str, str] = {}
    count = 0
    async for post in posts:
        author_id = post["author_id"]
        if author_id not in names:
            account = await accounts.get(author_id, {"display_name": 1})
            names[author_id] = account["display_name"] if account else ""
        event = publishing.state(PostPublished, post, names[author_id])
        await bus.emit(event.model_copy(update={"reissue": reissue}))
        count += 1
    return count


async def _aloud(posts: AsyncIterator[Document]) -> AsyncIterator[Document]:
    """These posts; says how many were told so far."""
    told = 0
    async for post in posts:
        yield post
        told += 1
        if told % TOLD_EVERY == 0:
            sys.stderr.write(f"{told} posts told\n")


async def main() -> None:
    settings = MongoSettings()
    mongo, bus = Mongo(settings, "gateway"), Bus(settings, "gateway")
    await bus.start()
    try:
        count = await republish(_aloud(Posts(mongo).all()), Accounts(mongo), bus)
    finally:
        await bus.stop()
        await mongo.close()
    sys.stdout.write(f"{count} posts told in all\n")


if __name__ == "__main__":
    asyncio.run(main())
