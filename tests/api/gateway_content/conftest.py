"""The services around the gateway, played on the real broker: each fixture answers as its service would."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from PIL import Image

from services.gateway.context import Parts
from services.generation.encoding import AI_LABEL
from shared.bus import Bus
from shared.events import (
    Decision,
    Event,
    GenerationCanceled,
    GenerationFailed,
    ImageApproved,
    ImageRejected,
    PromptRejected,
    PromptSubmitted,
    Rendition,
    utcnow,
)
from shared.live import GenerationStarted
from shared.media import MediaStore, rendition_key
from shared.queries import ListModels, Models
from shared.settings import MongoSettings
from tests.api.conftest import MODELS, Person


def refusal(stage: str = "prompt", verdict: str = "block") -> Decision:
    return Decision.model_validate(
        {"id": f"d-{utcnow().timestamp()}", "stage": stage, "verdict": verdict, "category": "gore", "reason": "No."}
    )


def picture_bytes(kind: str, size: int = 256) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), (200, 30, 40)).save(buffer, kind, xmp=AI_LABEL)
    return buffer.getvalue()


@dataclass
class Studio:
    """Moderation and generation in one: paints what is asked for unless the prompt's words say otherwise.

    `wait…` is held back until `go` is set, `lost…` is never heard of again, `bad prompt…` is refused, `bad picture k`
    refuses picture k, `fail…` fails.
    """

    media: MediaStore
    bus: Bus
    go: asyncio.Event = field(default_factory=asyncio.Event)
    submitted: list[PromptSubmitted] = field(default_factory=list)
    canceled: list[str] = field(default_factory=list)

    async def paint(self, event: PromptSubmitted) -> None:
        self.submitted.append(event)
        prompt = event.request.prompt
        about = {"generation_id": event.generation_id, "attempt": event.attempt, "user_id": event.user_id}
        if prompt.startswith("wait"):
            await self.began(event)
            await self.go.wait()
        if prompt.startswith("lost"):
            return
        if prompt.startswith(("bad prompt", "held prompt")) and event.attempt == 1:
            verdict = "hold" if prompt.startswith("held") else "block"
            await self.bus.emit(PromptRejected(**about, decision=refusal(verdict=verdict)))
            return
        if prompt.startswith("fail") and event.attempt == 1:
            await self.bus.emit(GenerationFailed(**about, code="model_error", detail="It broke."))
            return
        for index, image_id in enumerate(event.request.image_ids):
            bad = f"bad picture {index}" in prompt
            await self.bus.emit(await self.judged(event, index, image_id, bad=bad))

    async def began(self, event: PromptSubmitted) -> None:
        await self.bus.tell(GenerationStarted(generation_id=event.generation_id, attempt=event.attempt, at=utcnow()))

    async def judged(self, event: PromptSubmitted, index: int, image_id: str, *, bad: bool = False) -> Event:
        """Store one picture, and give the verdict on it."""
        rendition = await self.render(event, index, image_id)
        facts = {
            "generation_id": event.generation_id,
            "attempt": event.attempt,
            "user_id": event.user_id,
            "moments": {**event.moments, "moderated": utcnow(), "started": utcnow(), "checked": utcnow()},
            "prompt": event.request.prompt,
            "model": event.request.model,
            "rendition": rendition,
        }
        return ImageRejected(**facts, decision=refusal("image")) if bad else ImageApproved(**facts)

    async def render(self, event: PromptSubmitted, index: int, image_id: str) -> Rendition:
        name = hashlib.sha256(f"{image_id}{event.attempt}".encode()).hexdigest()[:32]
        for extension, kind in (("webp", "WEBP"), ("jpg", "JPEG")):
            await self.media.put(rendition_key(name, "original", extension), picture_bytes(kind))
        return Rendition(
            image_id=image_id,
            index=index,
            hash=name,
            width=256,
            height=256,
            seed=event.request.seed + index,
            thumbhash="1QcSHQRnh493V4dIh4eXh1h4kJUI",
            paint_ms=250,
        )


@pytest.fixture
async def outside(settings: MongoSettings) -> AsyncIterator[Callable[[str], Bus]]:
    """Makes the bus of another service; it starts once its handlers are registered and `start` is awaited."""
    made: list[Bus] = []

    def make(service: str) -> Bus:
        bus = Bus(settings, service)
        made.append(bus)
        return bus

    yield make
    for bus in made:
        await bus.stop()


@pytest.fixture
async def studio(outside: Callable[[str], Bus], parts: Parts) -> Studio:
    """Moderation and generation, working."""
    moderation, generation = outside("moderation"), outside("generation")
    studio = Studio(parts.media, moderation)
    moderation.on(PromptSubmitted)(studio.paint)

    @generation.on(GenerationCanceled)
    async def canceled(event: GenerationCanceled) -> None:
        studio.canceled.append(event.generation_id)

    @generation.answer(ListModels)
    async def models(_: ListModels) -> Models:
        return MODELS

    await moderation.start()
    await generation.start()
    return studio


MakePictures = Callable[..., Awaitable[list[str]]]


@pytest.fixture
async def painted(studio: Studio) -> MakePictures:
    """Has pictures made: `[image_id] = await painted(ada)`; the ids of those that are ready."""

    async def make(
        person: Person, prompt: str = "a red fox under a green tree", n: int = 1, **more: object
    ) -> list[str]:
        answer = await person.http.post(
            "/v1/generations", json={"prompt": prompt, "n": n, **more}, headers={"Prefer": "wait=20"}
        )
        assert answer.status_code == 201, answer.text
        return [image["id"] for image in answer.json()["images"] if image["status"] == "ready"]

    return make


async def until(check: Callable[[], Awaitable[object]], *, seconds: float = 15) -> object:
    """What `check` gives as soon as it is true."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := await check()):
        assert asyncio.get_running_loop().time() < deadline, "it never came true"
        await asyncio.sleep(0.02)
    return found
