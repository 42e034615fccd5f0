"""Pictures: opened safely, recognised again, and scored."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFilter

from services.moderation.image.decode import Unreadable, decode
from services.moderation.image.likeness import SAME_WITHIN_BITS
from services.moderation.image.perceptual_hash import perceptual_hash


def picture(seed: int, size: int = 256) -> Image.Image:
    """Smooth random shapes: as different between seeds as photographs are."""
    noise = np.random.default_rng(seed).integers(0, 255, (12, 12, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((size, size), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "WEBP", **how: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def distance(one: Image.Image, other: Image.Image) -> int:
    return (int(perceptual_hash(one), 16) ^ int(perceptual_hash(other), 16)).bit_count()


@pytest.mark.parametrize("kind", ["WEBP", "JPEG", "PNG"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_ordinary_pictures_become_plain_rgb(kind: str, mode: str) -> None:
    if (kind, mode) == ("JPEG", "P") or (kind, mode) == ("WEBP", "P"):
        pytest.skip("the format has no palette")
    image = decode(encoded(picture(1).convert(mode), kind))
    assert (image.mode, image.size) == ("RGB", (256, 256))


def test_a_transparent_picture_lies_on_white() -> None:
    assert decode(encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 0)), "PNG")).getpixel((0, 0)) == (255, 255, 255)


def bomb(width: int, height: int) -> bytes:
    """A few bytes of PNG that claim to be enormous."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        bomb(13_000, 13_000),
        bomb(5000, 4000),
        bomb(16, 16),
        encoded(picture(1))[:100],
        encoded(picture(1), "GIF"),
        encoded(picture(1), "BMP"),
    ],
    ids=["empty", "text", "bomb", "20 Mpx", "cut png", "cut webp", "gif", "bmp"],
)
def test_what_is_odd_is_refused_before_it_is_decoded(data: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(data)


def test_the_fingerprint_survives_scaling_and_recompression() -> None:
    for seed in range(8):
        original = picture(seed)
        small = decode(encoded(original.resize((120, 120)), "JPEG", quality=50))
        assert distance(original, small) <= SAME_WITHIN_BITS
        assert distance(original, original.filter(ImageFilter.GaussianBlur(1))) <= SAME_WITHIN_BITS


def test_different_pictures_have_different_fingerprints() -> None:
    pictures = [picture(seed) for seed in range(12)]
    for at, one in enumerate(pictures):
        assert all(distance(one, other) > SAME_WITHIN_BITS for other in pictures[:at])


def test_a_plain_picture_has_no_fingerprint() -> None:
    assert perceptual_hash(Image.new("RGB", (64, 64), "navy")) == ""
