"""Ids: UUIDv7 strings, ordered by time, which Qdrant takes as point ids too."""

from __future__ import annotations

from datetime import UTC, datetime
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


def first_id_at(moment: datetime) -> str:
    """A text that sorts before every id made at that moment or later, and after all earlier ones."""
    digits = f"{max(0, int(moment.timestamp() * 1000)):012x}"
    return f"{digits[:8]}-{digits[8:]}"


def moment_of(id_: str) -> datetime:
    """When an id was made, to the millisecond; now for a text that is no id of ours."""
    try:
        return datetime.fromtimestamp(int(id_.replace("-", "")[:12], 16) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.now(UTC)
