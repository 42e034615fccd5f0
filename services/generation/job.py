"""One prompt in the queue."""

from __future__ import annotations

import asyncio
import contextvars
import time
from dataclasses import dataclass, field
from datetime import datetime

from services.generation.ports import Canvas, Painted
from services.generation.registry import ModelRecord
from shared.events import ImageGenerated, PromptApproved, Rendition


@dataclass(eq=False)
class Job:
    """One prompt in the queue, with the future that its delivery waits for and the trace that it belongs to."""

    event: PromptApproved
    done: asyncio.Future[None]
    queued_at: float = field(default_factory=time.monotonic)
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    source: bytes | None = None

    @property
    def id(self) -> str:
        return self.event.generation_id

    @property
    def pictures(self) -> int:
        return len(self.event.request.image_ids)

    def settle(self, error: Exception | None = None) -> None:
        """End the wait of its delivery: done, or to be delivered again because of `error`."""
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)

    def canvases(self, record: ModelRecord) -> list[Canvas]:
        """What the painter gets for this prompt."""
        request = self.event.request
        width, height = record.sizes[request.aspect]
        prompt = record.styles[request.style].format(prompt=request.prompt) if request.style else request.prompt
        seeds = map(request.seed_of, range(self.pictures))
        return [
            Canvas(prompt, request.negative_prompt, seed, width, height, self.source, request.strength)
            for seed in seeds
        ]

    def goes_with(self, other: Job) -> bool:
        """Whether two prompts can be painted in one call of the model."""
        return self._kind == other._kind

    def generated(self, index: int, picture: Painted, moments: dict[str, datetime], paint_ms: float) -> ImageGenerated:
        """The event that tells of one stored picture."""
        return ImageGenerated(
            generation_id=self.event.generation_id,
            attempt=self.event.attempt,
            user_id=self.event.user_id,
            reissue=self.event.reissue,
            moments=moments,
            prompt=self.event.request.prompt,
            model=self.event.request.model,
            rendition=Rendition(
                image_id=self.event.request.image_ids[index],
                index=index,
                hash=picture.hash,
                width=picture.width,
                height=picture.height,
                seed=self.event.request.seed_of(index),
                thumbhash=picture.thumbhash,
                paint_ms=round(paint_ms, 1),
            ),
        )

    @property
    def _kind(self) -> tuple[object, ...]:
        request = self.event.request
        return request.aspect, bool(request.negative_prompt), self.source and request.strength
