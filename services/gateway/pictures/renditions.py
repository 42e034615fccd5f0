"""The bytes of a picture in the form that was asked for: as stored, or made from the original and stored (Pillow)."""

from __future__ import annotations

import asyncio
import io
from typing import Any

from PIL import Image, PngImagePlugin

from services.gateway.pictures.labels import PNG_XMP, xmp
from shared.media import Extension, MediaStore, Width, rendition_key

AT_ONCE = 1
"""Transcodings at a time in one process: each takes a core for up to half a second."""

AVIF = {"quality": 65, "speed": 8}
PNG = {"compress_level": 6}


class Renditions:
    """WebP and JPEG are stored by the generator; PNG and AVIF are made when first asked for."""

    def __init__(self, media: MediaStore) -> None:
        self._media = media
        self._transcoding = asyncio.Semaphore(AT_ONCE)

    async def get(self, name: str, width: Width, extension: Extension) -> bytes | None:
        """One rendition of a picture; None when there is no such picture. A rung wider than it gives the original."""
        for rung in dict.fromkeys((width, "original")):
            key = rendition_key(name, rung, extension)
            stored = await self._media.get(key)
            if stored is not None:
                return stored
            if extension in ("png", "avif"):
                made = await self._make(name, rung, extension)
                if made is not None:
                    return made
        return None

    async def _make(self, name: str, width: str, extension: str) -> bytes | None:
        source_key = f"media/{name}/{width}.webp"
        key = f"media/{name}/{width}.{extension}"
        async with self._transcoding:
            stored = await self._media.get(key)
            source = None if stored is not None else await self._media.get(source_key)
            if source is None:
                return stored
            made = await asyncio.to_thread(_transcode, source, extension)
            await self._media.put(key, made)
        # The picture may have been removed meanwhile: then this must not stay behind.
        if not await self._media.exists(source_key):
            await self._media.delete(key)
        return made


def _transcode(webp: bytes, extension: str) -> bytes:
    picture = Image.open(io.BytesIO(webp)).convert("RGB")
    packet, buffer = xmp(), io.BytesIO()
    options: dict[str, Any]
    if extension == "png":
        notes = PngImagePlugin.PngInfo()
        notes.add_itxt(PNG_XMP.decode(), packet.decode())
        options = {"format": "PNG", "pnginfo": notes, **PNG}
    else:
        options = {"format": "AVIF", "xmp": packet, **AVIF}
    picture.save(buffer, **options)
    return buffer.getvalue()
