"""What runs beside the GPU, with a painter that breaks on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from services.generation.ports import Canvas, Progress, Readiness
from services.generation.studio import PaintingFailed, Studio, order, picture
from tests.unit.generation.doubles import RECORD

CANVAS = Canvas("a fox", None, 1, 8, 8)


class GpuPainter:
    """Paints gradients; `broken` says how it came out of a snapshot."""

    lanes = 1

    def __init__(self, broken: str = "") -> None:
        self.record = RECORD
        self.broken = broken
        self.batches: list[list[str]] = []

    def load(self) -> None:
        if self.broken == "for good":
            raise RuntimeError("no CUDA device")

    def readiness(self) -> Readiness:
        return Readiness("warm")

    def paint(self, canvases: Sequence[Canvas], on_progress: Progress) -> list[Any]:
        self.batches.append([canvas.prompt for canvas in canvases])
        if self.broken == "raises" or any(canvas.prompt == "bad" for canvas in canvases):
            raise RuntimeError("CUDA error")
        kind = Image.new("L", (8, 8)) if self.broken == "paints black" else Image.linear_gradient("L").resize((8, 8))
        return [kind.convert("RGB") for _ in canvases]


@pytest.mark.parametrize("broken", ["raises", "paints black"])
def test_a_model_that_came_back_broken_is_loaded_anew(broken: str) -> None:
    made = [GpuPainter(), GpuPainter()]
    studio = Studio(iter(made).__next__)
    studio.load()
    made[0].broken = broken
    studio.recover()
    assert picture(studio.paint([order(CANVAS)])[0]).width == 8
    assert made[1].batches


def test_a_sound_restore_loads_nothing() -> None:
    made = [GpuPainter()]
    studio = Studio(iter(made).__next__)
    studio.load()
    studio.recover()
    assert "error" not in studio.paint([order(CANVAS)])[0]


def test_a_container_whose_gpu_is_gone_takes_no_orders() -> None:
    made = [GpuPainter(), GpuPainter("for good")]
    studio = Studio(iter(made).__next__)
    studio.load()
    made[0].broken = "raises"
    with pytest.raises(RuntimeError, match="no CUDA device"):
        studio.recover()


def test_orders_that_differ_are_painted_apart_and_answered_in_their_order() -> None:
    painter = GpuPainter()
    studio = Studio(lambda: painter)
    studio.load()
    wide = replace(CANVAS, prompt="wide", width=16)
    painted = studio.paint([order(CANVAS), order(wide), order(replace(CANVAS, prompt="too"))])
    assert painter.batches == [["a fox", "too"], ["wide"]]
    assert [one["width"] for one in painted] == [8, 8, 8]


def test_an_order_that_the_model_fails_on_spoils_no_other() -> None:
    studio = Studio(GpuPainter)
    studio.load()
    good, bad = studio.paint([order(CANVAS), order(replace(CANVAS, prompt="bad"))])
    assert picture(good).paint_ms is not None
    with pytest.raises(PaintingFailed, match="CUDA error"):
        picture(bad)
