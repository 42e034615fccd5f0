"""Messages worth only this moment, over core NATS: nobody stores them; reading the record makes a lost one good.

Every gateway process hears the broadcasts and passes them to the people it is streaming to.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from shared.events import Fact


class Live(Fact):
    """An ephemeral message."""

    subject: ClassVar[str]


class GenerationStarted(Live):
    """The generator began to paint."""

    subject = "live.generation.started.v1"
    generation_id: str
    attempt: int
    at: datetime


class GenerationProgressed(Live):
    """How far the painting is. `preview` is a small data URL."""

    subject = "live.generation.progressed.v1"
    generation_id: str
    progress: float
    preview: str | None = None


class GenerationRendered(Live):
    """The generator has stored all pictures; they wait for their check."""

    subject = "live.generation.rendered.v1"
    generation_id: str
    attempt: int
    at: datetime


class GenerationChanged(Live):
    """The gateway's record of a generation has a new entry in its log; `entry` is that entry."""

    subject = "live.generation.changed.v1"
    generation_id: str
    entry: dict[str, Any]


class QueueMeasured(Live):
    """What the generator's queue looks like, about once a second while anything waits, and on every change of state.

    `waiting` lists generation ids in the order in which they will run, at most 1,000.
    """

    subject = "live.queue.measured.v1"
    worker: str
    model: str
    state: str
    eta_ms: int
    picture_ms: float
    waiting: tuple[str, ...] = ()
