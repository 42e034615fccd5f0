"""The text scorer: plain reading, rules, trained heads, and other scorers where present. The highest score counts."""

from __future__ import annotations

import asyncio
import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from opentelemetry import trace

from services.moderation.policy import ABSOLUTE, Finding, Stage
from services.moderation.ports import Assessment
from services.moderation.text.batcher import Batcher
from services.moderation.text.encoder import MiniLMEncoder
from services.moderation.text.heads import Floats, Heads
from services.moderation.text.normalise import Reading, read
from services.moderation.text.phrases import words_of
from services.moderation.text.rules import RuleHit, RuleSet
from services.moderation.text.windows import MAX_TOKENS, WINDOW_TOKENS, flatten, windows
from services.moderation.text.words import Vocabulary

MENTIONS_MINOR = "mention.minor"
MINOR_WITH_SEXUAL = 0.9
"""From this score of the sexual head on, a text that speaks of a minor is one about a minor in a sexual context."""
BATCH = 4
TIMEOUT_S = 20.0
_tracer = trace.get_tracer(__name__)


class PlainTextScorer(Protocol):
    """Another model that reads the plain text."""

    version: str

    def score(self, texts: list[str]) -> list[dict[str, float]]:
        """Scores by category, 0..1, for each text. Blocking."""
        ...


@dataclass(frozen=True)
class _Prepared:
    reading: Reading
    hits: list[RuleHit]
    parts: list[Reading]
    """What the models read: the whole without misleading words, and of a long text the most suspicious window."""
    lexical: Floats


class LayeredTextScorer:
    """Rules and heads on MiniLM, and `others` beside them."""

    def __init__(
        self, encoder: MiniLMEncoder, heads: Heads, rules: RuleSet, others: Sequence[PlainTextScorer] = ()
    ) -> None:  # fmt: skip
        self._encoder, self._heads, self._rules, self._others = encoder, heads, rules, tuple(others)
        self._vocabulary = Vocabulary(encoder.ranked_words, rules.terms)
        self._versions = {"rules": rules.version, "heads": heads.version}
        self._versions |= {type(other).__name__: other.version for other in self._others}
        self._batcher = Batcher(self.assess, size=BATCH)

    async def score(self, text: str, stage: Stage) -> Assessment:
        """Assess one text, together with others that wait at the same time."""
        with _tracer.start_as_current_span("moderation.score") as span:
            span.set_attribute("moderation.stage", stage)
            span.set_attribute("moderation.characters", len(text))
            return await asyncio.wait_for(self._batcher.submit((text, stage)), TIMEOUT_S)

    async def works(self) -> None:
        await self.score("a red fox under a green tree", "prompt")

    def assess(self, batch: list[tuple[str, Stage]]) -> list[Assessment]:
        """Assess texts in one call of each model. Blocking."""
        prepared = [self._prepare(text, stage) for text, stage in batch]
        parts = [part for each in prepared for part in each.parts]
        limits = [limit for each in prepared for limit in (MAX_TOKENS, WINDOW_TOKENS)[: len(each.parts)]]
        vectors = self._encoder.encode([part.text for part in parts], max_tokens=limits)
        probabilities = self._heads.score(vectors, np.concatenate([each.lexical for each in prepared]))
        others = [other.score([each.parts[0].text for each in prepared]) for other in self._others]
        out: list[Assessment] = []
        at = 0
        for index, each in enumerate(prepared):
            rows = probabilities[at : at + len(each.parts)]
            at += len(each.parts)
            out.append(self._assessment(each, rows, [scores[index] for scores in others]))
        return out

    def _prepare(self, text: str, stage: Stage) -> _Prepared:
        reading = flatten(read(text, self._vocabulary))
        words = words_of(reading.text)
        hits = self._rules.find(words, stage)
        plain = reading
        if misleading := self._rules.misleading(words):
            reading = flatten(reading.without([(word.start, word.end) for word in misleading]))
            words = words_of(reading.text)
        begins, spelled = [word.start for word in words], [word.text for word in words]
        spans = windows(reading.text)
        parts = [(bisect_left(begins, start), bisect_left(begins, end)) for start, end in spans]
        lexical = self._heads.lexical(spelled, [(0, len(words)), *parts])
        if not spans:
            return _Prepared(plain, hits, [reading], lexical)
        worst = int(lexical[1:].max(axis=1).argmax())
        return _Prepared(plain, hits, [reading, reading.part(*spans[worst])], lexical[[0, 1 + worst]])

    def _assessment(self, each: _Prepared, rows: Floats, others: list[dict[str, float]]) -> Assessment:
        findings: list[Finding] = []
        for column, category in enumerate(self._heads.categories):
            row = int(np.argmax(rows[:, column]))
            part = each.parts[row]
            findings.append(
                Finding(
                    category=category,
                    score=float(rows[row, column]),
                    rule=f"model.{category}",
                    span=part.span(0, len(part.text)) if part.text else None,
                )
            )
        for other, opinion in zip(self._others, others, strict=True):
            name = type(other).__name__.removesuffix("Scorer").lower()
            findings += [
                Finding(category=category, score=score, rule=f"{name}.{category}")
                for category, score in opinion.items()
            ]
        mentions = [hit for hit in each.hits if hit.rule == MENTIONS_MINOR]
        by_head = dict(zip(self._heads.categories, rows.max(axis=0).tolist(), strict=True))
        for hit in each.hits:
            if hit.rule != MENTIONS_MINOR and by_head.get(hit.category, 1.0) >= hit.with_model:
                span = each.reading.span(hit.start, hit.end)
                findings.append(
                    Finding(category=hit.category, score=hit.score, rule=hit.rule, reason=hit.reason, span=span)
                )
        sexual = max((finding.score for finding in findings if finding.category == "sexual"), default=0.0)
        if mentions and sexual >= MINOR_WITH_SEXUAL:
            span = each.reading.span(mentions[0].start, mentions[0].end)
            findings.append(Finding(category=ABSOLUTE, score=sexual, rule=f"{ABSOLUTE}.model", span=span))
        scores: dict[str, float] = {ABSOLUTE: 0.0, "real_person": 0.0, "spam": 0.0}
        for finding in findings:
            scores[finding.category] = max(scores.get(finding.category, 0.0), finding.score)
        return Assessment(
            scores=scores,
            findings=tuple(findings),
            versions=self._versions,
            fingerprint=fingerprint_of(each.reading.text),
        )


def fingerprint_of(plain: str) -> str:
    """What allow-lists know a text by: a hash of its plain reading, so that dressing it up changes nothing."""
    return hashlib.sha256(plain.encode()).hexdigest()
