"""What runs beside the GPU: paints orders, encodes the pictures there, and gets over a broken restore.

Orders and answers are plain dictionaries, so that the caller and a container that was deployed at another time need
not have the same classes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import structlog

from services.generation.encoding import encode
from services.generation.ports import Canvas, Encoded, Painter

log = structlog.get_logger(__name__)

Order = dict[str, Any]
Answer = dict[str, Any]
ENCODERS = 4


class PaintingFailed(Exception):
    """The model raised on this order; the text is its error, for the log only."""


def order(canvas: Canvas) -> Order:
    """A canvas as it travels."""
    return asdict(canvas)


def picture(answer: Answer) -> Encoded:
    """The picture in an answer. Raises `PaintingFailed` when it holds none."""
    if "error" in answer:
        raise PaintingFailed(answer["error"])
    return Encoded(
        files={(width, extension): data for width, extension, data in answer["files"]},
        width=answer["width"],
        height=answer["height"],
        thumbhash=answer["thumbhash"],
        paint_ms=answer["paint_ms"],
        batch=answer.get("batch"),  # which a container that was deployed earlier does not tell
    )


class Studio:
    """One loaded painter. Painting changes nothing anywhere, so an order may be carried out any number of times."""

    def __init__(self, make_painter: Callable[[], Painter]) -> None:
        self._make_painter = make_painter
        self._painter: Painter | None = None
        self._encoders = ThreadPoolExecutor(ENCODERS, thread_name_prefix="encode")

    def load(self) -> None:
        """Load the model and warm it up."""
        painter = self._make_painter()
        painter.load()
        self._painter = painter

    def recover(self) -> None:
        """Make sure that the model still paints after its memory was restored from a snapshot; load it anew if not.

        Raises whatever loading raises: then this container is of no use, and must not take orders.
        """
        try:
            self._check()
        except Exception as error:
            log.warning("the restored model does not paint; loading it anew", error=f"{type(error).__name__}: {error}")
            self._painter = None
            self.load()
            self._check()

    def paint(self, orders: Sequence[Order]) -> list[Answer]:
        """An answer for each order. Those that differ in size or in having a source are painted apart; one that the
        model fails on spoils no other."""
        answers: list[Answer | None] = [None] * len(orders)
        alike: dict[tuple[Any, ...], list[int]] = {}
        for index, one in enumerate(orders):
            kind = one["width"], one["height"], one["source"] is not None, one["source"] and one["strength"]
            alike.setdefault((*kind, bool(one["negative_prompt"])), []).append(index)
        for indices in alike.values():
            canvases = [Canvas(**orders[index]) for index in indices]
            for index, answer in zip(indices, self._answers(canvases), strict=True):
                answers[index] = answer
        return [answer for answer in answers if answer is not None]

    def _answers(self, canvases: list[Canvas]) -> list[Answer]:
        begun = time.monotonic()
        try:
            pictures = self._loaded().paint(canvases, lambda _done, _previews: True)
        except Exception as error:
            if len(canvases) > 1:
                return [answer for canvas in canvases for answer in self._answers([canvas])]
            log.exception("model failed")
            return [{"error": f"{type(error).__name__}: {error}"}]
        paint_ms = (time.monotonic() - begun) * 1000 / len(canvases)
        return [_answer(encoded, paint_ms, len(canvases)) for encoded in self._encoders.map(encode, pictures)]

    def _check(self) -> None:
        painter = self._loaded()
        width, height = next(iter(painter.record.sizes.values()))
        (picture,) = painter.paint([Canvas("a red circle", None, 0, width, height)], lambda _done, _previews: True)
        if all(low == high for low, high in picture.getextrema()):
            raise RuntimeError("it painted one flat colour, as weights that are no numbers do")

    def _loaded(self) -> Painter:
        if self._painter is None:
            raise RuntimeError("the model has not been loaded")
        return self._painter


def _answer(encoded: Encoded, paint_ms: float, batch: int) -> Answer:
    files = [(width, extension, data) for (width, extension), data in encoded.files.items()]
    return {
        "files": files,
        "width": encoded.width,
        "height": encoded.height,
        "thumbhash": encoded.thumbhash,
        "paint_ms": round(paint_ms, 1),
        "batch": batch,
    }
