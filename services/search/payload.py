"""How posts and marks lie in Qdrant's payloads, the same in its engine and on its server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from services.search.points import Entry, Mark, milliseconds
from shared.events import PostState

INDEXED: dict[str, str] = {
    "kind": "keyword",
    "author_id": "keyword",
    "aspect": "keyword",
    "model": "keyword",
    "tags": "keyword",
    "visibility": "keyword",
    "image_ids": "keyword",
    "withheld": "integer",
    "published_at": "integer",
}
"""Payload fields with an index of their own, and its kind. Flags are 0 or 1: the engine takes a Python bool for one."""


def fold(tag: str) -> str:
    """A tag as it is compared: without `#`, in one case."""
    return tag.lstrip("#").strip().casefold()


def of_entry(entry: Entry) -> dict[str, Any]:
    post = entry.post
    return {
        "kind": "post",
        "version": post.version,
        "encoder": entry.encoder,
        "complete": int(entry.complete),
        "withheld": int(entry.withheld),
        "author_id": post.author_id,
        "visibility": post.visibility,
        "aspect": post.aspect,
        "model": post.model,
        "tags": [fold(tag) for tag in post.tags],
        "image_ids": [image.image_id for image in post.images],
        "published_at": milliseconds(post.published_at),
        "post": post.model_dump_json(),
    }


def to_entry(payload: dict[str, Any], vectors: dict[str, Any]) -> Entry:
    """The entry of a stored post; its words are not read back, they follow from the post."""
    return Entry(
        post=PostState.model_validate_json(payload["post"]),
        encoder=payload["encoder"],
        complete=bool(payload["complete"]),
        withheld=bool(payload["withheld"]),
        image=tuple(tuple(vector) for vector in vectors.get("image") or ()),
        prompt=tuple(vectors["prompt"]) if vectors.get("prompt") else None,
    )


def mark_id(key: str) -> str:
    """The point id of a mark: a name-based UUID, so that it never meets a post's id."""
    return str(uuid5(NAMESPACE_URL, f"urn:promptgram:mark:{key}"))


def of_mark(mark: Mark) -> dict[str, Any]:
    at = milliseconds(mark.at)
    return {"kind": "mark", "key": mark.key, "gone": int(mark.gone), "withheld": int(mark.withheld), "at": at}


def to_mark(payload: dict[str, Any]) -> Mark:
    at = datetime.fromtimestamp(payload["at"] / 1000, UTC)
    return Mark(payload["key"], at, gone=bool(payload["gone"]), withheld=bool(payload["withheld"]))


def published(payload: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(payload["published_at"] / 1000, UTC)
