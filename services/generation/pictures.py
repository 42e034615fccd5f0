"""Keeping a painted picture in the object store."""

from __future__ import annotations

import asyncio
import hashlib

from PIL import Image

from services.generation.encoding import encode
from services.generation.ports import Encoded, Painted
from shared.media import MediaStore, rendition_key


class StoredGallery:
    """Keeps pictures under `media/<hash>/`: WebP and JPEG at each width of the ladder up to the picture's own."""

    def __init__(self, media: MediaStore, *, encoders: int = 2) -> None:
        self._media = media
        self._encoding = asyncio.Semaphore(encoders)

    async def keep(self, picture: Image.Image | Encoded, image_id: str) -> Painted:
        """Store one picture, encoded first if it is not yet; storing the same again replaces it by the same."""
        if isinstance(picture, Encoded):
            encoded = picture
        else:
            async with self._encoding:
                encoded = await asyncio.to_thread(encode, picture)
        name = content_hash(image_id, encoded.files["original", "webp"])
        await asyncio.gather(
            *(
                self._media.put(rendition_key(name, width, extension), data)
                for (width, extension), data in encoded.files.items()
            )
        )
        return Painted(name, encoded.width, encoded.height, encoded.thumbhash)

    async def source(self, name: str) -> bytes | None:
        """The bytes of a stored picture at its full size."""
        return await self._media.get(rendition_key(name, "original", "webp"))


def content_hash(image_id: str, data: bytes) -> str:
    """Name of a picture: SHA-256 over its id and bytes, 32 hex digits.

    With the id in it, equal pictures of two people have two names: erasing one never touches the other's, and nobody
    can find out whether a picture exists by painting it.
    """
    return hashlib.sha256(image_id.encode() + b"\0" + data).hexdigest()[:32]
