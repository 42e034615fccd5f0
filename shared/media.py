"""Image bytes in the object store: a folder on one machine, any S3-compatible store by URL."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlparse

import obstore
from obstore.store import ObjectStore, from_url

Extension = Literal["webp", "jpg", "avif", "png"]
Width = Literal["320", "640", "original"]
WIDTHS: tuple[Width, ...] = ("320", "640", "original")
MEDIA_TYPES: dict[Extension, str] = {
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "avif": "image/avif",
    "png": "image/png",
}


def rendition_key(name: str, width: Width, extension: Extension) -> str:
    """Where one rung of a picture's ladder lies; `name` is the picture's content hash."""
    return f"media/{name}/{width}.{extension}"


def widths_kept(picture_width: int) -> tuple[Width, ...]:
    """The rungs that are stored for a picture of this width in pixels: none is wider than the picture itself."""
    return tuple(width for width in WIDTHS if width == "original" or int(width) < picture_width)


def nearest_kept(width: Width, picture_width: int) -> Width:
    """The rung to serve when `width` is asked for: itself, or the original of a picture that is smaller."""
    return width if width in widths_kept(picture_width) else "original"


def media_path(name: str, width: Width, extension: Extension) -> str:
    """The path under which the gateway serves that rung."""
    return f"/{rendition_key(name, width, extension)}"


class MediaStore:
    """Objects by key. Missing objects are None, never an error."""

    def __init__(self, url: str) -> None:
        parsed = urlparse(url)
        if parsed.scheme == "file":
            Path(unquote(parsed.path)).mkdir(parents=True, exist_ok=True)
        self._store: ObjectStore = from_url(url)

    async def put(self, key: str, data: bytes) -> None:
        """Store bytes; storing again replaces them."""
        await obstore.put_async(self._store, key, data)

    async def get(self, key: str) -> bytes | None:
        try:
            found = await obstore.get_async(self._store, key)
        except FileNotFoundError:
            return None
        return bytes(await found.bytes_async())

    async def exists(self, key: str) -> bool:
        try:
            await obstore.head_async(self._store, key)
        except FileNotFoundError:
            return False
        return True

    async def delete(self, key: str) -> None:
        """Remove one object; removing what is not there is fine."""
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return

    async def delete_all(self, prefix: str) -> int:
        """Remove every object under a prefix; returns how many there were."""
        removed = 0
        async for chunk in obstore.list(self._store, prefix=prefix):
            keys = [entry["path"] for entry in chunk]
            for key in keys:
                await self.delete(key)
            removed += len(keys)
        return removed
