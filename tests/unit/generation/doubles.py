"""A painter and a gallery without a model and without a store, and the service with them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from services.generation.ports import Canvas, Interrupted, Painted, Progress, Readiness, Unavailable
from services.generation.registry import ModelRecord
from services.generation.service import Generation
from shared.events import Event, PictureRequest, PromptApproved
from shared.ids import new_id
from shared.live import Live

RECORD = ModelRecord(
    id="tiny",
    title="Tiny",
    source="nowhere",
    licence="MIT",
    commercial_use=True,
    steps=2,
    sizes={"1:1": (8, 8)},
    negative_prompt=True,
    styles={"comic": "a comic of {prompt}"},
    max_batch=4,
)


class FakePainter:
    """Paints strings, notes each batch, and can be held still, made slow to notice, made to fail on a prompt, or be
    out of reach for some calls."""

    def __init__(self, *, poison: str | None = None, unavailable: int = 0, lanes: int = 1) -> None:
        self.record = RECORD
        self.lanes = lanes
        self.now = Readiness("warm")
        self._unavailable = unavailable
        self.batches: list[list[str]] = []
        self.gate = threading.Event()
        self.gate.set()
        self._poison = poison

    def load(self) -> None: ...

    def readiness(self) -> Readiness:
        return self.now

    def paint(self, canvases: Sequence[Canvas], on_progress: Progress) -> list[Any]:
        self.gate.wait(10)
        if self._unavailable > 0:
            self._unavailable -= 1
            raise Unavailable("no container")
        self.batches.append([canvas.prompt for canvas in canvases])
        if self._poison in [canvas.prompt for canvas in canvases]:
            raise RuntimeError("out of memory")
        if not on_progress(0.5, None):
            raise Interrupted
        return [f"{canvas.prompt}#{canvas.seed}" for canvas in canvases]


class FakeGallery:
    """Keeps pictures in a dict."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.sources: dict[str, bytes] = {}

    async def keep(self, picture: Any, image_id: str) -> Painted:
        self.kept[image_id] = picture
        return Painted(hash=f"hash-{image_id}", width=8, height=8, thumbhash="AAAA")

    async def source(self, name: str) -> bytes | None:
        return self.sources.get(name)


class Speech:
    """Remembers what was said."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.live: list[Live] = []

    async def emit(self, event: Event) -> None:
        self.events.append(event)

    async def tell(self, message: Live) -> None:
        self.live.append(message)


def approved(prompt: str = "a fox", *, user: str = "ada", n: int = 1, **request: Any) -> PromptApproved:
    return PromptApproved(
        generation_id=new_id(),
        user_id=user,
        request=PictureRequest(
            prompt=prompt,
            model=request.pop("model", "tiny"),
            seed=request.pop("seed", 7),
            image_ids=tuple(new_id() for _ in range(n)),
            **request,
        ),
    )


@asynccontextmanager
async def generation(
    painter: FakePainter, gallery: Any = None, **options: Any
) -> AsyncIterator[tuple[Generation, Speech]]:
    speech = Speech()
    service = Generation(
        painter,
        gallery or FakeGallery(),
        speech,
        worker="test",
        batch_window_s=options.pop("batch_window_s", 0.0),
        max_batch=options.pop("max_batch", 4),
        deadline_s=options.pop("deadline_s", 60),
        try_again_after_s=(0.01,),
    )
    async with service.running():
        yield service, speech


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
