"""Calling the model for one batch of prompts, telling how far it is, and keeping a bad prompt from spoiling others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from opentelemetry import trace

from services.generation.job import Job
from services.generation.pace import Pace
from services.generation.ports import (
    Canvas,
    Encoded,
    Interrupted,
    Painter,
    Previews,
    Progress,
    Speaker,
    Unavailable,
)
from shared.live import GenerationProgressed

log = structlog.get_logger(__name__)
tracer = trace.get_tracer(__name__)

PROGRESS_EVERY_S = 0.15


@dataclass(frozen=True)
class Picture:
    """What the painter gave, and its share of the painting's time."""

    content: Any
    paint_ms: float


@dataclass
class Rendered:
    """What became of a batch. A job that is in neither was interrupted, because nobody wants it any more."""

    pictures: dict[Job, list[Picture]] = field(default_factory=dict)
    failed: list[Job] = field(default_factory=list)


class Renderer:
    """One painter, with the pace at which it has painted so far."""

    def __init__(self, painter: Painter, speaker: Speaker, max_batch: int | None) -> None:
        self._painter, self._speaker, self._max_batch = painter, speaker, max_batch
        self._lanes = asyncio.Semaphore(painter.lanes)
        self.pace = Pace()

    @property
    def room(self) -> int:
        """Most pictures in one call of the model."""
        return self._max_batch or self._painter.record.max_batch

    async def render(self, batch: list[Job], canceled: Callable[[Job], bool]) -> Rendered:
        """Call the model. If a batch fails each prompt is tried alone, so that a bad one takes no other with it.

        Raises `Unavailable` when the model is out of reach, which is nobody's prompt's fault.
        """
        canvases = [canvas for job in batch for canvas in job.canvases(self._painter.record)]
        spans = [
            job.context.run(tracer.start_span, "generation.render", attributes={"generation.id": job.id})
            for job in batch
        ]
        try:
            painted = iter(await self._call(canvases, self._progress(batch, canceled)))
        except Interrupted:
            return Rendered()
        except Unavailable:
            raise
        except Exception as error:
            log.exception("model failed", pictures=len(canvases), model=self._painter.record.id)
            for span in spans:
                span.record_exception(error)
                span.set_status(trace.StatusCode.ERROR, type(error).__name__)
            return await self._each_alone(batch, canceled) if len(batch) > 1 else Rendered(failed=batch)
        finally:
            for span in spans:
                span.set_attribute("render.batch", len(canvases))
                span.end()
        return Rendered({job: [next(painted) for _ in range(job.pictures)] for job in batch})

    async def _each_alone(self, batch: list[Job], canceled: Callable[[Job], bool]) -> Rendered:
        result = Rendered()
        for job in batch:
            alone = await self.render([job], canceled)
            result.pictures |= alone.pictures
            result.failed += alone.failed
        return result

    async def _call(self, canvases: list[Canvas], report: Progress) -> list[Picture]:
        """Paint them, in several calls if they are too many for one, side by side as far as lanes are free."""
        parts = [canvases[first : first + self.room] for first in range(0, len(canvases), self.room)]
        done = [0.0] * len(parts)

        async def paint(number: int) -> list[Picture]:
            part = parts[number]

            def overall(share: float, previews: Previews | None) -> bool:
                done[number] = share * len(part)
                return report(sum(done) / len(canvases), None if number else previews)

            async with self._lanes:
                begun = time.monotonic()
                contents = await asyncio.to_thread(self._painter.paint, part, overall)
                taken_s = time.monotonic() - begun
            self.pace.waited(len(part), taken_s)
            return self._measured(contents, taken_s)

        # To the end of all, so that no lane is still at work on what is given up here.
        painted = await asyncio.gather(*map(paint, range(len(parts))), return_exceptions=True)
        pictures: list[Picture] = []
        for outcome in painted:
            if isinstance(outcome, BaseException):
                raise outcome
            pictures += outcome
        return pictures

    def _measured(self, contents: list[Any], waited_s: float) -> list[Picture]:
        """With what each took: as measured beside the model, whose batches may be others, or as waited for."""
        if not all(isinstance(content, Encoded) and content.paint_ms is not None for content in contents):
            self.pace.painted(len(contents), waited_s)
            return [Picture(content, waited_s * 1000 / len(contents)) for content in contents]
        for content in contents:
            if content.batch:
                self.pace.painted(content.batch, content.batch * content.paint_ms / 1000)
        return [Picture(content, content.paint_ms) for content in contents]

    def _progress(self, batch: list[Job], canceled: Callable[[Job], bool]) -> Progress:
        """A callback for the painter's thread that tells each prompt's watchers, and asks whether to go on."""
        loop = asyncio.get_running_loop()
        told = time.monotonic()

        def report(done: float, previews: Previews | None) -> bool:
            nonlocal told
            if time.monotonic() - told >= PROGRESS_EVERY_S:
                told = time.monotonic()
                shown, first = previews() if previews else (), 0
                for job in batch:
                    preview = shown[first] if first < len(shown) else None
                    first += job.pictures
                    message = GenerationProgressed(generation_id=job.id, progress=round(done, 3), preview=preview)
                    asyncio.run_coroutine_threadsafe(self._speaker.tell(message), loop)
            return not all(map(canceled, batch))

        return report
