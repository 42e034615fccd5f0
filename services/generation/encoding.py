"""Encoding a painted picture for every screen (Pillow, ThumbHash)."""

from __future__ import annotations

import base64
import io

import fast_thumbhash
from PIL import Image

from services.generation.ports import Encoded
from shared.media import Extension, Width, widths_kept

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


def encode(picture: Image.Image) -> Encoded:
    """WebP and JPEG of an RGB picture at each width of the ladder up to its own, labelled as made by a model."""
    files: dict[tuple[Width, Extension], bytes] = {}
    for width in widths_kept(picture.width):
        scaled = picture
        if width != "original":
            height = max(1, round(picture.height * int(width) / picture.width))
            scaled = picture.resize((int(width), height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        quality = ORIGINAL_WEBP_QUALITY if width == "original" else WEBP_QUALITY
        files[width, "webp"] = _save(scaled, "WEBP", quality=quality, method=WEBP_METHOD)
        # Not progressive: that is four times the work, for the format that few browsers still ask for.
        files[width, "jpg"] = _save(scaled, "JPEG", quality=JPEG_QUALITY)
    return Encoded(files, picture.width, picture.height, _thumbhash(picture))


def _save(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, xmp=AI_LABEL, **options)
    return buffer.getvalue()


def _thumbhash(picture: Image.Image) -> str:
    small = picture.copy()
    small.thumbnail((THUMBHASH_SIDE, THUMBHASH_SIDE), Image.Resampling.BILINEAR)
    small = small.convert("RGBA")
    return base64.b64encode(
        bytes(fast_thumbhash.rgba_to_thumb_hash(small.width, small.height, small.tobytes()))
    ).decode()
