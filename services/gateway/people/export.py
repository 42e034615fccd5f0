"""Everything a person made or set, as one zip: JSON that people can read, and their pictures."""

from __future__ import annotations

import asyncio
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from typing import IO, Any

import structlog

from services.gateway.context import Parts
from shared.bus import Unanswered
from shared.media import rendition_key
from shared.mongo import Document
from shared.queries import ReadTaste

log = structlog.get_logger(__name__)
IN_MEMORY_BYTES = 8 << 20
CHUNK_BYTES = 64 << 10
_NOT_TOLD = {"password_hash", "subject"}
_READ_ME = """This is everything that Promptgram keeps of you.

account.json        your account, without the password, which is kept as a hash only
generations.json    what you asked for and what became of it
prompts.json        your prompt history
posts.json          your posts
comments.json       your comments
reactions.json      your likes and bookmarks
relations.json      whom you follow, block and mute, and who follows you
notifications.json  what you were told
decisions.json      moderation's decisions about you, and your appeals
reports.json        what you reported
taste.json          what the feed has learned of you, unless it could not be asked just then
images/             your pictures, named by their id
"""


async def archive(parts: Parts, user_id: str) -> IO[bytes]:
    """The archive as a file at its start; small ones stay in memory. Close it when done."""
    tables: dict[str, list[Document]] = {
        name: await parts.mongo.database[name].find(query, dict.fromkeys(_NOT_TOLD, 0)).to_list()
        for name, query in _queries(user_id).items()
    }
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
            await asyncio.to_thread(_write_tables, bundle, tables)
            for image in tables["images"]:
                data = await parts.media.get(rendition_key(image["hash"], "original", "webp"))
                if data and image["status"] == "ready":
                    info = zipfile.ZipInfo(f"images/{image['_id']}.webp", image["created_at"].timetuple()[:6])
                    await asyncio.to_thread(bundle.writestr, info, data)
            bundle.writestr("taste.json", json.dumps(await _taste(parts, user_id), indent=2, ensure_ascii=False))
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


async def chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    """The file piece by piece; closes it at the end, also when the reader goes away."""
    with file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk


async def _taste(parts: Parts, user_id: str) -> dict[str, Any]:
    try:
        found = await parts.bus.ask(ReadTaste(viewer_id=user_id))
    except Unanswered as error:
        log.warning("export without the taste", user_id=user_id, error=str(error))
        return {"missing": "The feed did not answer. Ask for this archive again later."}
    return found.model_dump(mode="json")


def _queries(user_id: str) -> dict[str, Document]:
    own = {"user_id": user_id}
    return {
        "accounts": {"_id": user_id},
        "generations": own,
        "images": own,
        "prompts": own,
        "posts": {"author_id": user_id},
        "comments": {"author_id": user_id},
        "reactions": own | {"on": True},
        "relations": {"on": True, "$or": [own, {"target_id": user_id, "kind": "follow"}]},
        "notifications": {"recipient_id": user_id},
        "decisions": own,
        "reports": {"reporter_id": user_id},
    }


def _write_tables(bundle: zipfile.ZipFile, tables: dict[str, list[Document]]) -> None:
    bundle.writestr("README.txt", _READ_ME)
    for name, rows in tables.items():
        content: Any = rows
        if name == "accounts":
            name, content = "account", rows[0] if rows else {}
        bundle.writestr(f"{name}.json", json.dumps(content, indent=2, ensure_ascii=False, default=_plain))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
