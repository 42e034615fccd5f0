"""Ids: UUIDv7 strings, ordered by time, which Qdrant takes as point ids too."""

from __future__ import annotations

from uuid import UUID

from uuid_utils import uuid7


def new_id() -> str:
    """A fresh UUIDv7 in its canonical form."""
    return str(uuid7())


def is_id(text: str) -> bool:
    """Whether `text` is a UUID in canonical form; anything else can't name a thing of ours."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
