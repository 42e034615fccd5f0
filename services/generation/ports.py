"""What generation needs from the world: a painter, a gallery, and someone to speak to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.generation.registry import ModelRecord
from shared.events import Event
from shared.live import Live

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
class Painted:
    """A stored picture's facts, without its ids."""

    hash: str
    width: int
    height: int
    thumbhash: str


class Interrupted(Exception):
    """Painting was stopped because nobody wants the pictures any more."""


class Painter(Protocol):
    """A text-to-image model. Both methods block, so they are called in a thread."""

    record: ModelRecord

    def load(self) -> None:
        """Load the model and warm it up."""

    def paint(self, canvases: Sequence[Canvas], on_progress: Progress) -> list[Any]:
        """One picture for each canvas, in order; all canvases have one size and are alike in having a source."""


class Gallery(Protocol):
    """Where pictures are encoded and kept."""

    async def keep(self, picture: Any, image_id: str) -> Painted:
        """Store a picture and tell its facts; storing it again changes nothing."""

    async def source(self, name: str) -> bytes | None:
        """The stored picture called `name`, at full size."""


class Speaker(Protocol):
    """What the service says to others."""

    async def emit(self, event: Event) -> None: ...

    async def tell(self, message: Live) -> None: ...
