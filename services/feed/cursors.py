"""Cursors and `feed_context`: opaque texts that the feed hands out and gets back."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import get_args

from services.feed.records import Source
from shared.ids import is_id

LONGEST = 400
MAC_BYTES = 12
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SessionCursor:
    """Page `number` of a session."""

    session_id: str
    number: int

    def __str__(self) -> str:
        return _encode(["s", self.session_id, self.number])


@dataclass(frozen=True, slots=True)
class PlaceCursor:
    """After this place in newest-first order."""

    published_at: datetime
    post_id: str

    def __str__(self) -> str:
        return _encode(["p", (self.published_at - EPOCH) // timedelta(milliseconds=1), self.post_id])


def read_cursor(text: str | None) -> SessionCursor | PlaceCursor | None:
    """The cursor in `text`; None for no cursor and for anything that we did not write."""
    match _decode(text):
        case ["s", str(session_id), int(number)] if is_id(session_id) and 0 <= number < 100_000:
            return SessionCursor(session_id, number)
        case ["p", int(moment), str(post_id)] if is_id(post_id) and 0 <= moment < 1 << 47:
            return PlaceCursor(EPOCH + timedelta(milliseconds=moment), post_id)
    return None


@dataclass(frozen=True, slots=True)
class FeedContext:
    """How an item came to be shown: the request, its place, its source, and the probability of its draw."""

    request_id: str
    position: int
    source: Source
    propensity: float

    def sign(self, secret: bytes, viewer_id: str | None, post_id: str) -> str:
        """As a text that only counts for this viewer and post."""
        payload = _encode([self.request_id, self.position, self.source, round(self.propensity, 9)])
        return f"{payload}.{_mac(secret, viewer_id, post_id, payload)}"


def read_context(text: str | None, secret: bytes, viewer_id: str | None, post_id: str) -> FeedContext | None:
    """The context in `text`; None when it was not given out by us to this viewer for this post."""
    payload, _, mac = (text or "")[:LONGEST].partition(".")
    expected = _mac(secret, viewer_id, post_id, payload)
    if not hmac.compare_digest(expected.encode(), mac.encode("utf-8", "surrogatepass")):
        return None
    match _decode(payload):
        case [str(request_id), int(position), str(source), int() | float() as propensity] if source in get_args(Source):
            return FeedContext(request_id, position, source, float(propensity))  # type: ignore[arg-type]
    return None


def _mac(secret: bytes, viewer_id: str | None, post_id: str, payload: str) -> str:
    message = "\n".join((viewer_id or "", post_id, payload)).encode("utf-8", "surrogatepass")
    return hmac.digest(secret, message, hashlib.sha256)[:MAC_BYTES].hex()


def _encode(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _decode(text: str | None) -> object:
    if not text or len(text) > LONGEST:
        return None
    try:
        return json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
