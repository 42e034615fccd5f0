"""Bringing about what other parts of the system would, and hearing what the gateway said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import nats
from nats.js.api import RawStreamMsg

from services.gateway.context import Parts
from shared import stored_events
from shared.events import Event, utcnow
from shared.ids import new_id
from shared.media import rendition_key
from shared.mongo import Document

E = TypeVar("E", bound=Event)
T = TypeVar("T")


async def eventually(look: Callable[[], Awaitable[T | None]], *, patience_s: float = 30) -> T:
    """What `look` gives once it gives anything."""
    async with asyncio.timeout(patience_s):
        while not (found := await look()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


async def spoken(parts: Parts, kind: type[E]) -> list[E]:
    """Every event of this kind that has reached the broker, once the outbox is empty."""

    async def told() -> bool:
        return await parts.mongo.database["outbox"].count_documents({}) == 0

    await eventually(told)
    return [
        kind.model_validate_json(message.data) for message in await stored(parts) if message.subject == kind.subject
    ]


async def stored(parts: Parts) -> list[RawStreamMsg]:
    """Every event that the broker keeps."""
    client = await nats.connect(parts.settings.nats_url)
    try:
        return [message async for message in stored_events.messages(client.jetstream(), "EVENTS")]
    finally:
        await client.close()


async def add_image(parts: Parts, user_id: str, *, status: str = "ready", data: bytes | None = None) -> str:
    """A judged picture of a person; with its bytes in the store when given."""
    image: Document = {
        "_id": new_id(), "user_id": user_id, "generation_id": new_id(), "index": 0, "status": status,
        "hash": new_id().replace("-", ""), "width": 512, "height": 512, "seed": 1, "thumbhash": "AAAA",
        "prompt": "a red fox", "model": "pocket", "aspect": "1:1", "source_post_id": None, "posts": 0,
        "created_at": utcnow(),
    }  # fmt: skip
    await parts.mongo.write([parts.images.insertion(image)])
    if data:
        await parts.media.put(rendition_key(image["hash"], "original", "webp"), data)
    return str(image["_id"])


async def add_post(parts: Parts, author_id: str, *, image_id: str | None = None, **fields: object) -> str:
    """A post that stands in the database, without the events and checks of publishing."""
    image_id = image_id or await add_image(parts, author_id)
    image = await parts.images.get(image_id)
    account = await parts.accounts.get(author_id)
    assert image is not None
    assert account is not None
    shown = {name: image[name] for name in ("hash", "width", "height", "seed", "thumbhash", "prompt")}
    post: Document = {
        "_id": new_id(), "author_id": author_id, "author_username": account["username"],
        "images": [shown | {"image_id": image_id, "alt": None}], "caption": "", "tags": [], "model": "pocket",
        "aspect": "1:1", "seed": 1, "prompt": image["prompt"], "show_prompt": True, "visibility": "public",
        "parent_id": None, "root_id": None, "version": 1, "stops": {}, "moderation": "allow", "decision": None,
        "counts": {"likes": 0, "comments": 0, "remixes": 0, "bookmarks": 0}, "created_at": utcnow(), "edited_at": None,
    }  # fmt: skip
    post |= fields
    await parts.mongo.transaction(lambda session: parts.posts.insert(post, session))
    return str(post["_id"])
