"""Posts and index entries for the tests of search."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from services.search.points import Entry, Sparse
from shared.events import PostImage, PostPublished
from shared.ids import new_id

WIDTH = 8
START = datetime(2026, 3, 1, tzinfo=UTC)


def unit(*values: float) -> tuple[float, ...]:
    """A unit vector of the test width, zeros after the given values."""
    padded = [*values, *[0.0] * (WIDTH - len(values))]
    length = sum(value * value for value in padded) ** 0.5
    return tuple(value / length for value in padded)


def random_unit(seed: int) -> tuple[float, ...]:
    rng = random.Random(seed)
    return unit(*(rng.gauss(0, 1) for _ in range(WIDTH)))


def post(minutes: int = 0, *, images: int = 1, prompt: str | None = "a fox", **facts: Any) -> PostPublished:
    """A public post, published so many minutes after the start."""
    pictures = tuple(
        PostImage(image_id=new_id(), hash=f"h{index}", width=512, height=512, seed=1, alt="", prompt=prompt)
        for index in range(images)
    )
    stated = {
        "post_id": new_id(), "version": 1, "author_id": new_id(), "author_username": "ada", "images": pictures,
        "model": "pocket", "aspect": "1:1", "visibility": "public", "published_at": START + timedelta(minutes=minutes),
    }  # fmt: skip
    return PostPublished(**{**stated, **facts})


def entry(
    minutes: int = 0,
    *,
    image: tuple[tuple[float, ...], ...] = (),
    prompt: tuple[float, ...] | None = None,
    words: dict[int, float] | None = None,
    encoder: str = "test@1",
    complete: bool = True,
    withheld: bool = False,
    **facts: Any,
) -> Entry:
    words = words or {}
    sparse = Sparse(tuple(words), tuple(words.values()))
    return Entry(post(minutes, **facts), encoder, image, prompt, sparse, complete, withheld)
