"""Encoding a painted picture for every screen, and keeping it in the object store (Pillow, ThumbHash)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io

import fast_thumbhash
from PIL import Image

from services.generation.ports import Painted
from shared.media import Extension, MediaStore, Width, rendition_key, widths_kept

WEBP_QUALITY, ORIGINAL_WEBP_QUALITY, JPEG_QUALITY = 82, 92, 86
WEBP_METHOD = 1
"""Effort of libwebp, 0..6: 4 (its default) takes three times as long for files 3 % smaller."""

THUMBHASH_SIDE = 64
AI_LABEL = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
).encode()
"""IPTC's mark for pictures made by a model, as XMP; it goes into every file that we encode."""


class StoredGallery:
    """Keeps pictures under `media/<hash>/`: WebP and JPEG at each width of the ladder up to the picture's own."""

    def __init__(self, media: MediaStore, *, encoders: int = 2) -> None:
        self._media = media
        self._encoding = asyncio.Semaphore(encoders)

    async def keep(self, picture: Image.Image, image_id: str) -> Painted:
        """Encode and store one RGB picture; storing the same again replaces it by the same."""
        async with self._encoding:
            files, thumbhash = await asyncio.to_thread(_encode, picture)
        name = content_hash(image_id, files["original", "webp"])
        await asyncio.gather(
            *(
                self._media.put(rendition_key(name, width, extension), data)
                for (width, extension), data in files.items()
            )
        )
        return Painted(name, picture.width, picture.height, thumbhash)

    async def source(self, name: str) -> bytes | None:
        """The bytes of a stored picture at its full size."""
        return await self._media.get(rendition_key(name, "original", "webp"))


def content_hash(image_id: str, data: bytes) -> str:
    """Name of a picture: SHA-256 over its id and bytes, 32 hex digits.

    With the id in it, equal pictures of two people have two names: erasing one never touches the other's, and nobody
    can find out whether a picture exists by painting it.
    """
    return hashlib.sha256(image_id.encode() + b"\0" + data).hexdigest()[:32]


def _encode(picture: Image.Image) -> tuple[dict[tuple[Width, Extension], bytes], str]:
    files: dict[tuple[Width, Extension], bytes] = {}
    for width in widths_kept(picture.width):
        scaled = picture
        if width != "original":
            height = max(1, round(picture.height * int(width) / picture.width))
            scaled = picture.resize((int(width), height), Image.Resampling.LANCZOS)
        quality = ORIGINAL_WEBP_QUALITY if width == "original" else WEBP_QUALITY
        files[width, "webp"] = _save(scaled, "WEBP", quality=quality, method=WEBP_METHOD)
        files[width, "jpg"] = _save(scaled, "JPEG", quality=JPEG_QUALITY, progressive=True)
    return files, _thumbhash(picture)


def _save(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, xmp=AI_LABEL, **options)
    return buffer.getvalue()


def _thumbhash(picture: Image.Image) -> str:
    small = picture.convert("RGBA")
    small.thumbnail((THUMBHASH_SIDE, THUMBHASH_SIDE), Image.Resampling.BILINEAR)
    return base64.b64encode(
        bytes(fast_thumbhash.rgba_to_thumb_hash(small.width, small.height, small.tobytes()))
    ).decode()
