"""The model on Modal as a painter, and its containers as a fleet (modal)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import grpclib
import modal
import modal.exception
import structlog

from services.generation.ports import Canvas, Encoded, Interrupted, Progress, Readiness, Unavailable
from services.generation.registry import ModelRecord
from services.generation.studio import Answer, order, picture
from services.generation.warmth import Warmth

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.25
ATTEMPTS = 2
OUT_OF_REACH = (modal.exception.Error, grpclib.GRPCError, grpclib.exceptions.StreamTerminatedError, OSError)


class ModalPainter:
    """Sends each canvas as an order of its own, which Modal batches with others', and waits for the answers.

    An order that is lost with its container is sent again by Modal, and once more here: painting an order twice gives
    the same picture. What then still fails is `Unavailable`, so that the prompt waits instead of failing.
    """

    def __init__(self, record: ModelRecord, *, app: str, lanes: int, timeout_s: float, warmth: Warmth) -> None:
        self.record, self.lanes = record, lanes
        self._app, self._timeout_s, self._warmth = app, timeout_s, warmth

    def load(self) -> None:
        """Nothing is loaded here; a container is started by the first order, or by the autoscaler before it."""

    def readiness(self) -> Readiness:
        return self._warmth.readiness()

    def paint(self, canvases: Sequence[Canvas], on_progress: Progress) -> list[Encoded]:
        return asyncio.run(self._paint([order(canvas) for canvas in canvases], on_progress))

    async def _paint(self, orders: list[dict[str, Any]], on_progress: Progress) -> list[Encoded]:
        for attempt in range(1, ATTEMPTS + 1):
            waking_since = self._warmth.asked()
            try:
                answers = await self._answers(orders, on_progress)
            except OUT_OF_REACH as error:
                self._warmth.failed()
                log.warning("Modal did not answer", attempt=attempt, error=f"{type(error).__name__}: {error}")
                if attempt == ATTEMPTS:
                    raise Unavailable(f"Modal: {type(error).__name__}") from error
                continue
            pictures = [picture(answer) for answer in answers]
            self._warmth.answered(waking_since, sum(one.paint_ms or 0 for one in pictures) / 1000)
            if not on_progress(1.0, None):
                raise Interrupted
            return pictures
        raise AssertionError("unreachable")

    async def _answers(self, orders: list[dict[str, Any]], on_progress: Progress) -> list[Answer]:
        # Looked up anew each time: a deployment replaces what a handle of this morning points to.
        studio = modal.Cls.from_name(self._app, "Studio")()
        calls: list[modal.FunctionCall[Answer]] = list(
            await asyncio.gather(*(studio.paint.spawn.aio(one) for one in orders))
        )
        try:
            return await self._collected(calls, on_progress)
        except BaseException:
            # Nobody waits any more; what is not cancelled would be painted, and paid for.
            await asyncio.gather(*(call.cancel.aio() for call in calls), return_exceptions=True)
            raise

    async def _collected(self, calls: list[modal.FunctionCall[Answer]], on_progress: Progress) -> list[Answer]:
        waiting = [asyncio.ensure_future(call.get.aio(timeout=self._timeout_s)) for call in calls]
        until = time.monotonic() + self._timeout_s + 5
        try:
            while True:
                done, left = await asyncio.wait(waiting, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_EXCEPTION)
                for one in done:
                    one.result()
                if not left:
                    return [one.result() for one in waiting]
                # How far a container is can't be seen from here; who waits is told what has come back.
                if not on_progress(len(done) / len(calls), None):
                    raise Interrupted
                if time.monotonic() > until:
                    raise TimeoutError(f"no picture within {self._timeout_s} s")
        finally:
            for one in waiting:
                one.cancel()
