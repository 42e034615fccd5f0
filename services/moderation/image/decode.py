"""Opening a picture safely: its header is checked before a single pixel is decoded."""

from __future__ import annotations

import io
import warnings

from PIL import Image

FORMATS = ("WEBP", "JPEG", "PNG")
MAX_PIXELS = 16_000_000
MAX_BYTES = 32 << 20
ENOUGH = 384
"""Pixels of the shorter side to which a JPEG may be reduced while it is decoded: classifiers look at 256 or fewer."""


class Unreadable(Exception):
    """The bytes are no picture that we accept; the message says why."""


def decode(data: bytes) -> Image.Image:
    """The first frame as RGB without metadata; `Unreadable` if odd or over 16 Mpx.

    A JPEG may come out smaller by a whole factor, but no smaller than `ENOUGH`.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable(f"{len(data)} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                width, height = image.size
                if not 0 < width * height <= MAX_PIXELS:
                    raise Unreadable(f"{width}×{height} pixels")
                image.draft("RGB", (ENOUGH, ENOUGH))
                image.load()
                return _on_white(image)
    except Unreadable:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Unreadable(f"{type(error).__name__}") from error


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode not in ("RGBA", "LA", "PA", "P"):
        return image.convert("RGB")
    over = image.convert("RGBA")
    ground = Image.new("RGBA", over.size, "white")
    return Image.alpha_composite(ground, over).convert("RGB")
