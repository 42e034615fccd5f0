"""Moderation over stores in memory, with scorers that say what the test wants."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.moderation.policy import Finding, Policy
from services.moderation.ports import Assessment
from services.moderation.review import Review
from services.moderation.service import Moderation
from shared.events import (
    ImageGenerated,
    PictureRequest,
    PromptSubmitted,
    Rendition,
    Target,
    TargetKind,
    Words,
    utcnow,
)
from shared.queries import Decide, ModerationQueue, Undo
from tests.contracts.moderation.memory import MemoryStores


class Scripted:
    """A scorer of texts and pictures whose answers are set; an exception is raised, `broken` on anything."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.fingerprint = "f"
        self.error: Exception | None = None
        self.broken: Exception | None = None
        self.asked: list[Any] = []

    async def score(self, content: Any, stage: str = "image") -> Assessment:
        self.asked.append(content)
        if error := self.broken or self.error:
            raise error
        scores = {finding.category: finding.score for finding in self.findings}
        return Assessment(scores=scores, findings=tuple(self.findings), fingerprint=self.fingerprint)

    async def works(self) -> None:
        if self.broken:
            raise self.broken

    def finds(self, category: str, score: float, **more: Any) -> None:
        self.findings = [Finding(category=category, score=score, rule=f"test.{category}", **more)]


class Media:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    async def get(self, key: str) -> bytes | None:
        return self.objects.get(key)


class World:
    """Moderation and review over one memory."""

    def __init__(self) -> None:
        self.scorer, self.images, self.media, self.stores = Scripted(), Scripted(), Media(), MemoryStores()
        self.images.fingerprint = "00000000000000ff"
        policy = Policy.load()
        self.moderation = Moderation(
            policy=policy, texts=self.scorer, images=self.images, media=self.media, decisions=self.stores,
            cases=self.stores, media_key=lambda name: f"key/{name}",
        )  # fmt: skip
        self.review = Review(policy=policy, decisions=self.stores, cases=self.stores)

    async def queue(self) -> Any:
        return (await self.review.queue(ModerationQueue())).items

    async def decide(
        self, kind: str, name: str, verdict: str, reason: str = "looked at it", owner: str | None = None
    ) -> str | None:
        query = Decide(
            actor_id="mo", target=Target(kind=kind, id=name), owner_id=owner, verdict=verdict, reason=reason,  # type: ignore[arg-type]
        )  # fmt: skip
        return (await self.review.decide(query)).decision_id

    async def undo(self, decision_id: str | None) -> str | None:
        return (await self.review.undo(Undo(actor_id="mia", decision_id=decision_id or ""))).decision_id


def prompt(text: str = "a fox", name: str = "g1", **more: Any) -> PromptSubmitted:
    request = PictureRequest(prompt=text, model="pocket", seed=1, image_ids=("i1", "i2"), style="ink")
    at = {"accepted": utcnow() - timedelta(seconds=1)}
    return PromptSubmitted(generation_id=name, user_id="ada", moments=at, request=request, **more)


def image(name: str = "i1", index: int = 0) -> ImageGenerated:
    rendition = Rendition(image_id=name, index=index, hash=f"h-{name}", width=8, height=8, seed=1, thumbhash="")
    return ImageGenerated(generation_id="g1", user_id="ada", prompt="a fox", model="pocket", rendition=rendition)


def words(kind: TargetKind, target_id: str, text: str) -> Words:
    return Words(target=Target(kind=kind, id=target_id), owner_id="ada", written_at=utcnow(), text=text)
