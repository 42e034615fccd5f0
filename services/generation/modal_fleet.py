"""The containers on Modal, as the autoscaler sees them (modal)."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable

import modal
import structlog

from services.generation.scaling.ports import Target
from services.generation.warmth import Warmth

log = structlog.get_logger(__name__)

APPLY_AGAIN_S = 60.0
"""A deployment silently resets what was applied before, so everything is said again after this time."""


class ModalFleet:
    """Applies what is wanted to the deployed class; what holds already is said again only once a minute."""

    def __init__(self, app: str, warmth: Warmth, *, now: Callable[[], float] = time.monotonic) -> None:
        self._app, self._warmth, self._now = app, warmth, now
        self._applied: dict[str, int] | None = None
        self._applied_at = -math.inf

    async def apply(self, target: Target) -> None:
        """Raises what Modal's client raises when it is out of reach; the next call tries again."""
        wanted = {
            "min_containers": target.min_containers,
            "buffer_containers": target.buffer_containers,
            "max_containers": max(1, target.max_containers),
            "scaledown_window": min(3600, max(2, math.ceil(target.scaledown_window_s))),
        }
        if wanted == self._applied and self._now() - self._applied_at < APPLY_AGAIN_S:
            return
        # On an instance: on the class itself there is no such method, and a new lookup finds the newest deployment.
        studio = modal.Cls.from_name(self._app, "Studio")()
        with warnings.catch_warnings():
            # Modal's instance calls its function's own method of this name, which is announced to be renamed.
            warnings.simplefilter("ignore", modal.exception.DeprecationError)
            await studio.update_autoscaler.aio(**wanted)
        if wanted != self._applied:
            log.info("autoscaler updated", **wanted)
        self._applied, self._applied_at = wanted, self._now()
        self._warmth.keeping(target.min_containers, target.scaledown_window_s)
