"""Who may fetch a picture's bytes, and under which URL.

A picture that anybody may see has a marker object beside it in the store, so that media goes on being served while the
database is down. All others need a signed URL, which is stable for a day so that caches work.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.media import WIDTHS, MediaStore, media_path, nearest_kept


class Pictures:
    """Access to the pictures in the object store, by content hash."""

    def __init__(self, media: MediaStore, secret: str) -> None:
        self._media = media
        self._key = hashlib.blake2b(secret.encode(), digest_size=32, person=b"media-url").digest()

    async def open(self, name: str) -> None:
        """Let anybody fetch this picture under its plain URL."""
        await self._media.put(_marker(name), b"1")

    async def close(self, name: str) -> None:
        """From now on only a signed URL works."""
        await self._media.delete(_marker(name))

    async def is_open(self, name: str) -> bool:
        return await self._media.exists(_marker(name))

    async def remove(self, name: str) -> None:
        """Delete every rendition of the picture. Removing what is not there is fine."""
        await self.close(name)
        await self._media.delete_all(f"media/{name}/")

    def sources(self, name: str, width: int, *, signed: bool) -> dict[str, Any]:
        """The paths of a picture's renditions: `{"webp": {rung: path}, "jpeg": {rung: path}, "original": path}`.

        `width` is the picture's own, in pixels: a rung wider than that is served by the original.
        """
        query = self._query(name) if signed else ""
        rungs = {rung: nearest_kept(rung, width) for rung in WIDTHS if rung != "original"}
        return {
            "webp": {rung: media_path(name, kept, "webp") + query for rung, kept in rungs.items()},
            "jpeg": {rung: media_path(name, kept, "jpg") + query for rung, kept in rungs.items()},
            "original": media_path(name, "original", "webp") + query,
        }

    def signature_holds(self, name: str, expires: int, signature: str, now: datetime) -> bool:
        """Whether this signature was given out for this picture and still runs."""
        expected = self._sign(name, expires).encode()
        return expires > now.timestamp() and hmac.compare_digest(expected, signature.encode("utf-8", "replace"))

    def _query(self, name: str) -> str:
        # Rounded up to the end of the next UTC day: everybody asking today gets the same URL, good for 24 h at least.
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        expires = int((today + timedelta(days=2)).timestamp())
        return f"?exp={expires}&sig={self._sign(name, expires)}"

    def _sign(self, name: str, expires: int) -> str:
        return hmac.new(self._key, f"{name}:{expires}".encode(), hashlib.sha256).hexdigest()[:32]


def _marker(name: str) -> str:
    return f"public/{name}"
