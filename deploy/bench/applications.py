"""The services with stand-ins where a model would be, so that only the pipeline itself is measured."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from PIL import Image
from starlette.applications import Starlette

from services.generation.main import create_app as create_generation
from services.generation.ports import Canvas, Progress, Readiness
from services.generation.registry import ModelRecord
from services.moderation.main import create_app as create_moderation
from services.moderation.ports import Assessment

MODEL_MS = 5.0
SIDE = 256
RECORD = ModelRecord(
    id="pocket", title="Stub", source="", licence="MIT", commercial_use=True, steps=1, sizes={"1:1": (SIDE, SIDE)}
)


class StubPainter:
    """Sleeps as long as a fast model takes and returns one and the same picture."""

    record = RECORD
    lanes = 1

    def readiness(self) -> Readiness:
        return Readiness("warm")

    def load(self) -> None:
        self._picture = Image.effect_mandelbrot((SIDE, SIDE), (-3, -2.5, 2, 2.5), 60).convert("RGB")

    def paint(self, canvases: Sequence[Canvas], on_progress: Progress) -> list[Any]:
        time.sleep(MODEL_MS / 1000)
        on_progress(1.0, None)
        return [self._picture for _ in canvases]


def generation() -> Starlette:
    return create_generation(painter=StubPainter())


class NothingFound:
    """Scores every text and picture as harmless at once."""

    async def score(self, content: Any, stage: Any = None) -> Assessment:
        return Assessment(scores={})

    async def works(self) -> None:
        pass


def moderation() -> Starlette:
    return create_moderation(texts=NothingFound(), images=NothingFound())
