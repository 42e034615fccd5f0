"""Messages worth only this moment, over core NATS: nobody stores them; reading the record makes a lost one good.

Every gateway process hears the broadcasts and passes them to the people it is streaming to.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

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


class PromptIntended(Live):
    """Somebody is about to write a prompt. Says not who: it only tells the generator that it may be needed soon."""

    subject = "live.prompt.intended.v1"


class QueueMeasured(Live):
    """What one generator's queue looks like, about once a second while anything waits, and now and then otherwise.

    `eta_ms` is the time until everything that waits has been painted, `wake_ms` how much of it passes before the model
    runs at all, `picture_ms` what one more picture adds. `waiting` lists generation ids in the order in which they will
    run, at most 1,000; `pictures` counts all that are wanted.
    """

    subject = "live.queue.measured.v1"
    worker: str
    model: str
    state: Literal["warm", "waking", "asleep"]
    eta_ms: int
    picture_ms: float
    wake_ms: int = 0
    pictures: int = 0
    waiting: tuple[str, ...] = ()
