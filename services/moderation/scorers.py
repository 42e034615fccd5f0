"""The scorers as they run in the service and in the operator's tools: one place that loads the models."""

from __future__ import annotations

from services.moderation.image.scorer import LayeredImageScorer, PlainImageScorer
from services.moderation.settings import ModerationSettings
from services.moderation.text.encoder import MiniLMEncoder
from services.moderation.text.heads import Heads
from services.moderation.text.rules import RuleSet
from services.moderation.text.scorer import LayeredTextScorer, PlainTextScorer


def text_scorer(settings: ModerationSettings) -> LayeredTextScorer:
    """Rules and trained heads, and Detoxify where its checkpoint is present."""
    others: list[PlainTextScorer] = []
    if settings.detoxify_checkpoint is not None:
        # Imported here because it brings PyTorch and transformers, which nothing else in this service needs.
        from services.moderation.text.detoxify_scorer import DetoxifyScorer

        others.append(
            DetoxifyScorer(settings.detoxify_checkpoint, settings.detoxify_config, sha256=settings.detoxify_sha256)
        )
    return LayeredTextScorer(MiniLMEncoder(), Heads.load(), RuleSet.load(settings.moderation_rules), others)


def image_scorer(settings: ModerationSettings) -> LayeredImageScorer:
    """The classifier whose weights come with its package, and the concept head where a model is named."""
    others: list[PlainImageScorer] = []
    if settings.moderation_concepts is not None:
        # Imported here for the same reason.
        from services.moderation.image.concepts import ConceptScorer

        others.append(ConceptScorer(settings.moderation_concepts))
    return LayeredImageScorer(others)
