"""An encoder without a model: texts are bags of words, pictures have one colour and are described by its name."""

from __future__ import annotations

import hashlib
import io
import math
import random
from collections.abc import Sequence

from PIL import Image

from services.search.points import Signal, Vector

WIDTH = 64
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


def picture(colour: str) -> bytes:
    """A small JPEG of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), COLOURS[colour]).save(buffer, "JPEG")
    return buffer.getvalue()


class FakeEncoder:
    """Satisfies `ports.Encoder`; the same words give near vectors, a picture lies where its colour's name does."""

    image_width = prompt_width = WIDTH

    def __init__(self, name: str = "fake@1") -> None:
        self.name = name
        self.encoded_images = 0

    async def encode_query(self, text: str) -> tuple[Vector, Vector]:
        return _words(text), _words(text)

    async def encode_prompt(self, text: str) -> Vector:
        return _words(text)

    async def encode_images(self, images: Sequence[bytes]) -> list[Vector | None]:
        self.encoded_images += len(images)
        return [_colour(data) for data in images]

    def reference(self, signal: Signal) -> list[Vector]:
        return [_words(f"{signal.value}{number}") for number in range(256)]


def _colour(data: bytes) -> Vector | None:
    try:
        pixel = Image.open(io.BytesIO(data)).convert("RGB").getpixel((1, 1))
    except OSError:
        return None
    assert isinstance(pixel, tuple)
    return _words(min(COLOURS, key=lambda name: math.dist(COLOURS[name], pixel)))


def _words(text: str) -> Vector:
    total = [0.0] * WIDTH
    for word in text.encode("utf-8", "ignore").decode().lower().split() or [""]:
        rng = random.Random(hashlib.sha256(word.encode()).digest())
        total = [value + rng.gauss(0, 1) for value in total]
    length = math.hypot(*total)
    return [value / length for value in total]
