"""What generation needs from the world: a painter, a gallery, and someone to speak to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from services.generation.registry import ModelRecord
from shared.events import Event
from shared.live import Live
from shared.media import Extension, Width

Previews = Callable[[], Sequence[str]]
"""Makes a preview (data URL) of each picture as it is now; called only when someone will see them."""

Progress = Callable[[float, Previews | None], bool]
"""Called between steps with the share done (0..1). It answers whether to go on; if not, `Interrupted` is raised."""


@dataclass(frozen=True)
class Canvas:
    """One picture to paint. `source` holds the bytes of the picture to start from, if any."""

    prompt: str
    negative_prompt: str | None
    seed: int
    width: int
    height: int
    source: bytes | None = None
    strength: float = 0.6


@dataclass(frozen=True)
class Encoded:
    """A picture as the files that are kept of it, and its facts: size in pixels, and its share of the painting's time
    in a batch of so many, where the one who waits for it can't measure that."""

    files: Mapping[tuple[Width, Extension], bytes]
    width: int
    height: int
    thumbhash: str
    paint_ms: float | None = None
    batch: int | None = None


@dataclass(frozen=True)
class Painted:
    """A stored picture's facts, without its ids."""

    hash: str
    width: int
    height: int
    thumbhash: str


class Interrupted(Exception):
    """Painting was stopped because nobody wants the pictures any more."""


class Unavailable(Exception):
    """The model is out of reach for the moment: nothing is wrong with the prompt, which has to wait."""


@dataclass(frozen=True)
class Readiness:
    """Whether a painter could begin now, and if not, in how many seconds."""

    state: Literal["warm", "waking", "asleep"]
    eta_s: float = 0.0


class Painter(Protocol):
    """A text-to-image model. `load` and `paint` block, so they are called in a thread."""

    record: ModelRecord
    lanes: int
    """How many batches it can paint at once: `paint` is called from so many threads."""

    def load(self) -> None:
        """Load the model and warm it up."""

    def readiness(self) -> Readiness:
        """How soon a call of `paint` would begin to paint; answers at once."""

    def paint(self, canvases: Sequence[Canvas], on_progress: Progress) -> list[Any]:
        """One picture for each canvas, in order; all canvases have one size and are alike in having a source.

        A picture is a Pillow image, or `Encoded` where it was encoded beside the model.
        Raises `Interrupted`, `Unavailable`, and whatever the model raises.
        """


class Gallery(Protocol):
    """Where pictures are encoded and kept."""

    async def keep(self, picture: Any, image_id: str) -> Painted:
        """Store a picture, encoded first if it is not yet, and tell its facts; storing it again changes nothing."""

    async def source(self, name: str) -> bytes | None:
        """The stored picture called `name`, at full size."""


class Speaker(Protocol):
    """What the service says to others."""

    async def emit(self, event: Event) -> None: ...

    async def tell(self, message: Live) -> None: ...
