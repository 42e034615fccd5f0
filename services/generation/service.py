"""Which prompt is painted next, with which others, and what is said about it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import structlog

from services.generation.capabilities import capabilities, unpaintable
from services.generation.job import Job
from services.generation.ports import Gallery, Painter, Speaker, Unavailable
from services.generation.rendering import Picture, Renderer
from shared import background
from shared.events import GenerationFailed, PromptApproved, utcnow
from shared.fair_queue import FairQueue
from shared.live import GenerationRendered, GenerationStarted, QueueMeasured
from shared.queries import Models

log = structlog.get_logger(__name__)

CANCELED_REMEMBERED = 10_000
MEASURE_EVERY_S = 1.0
QUEUE_TOLD = 1000
COMPANY_WINDOWS = 4
TRY_AGAIN_AFTER_S = (0.5, 1, 2, 5, 10, 20)
"""How long a lane waits before it tries a model again that was out of reach, as often as that happened in a row."""


class Generation:
    """The queue, the lanes that paint from it, and the news about both."""

    def __init__(
        self,
        painter: Painter,
        gallery: Gallery,
        speaker: Speaker,
        *,
        worker: str,
        batch_window_s: float,
        max_batch: int | None,
        deadline_s: float,
        try_again_after_s: Sequence[float] = TRY_AGAIN_AFTER_S,
    ) -> None:
        self._painter, self._gallery, self._speaker = painter, gallery, speaker
        self._renderer = Renderer(painter, speaker, max_batch)
        self._worker, self._window_s, self._deadline_s = worker, batch_window_s, deadline_s
        self._queue: FairQueue[Job] = FairQueue()
        self._arrivals: deque[float] = deque(maxlen=2)
        self._canceled: OrderedDict[str, None] = OrderedDict()
        self._pauses_s = try_again_after_s
        self._loaded = False
        self._running: set[Job] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    # ── what others ask ───────────────────────────────────────────────────────────────────────────────────────────────

    def models(self) -> Models:
        """What can be asked for: only what the loaded model can do."""
        record = self._painter.record
        return Models(default=record.id, models=(capabilities(record),))

    @property
    def picture_s(self) -> float:
        """What one picture takes alone, as measured lately."""
        return self._renderer.pace.alone_s

    @property
    def batch_gain(self) -> float:
        """The share of that which it takes in a full batch, as measured lately."""
        return self._renderer.pace.batch_gain(self._renderer.room)

    async def paint(self, event: PromptApproved) -> None:
        """Queue an approved prompt; return when its pictures are stored and said, or it was canceled or failed."""
        if event.generation_id in self._canceled:
            return
        problem = unpaintable(self._painter.record, event.request)
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
        self._arrivals.append(time.monotonic())
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
        self._loaded = True
        loops = [asyncio.create_task(self._work()) for _ in range(self._painter.lanes)]
        loops.append(asyncio.create_task(self._measure()))
        try:
            yield
        finally:
            await background.end(loops)
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def ready(self) -> None:
        """Raise while the model is not loaded."""
        if not self._loaded:
            raise RuntimeError("the model is being loaded")

    async def _work(self) -> None:
        """One lane: paint batch after batch. A model that is out of reach costs time, never a prompt."""
        failures = 0
        while True:
            batch = await self._next_batch()
            pause_s = 0.0
            try:
                await self._paint_batch(batch)
                failures = 0
            except Unavailable as error:
                pause_s = self._pauses_s[min(failures, len(self._pauses_s) - 1)]
                failures += 1
                log.warning("model out of reach", error=str(error), again_in_s=pause_s, failures=failures)
                for job in reversed(batch):
                    if not job.done.done():
                        self._queue.put_back(job.event.user_id, job)
            except Exception as error:
                log.exception("batch lost", pictures=sum(job.pictures for job in batch))
                for job in batch:
                    job.settle(error)
            finally:
                self._running -= set(batch)
                self._queue.look_again()
            await asyncio.sleep(pause_s)

    async def _next_batch(self) -> list[Job]:
        """The fairest next prompt, and after a short wait those that can be painted in the same call."""
        batch = [await self._queue.take(self._within_share)]
        self._running.add(batch[0])
        self._fill(batch)
        if self._room_in(batch) > 0 and self._window_s and self._company_is_likely():
            await asyncio.sleep(self._window_s)
            self._fill(batch)
        return batch

    def _fill(self, batch: list[Job]) -> None:
        """Add whoever waits and can be painted in the same call, in their turn."""
        while (room := self._room_in(batch)) > 0:
            other = self._queue.take_if(
                lambda job: job.pictures <= room and job.goes_with(batch[0]) and self._within_share(job)
            )
            if other is None:
                return
            batch.append(other)
            self._running.add(other)

    def _within_share(self, job: Job) -> bool:
        """Whether this leaves others a lane, or half of the batch where there is one lane: they may ask any moment."""
        owner = job.event.user_id
        theirs = sum(other.pictures for other in self._running if other.event.user_id == owner)
        room, lanes = self._renderer.room, self._painter.lanes
        return theirs == 0 or theirs + job.pictures <= max(room // 2, room * (lanes - 1))

    def _room_in(self, batch: list[Job]) -> int:
        return self._renderer.room - sum(job.pictures for job in batch)

    def _company_is_likely(self) -> bool:
        """Whether prompts come so close upon each other that the window may catch one; a lone one need not wait."""
        return len(self._arrivals) == 2 and time.monotonic() - self._arrivals[0] < COMPANY_WINDOWS * self._window_s

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
        rendered = await self._renderer.render(batch, lambda job: job.id in self._canceled)
        told: asyncio.Task[None] | None = None
        for job in batch:
            if job in rendered.pictures and job.id not in self._canceled:
                delivery = self._deliver(job, rendered.pictures[job], started, after=told)
                told = job.context.run(asyncio.create_task, delivery)
                self._tasks.add(told)
                told.add_done_callback(self._tasks.discard)
                continue
            if job in rendered.failed:
                await self._fail(job.event, "model_error", "The model could not paint this. Please try again.")
            job.settle()

    async def _deliver(
        self, job: Job, pictures: list[Picture], started: datetime, *, after: asyncio.Task[None] | None
    ) -> None:
        """Store one prompt's pictures and say so, `after` the one before it in its batch, whose turn it was first; the
        next batch is painted meanwhile."""
        event = job.event
        try:
            named = zip(pictures, event.request.image_ids, strict=True)
            kept = await asyncio.gather(*(self._gallery.keep(picture.content, image_id) for picture, image_id in named))
            if after is not None:
                await asyncio.wait([after])
            rendered = utcnow()
            news = GenerationRendered(generation_id=job.id, attempt=event.attempt, at=rendered)
            await self._speaker.tell(news)
            moments = {**event.moments, "started": started, "rendered": rendered}
            for index, picture in enumerate(kept):
                await self._speaker.emit(job.generated(index, picture, moments, pictures[index].paint_ms))
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
        """Tell about once a second how long the queue is while anything is wanted, and now and then when nothing is."""
        quiet = 0
        while True:
            waiting = self._queue.in_order(QUEUE_TOLD)
            busy = bool(waiting or self._running)
            if busy or quiet % 5 == 0:
                try:
                    await self._speaker.tell(self._measured(waiting))
                except Exception as error:
                    log.debug("queue not told", error=str(error))
                    busy = True  # which nobody knows yet
            quiet = 0 if busy else quiet + 1
            await asyncio.sleep(MEASURE_EVERY_S)

    def _measured(self, waiting: list[Job]) -> QueueMeasured:
        wanted = sum(job.pictures for job in (*self._running, *waiting))
        readiness = self._painter.readiness()
        added_s = self._renderer.pace.picture_s / self._painter.lanes
        return QueueMeasured(
            worker=self._worker,
            model=self._painter.record.id,
            state=readiness.state,
            wake_ms=round(readiness.eta_s * 1000),
            eta_ms=round((readiness.eta_s + wanted * added_s) * 1000),
            picture_ms=round(added_s * 1000, 1),
            pictures=wanted,
            waiting=tuple(job.id for job in waiting),
        )
