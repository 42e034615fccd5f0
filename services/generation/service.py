"""Which prompt is painted next, with which others, and what is said about it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import structlog
from opentelemetry import trace

from services.generation.fair_queue import FairQueue
from services.generation.job import Job
from services.generation.ports import Gallery, Interrupted, Painter, Previews, Progress, Speaker
from shared.events import GenerationFailed, PromptApproved, utcnow
from shared.live import GenerationProgressed, GenerationRendered, GenerationStarted, QueueMeasured
from shared.queries import ModelCapabilities, Models

log = structlog.get_logger(__name__)
tracer = trace.get_tracer(__name__)

CANCELED_REMEMBERED = 10_000
MEASURE_EVERY_S = 1.0
PROGRESS_EVERY_S = 0.15
QUEUE_TOLD = 1000


class Generation:
    """The queue, the one worker that paints from it, and the news about both."""

    def __init__(
        self,
        painter: Painter,
        gallery: Gallery,
        speaker: Speaker,
        *,
        worker: str,
        batch_window_s: float,
        max_batch: int,
        deadline_s: float,
    ) -> None:
        self._painter, self._gallery, self._speaker = painter, gallery, speaker
        self._worker, self._window_s, self._max_batch, self._deadline_s = worker, batch_window_s, max_batch, deadline_s
        self._queue: FairQueue[Job] = FairQueue()
        self._canceled: OrderedDict[str, None] = OrderedDict()
        self._picture_s = 1.0
        self._state = "waking"
        self._running: list[Job] = []
        self._tasks: set[asyncio.Task[Any]] = set()

    # ── what others ask ───────────────────────────────────────────────────────────────────────────────────────────────

    def models(self) -> Models:
        """What can be asked for: only what the loaded model can do."""
        record = self._painter.record
        return Models(
            default=record.id,
            models=(
                ModelCapabilities(
                    id=record.id,
                    title=record.title,
                    licence=record.licence,
                    licence_url=record.licence_url,
                    commercial_use=record.commercial_use,
                    steps=record.steps,
                    guidance=record.guidance_scale > 0,
                    negative_prompt=record.negative_prompt,
                    image_to_image=record.image_to_image,
                    sizes=record.sizes,
                    max_n=record.max_n,
                    styles=tuple(record.styles),
                ),
            ),
        )

    async def paint(self, event: PromptApproved) -> None:
        """Queue an approved prompt; return when its pictures are stored and said, or it was canceled or failed."""
        if event.generation_id in self._canceled:
            return
        problem = self._unpaintable(event)
        if problem:
            await self._fail(event, *problem)
            return
        event = event.model_copy(update={"moments": {**event.moments, "queued": utcnow()}})
        job = Job(event, asyncio.get_running_loop().create_future())
        if event.request.source_image:
            job.source = await self._gallery.source(event.request.source_image)
            if job.source is None:
                await self._fail(event, "source_missing", "The picture to start from is gone.")
                return
        self._queue.put(event.user_id, job)
        try:
            await job.done
        except asyncio.CancelledError:
            self._queue.remove(lambda other: other is job)
            raise

    async def cancel(self, generation_id: str) -> None:
        """Take a prompt out of the queue, or stop painting it if nothing else is painted with it."""
        self._canceled[generation_id] = None
        while len(self._canceled) > CANCELED_REMEMBERED:
            self._canceled.popitem(last=False)
        for job in self._queue.remove(lambda job: job.id == generation_id):
            job.settle()

    # ── the worker ────────────────────────────────────────────────────────────────────────────────────────────────────

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load the model, then paint until the context is left."""
        await asyncio.to_thread(self._painter.load)
        self._state = "warm"
        loops = [asyncio.create_task(self._work()), asyncio.create_task(self._measure())]
        try:
            yield
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, *self._tasks, return_exceptions=True)

    async def ready(self) -> None:
        """Raise while the model is not loaded."""
        if self._state != "warm":
            raise RuntimeError("the model is being loaded")

    async def _work(self) -> None:
        while True:
            batch = await self._next_batch()
            self._running = batch
            try:
                await self._paint_batch(batch)
            except Exception as error:
                log.exception("batch lost", pictures=sum(job.pictures for job in batch))
                for job in batch:
                    job.settle(error)
            finally:
                self._running = []

    async def _next_batch(self) -> list[Job]:
        """The fairest next prompt, and after a short wait those that can be painted in the same call."""
        first = await self._queue.take()
        batch, room = [first], self._max_batch - first.pictures
        if room > 0 and self._window_s:
            await asyncio.sleep(self._window_s)
        while room > 0:
            other = self._queue.take_if(lambda job: job.pictures <= room and job.goes_with(first))  # noqa: B023 called at once
            if other is None:
                break
            batch.append(other)
            room -= other.pictures
        return batch

    async def _paint_batch(self, batch: list[Job]) -> None:
        batch = await self._still_wanted(batch)
        if not batch:
            return
        started = utcnow()
        for job in batch:
            event = job.event
            await self._speaker.tell(
                GenerationStarted(generation_id=event.generation_id, attempt=event.attempt, at=started)
            )
        pictures = await self._render(batch)
        for job in batch:
            if job in pictures:
                task = job.context.run(asyncio.create_task, self._deliver(job, pictures[job], started))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _render(self, batch: list[Job]) -> dict[Job, list[Any]]:
        """Call the model. If a batch fails each prompt is tried alone, so that a bad one takes no other with it."""
        canvases = [canvas for job in batch for canvas in job.canvases(self._painter.record)]
        spans = [
            job.context.run(tracer.start_span, "generation.render", attributes={"generation.id": job.id})
            for job in batch
        ]
        begun = time.monotonic()
        try:
            rendered = iter(await asyncio.to_thread(self._painter.paint, canvases, self._progress(batch)))
        except Interrupted:
            for job in batch:
                job.settle()
            return {}
        except Exception as error:
            log.exception("model failed", pictures=len(canvases), model=self._painter.record.id)
            for span in spans:
                span.record_exception(error)
                span.set_status(trace.StatusCode.ERROR, type(error).__name__)
            if len(batch) > 1:
                return {job: mine for one in batch for job, mine in (await self._render([one])).items()}
            await self._fail(batch[0].event, "model_error", "The model could not paint this. Please try again.")
            batch[0].settle()
            return {}
        finally:
            for span in spans:
                span.set_attribute("render.batch", len(canvases))
                span.end()
        self._picture_s = 0.8 * self._picture_s + 0.2 * (time.monotonic() - begun) / len(canvases)
        return {job: [next(rendered) for _ in range(job.pictures)] for job in batch}

    async def _deliver(self, job: Job, pictures: list[Any], started: datetime) -> None:
        """Store one prompt's pictures and say so; the next batch is painted meanwhile."""
        event = job.event
        try:
            named = zip(pictures, event.request.image_ids, strict=True)
            kept = await asyncio.gather(*(self._gallery.keep(picture, image_id) for picture, image_id in named))
            rendered = utcnow()
            news = GenerationRendered(generation_id=job.id, attempt=event.attempt, at=rendered)
            await self._speaker.tell(news)
            moments = {**event.moments, "started": started, "rendered": rendered}
            for index, picture in enumerate(kept):
                await self._speaker.emit(job.generated(index, picture, moments))
        except Exception as error:
            job.settle(error)
        else:
            job.settle()

    async def _still_wanted(self, batch: list[Job]) -> list[Job]:
        wanted = []
        for job in batch:
            if job.id in self._canceled:
                job.settle()
            elif time.monotonic() - job.queued_at > self._deadline_s:
                await self._fail(job.event, "timed_out", "It waited too long for a free painter. Please try again.")
                job.settle()
            else:
                wanted.append(job)
        return wanted

    def _progress(self, batch: list[Job]) -> Progress:
        """A callback for the painter's thread that tells each prompt's watchers, and asks whether to go on."""
        loop = asyncio.get_running_loop()
        told = time.monotonic()

        def report(done: float, previews: Previews | None) -> bool:
            nonlocal told
            if time.monotonic() - told >= PROGRESS_EVERY_S:
                told = time.monotonic()
                shown, first = previews() if previews else (), 0
                for job in batch:
                    preview = shown[first] if shown else None
                    first += job.pictures
                    message = GenerationProgressed(generation_id=job.id, progress=round(done, 3), preview=preview)
                    asyncio.run_coroutine_threadsafe(self._speaker.tell(message), loop)
            return any(job.id not in self._canceled for job in batch)

        return report

    def _unpaintable(self, event: PromptApproved) -> tuple[str, str] | None:
        record, request = self._painter.record, event.request
        if request.model != record.id:
            return "model_unavailable", f"The model {request.model} is not running here."
        if request.style is not None and request.style not in record.styles:
            return "style_unavailable", f"{record.title} knows no style called {request.style}."
        if request.aspect not in record.sizes:
            return "aspect_unavailable", f"{record.title} can't paint {request.aspect}."
        if not 1 <= len(request.image_ids) <= record.max_n:
            return "too_many_pictures", f"{record.title} paints 1 to {record.max_n} pictures at once."
        return None

    async def _fail(self, event: PromptApproved, code: str, detail: str) -> None:
        await self._speaker.emit(
            GenerationFailed(
                generation_id=event.generation_id,
                attempt=event.attempt,
                user_id=event.user_id,
                reissue=event.reissue,
                moments=event.moments,
                code=code,
                detail=detail,
            )
        )

    async def _measure(self) -> None:
        """Tell about once a second how long the queue is, while anything waits, and now and then when nothing does."""
        quiet = 0
        while True:
            waiting = self._queue.in_order(QUEUE_TOLD)
            if waiting or quiet % 5 == 0:
                try:
                    await self._speaker.tell(self._measured(waiting))
                except Exception as error:
                    log.debug("queue not told", error=str(error))
            quiet = 0 if waiting else quiet + 1
            await asyncio.sleep(MEASURE_EVERY_S)

    def _measured(self, waiting: list[Job]) -> QueueMeasured:
        ahead = sum(job.pictures for job in (*self._running, *waiting))
        return QueueMeasured(
            worker=self._worker,
            model=self._painter.record.id,
            state=self._state,
            eta_ms=int(ahead * self._picture_s * 1000),
            picture_ms=round(self._picture_s * 1000, 1),
            waiting=tuple(job.id for job in waiting),
        )
