"""Pages that keep their place: an opaque cursor that says where the last page ended, never an offset."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Annotated, Generic, TypeVar

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from services.gateway.errors import Problem, invalid

T = TypeVar("T")
Scalar = str | int | float | bool | None

_CHECK_BYTES = 6

Limit = Annotated[int, Query(ge=1, le=100, description="How many items at most.")]
"""Use as `limit: Limit = 20`."""

Cursor = Annotated[str | None, Query(max_length=2000, description="`next_cursor` of the page before.")]
"""Use as `cursor: Cursor = None`."""


class Page(BaseModel, Generic[T]):
    """Some items, and the cursor of those after them; null at the end."""

    items: list[T]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page; null when this is the last.")


def encode_cursor(place: dict[str, Scalar]) -> str:
    """A url-safe text for a flat dictionary."""
    body = json.dumps(place, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_check(body) + body).decode().rstrip("=")


def decode_cursor(cursor: str, **kinds: type) -> dict[str, Scalar]:
    """What was encoded; 422 `bad_cursor` for anything else.

    `kinds` names the fields that must be there and their types, e.g. `decode_cursor(text, before=str)`.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        check, body = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
        place = json.loads(body)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise bad_cursor() from error
    if check != _check(body) or not isinstance(place, dict):
        raise bad_cursor()
    # Only plain values: a dictionary inside could become a database operator.
    if not all(value is None or isinstance(value, str | int | float | bool) for value in place.values()):
        raise bad_cursor()
    if not all(isinstance(place.get(name), kind) for name, kind in kinds.items()):
        raise bad_cursor()
    return place


def bad_cursor() -> Problem:
    """422: this cursor was not given out for this list."""
    return invalid(["query", "cursor"], "This cursor was not given out by this list.", code="bad_cursor")


def paged(request: Request, response: Response, items: list[T], next_cursor: str | None) -> Page[T]:
    """The page, with a `Link` header to the next one set on `response`."""
    if next_cursor:
        response.headers["Link"] = f'<{request.url.include_query_params(cursor=next_cursor)}>; rel="next"'
    return Page(items=items, next_cursor=next_cursor)


def _check(body: bytes) -> bytes:
    return hashlib.blake2s(body, digest_size=_CHECK_BYTES, person=b"cursor-1").digest()
