"""Deciding about prompts, pictures, and what people write. Nothing passes unchecked.

When a scorer fails on one thing, the check fails, and the message is delivered again; the last time the thing is held.
When it fails on everything, what is `patient` waits until it works again. When one overruns its time, the thing is held
at once: what kept the scorer busy once would do so again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import structlog

from services.moderation.outage import Outage
from services.moderation.policy import ABSOLUTE, UNSCORED, Finding, Judgement, Policy, Stage
from services.moderation.ports import (
    POLICY,
    Assessment,
    Case,
    CaseStore,
    DecisionStore,
    ImageScorer,
    MediaReader,
    Record,
    TextScorer,
)
from shared.events import ImageGenerated, PromptSubmitted, Target, TargetKind, Words, utcnow

NAMESPACE = UUID("5d3c2f4e-8f0b-5c58-9a36-6f0c6b2e7d11")
STAGE_OF_WORDS: dict[TargetKind, Stage] = {"comment": "comment", "post": "comment", "profile": "profile"}
"""Under which stage of the policy words are judged, by what they belong to."""
HELD_PRIORITY = 40
ABSOLUTE_PRIORITY = 100
ALLOW_LISTED, BLOCK_LISTED = "allow_list", "block_list"
OVERRUN = Finding(
    category=UNSCORED,
    score=1.0,
    rule="scorer.overrun",
    reason="It could not be checked in time, so a moderator will look at it.",
)
FAILURE = Finding(
    category=UNSCORED,
    score=1.0,
    rule="scorer.failed",
    reason="It could not be checked, so a moderator will look at it.",
)

STOPPED_BEFORE = Finding(
    category=UNSCORED,
    score=1.0,
    rule="stopped_before",
    reason="A moderator stopped this before, so a moderator will look at what it says now.",
)

log = structlog.get_logger(__name__)


class MissingMedia(Exception):
    """The picture isn't in the object store (yet)."""


def decision_id(stage: Stage, *natural_key: object) -> str:
    """The id of the automatic decision on one thing: the same each time the thing is delivered."""
    return str(uuid5(NAMESPACE, ":".join((stage, *map(str, natural_key)))))


class Moderation:
    """Automatic checks. `clock` gives the present moment, `media_key` where a picture's largest rendition lies.

    `final` of a check: nobody asks again, so what a scorer fails on is held for a moderator instead of raising.
    `patient`: while the scorer fails on everything the check waits for it, in its turn, and nothing is held for that.
    `repeated`: it may have been decided already; if not, that is not looked up before, but found when it is recorded.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        texts: TextScorer,
        images: ImageScorer,
        media: MediaReader,
        decisions: DecisionStore,
        cases: CaseStore,
        media_key: Callable[[str], str],
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._policy = policy
        self._texts, self._images, self._media = texts, images, media
        self._texts_down, self._images_down = Outage("texts", texts.works), Outage("images", images.works)
        self._decisions, self._cases = decisions, cases
        self._media_key, self._clock = media_key, clock

    async def working(self) -> None:
        """Raises `ScorerDown` while a scorer is known to fail on everything."""
        await self._texts_down.check()
        await self._images_down.check()

    async def check_prompt(
        self, event: PromptSubmitted, *, final: bool = False, patient: bool = False, repeated: bool = True
    ) -> Record:
        """Decide about a prompt, once for each attempt."""
        return await self._check_text(
            "prompt",
            decision_id("prompt", event.generation_id, event.attempt),
            Target(kind="prompt", id=event.generation_id),
            event.user_id,
            event.request.prompt,
            {"generation_id": event.generation_id, "attempt": event.attempt},
            final=final,
            patient=patient,
            repeated=repeated,
        )

    async def check_words(
        self, words: Words, *, final: bool = False, patient: bool = False, repeated: bool = True
    ) -> Record:
        """Decide about what somebody wrote at one moment for others to read.

        New words of what people have stopped are held: they are not let pass by the policy alone.
        """
        stopped_at = await self._stopped_by_people(words.target) if words.target.kind != "comment" else None
        stage, at = STAGE_OF_WORDS[words.target.kind], words.written_at.isoformat()
        return await self._check_text(
            stage,
            # With the text: of two changes at the same moment one must not pass under the other's name.
            decision_id(stage, words.target.kind, words.target.id, at, words.text),
            words.target,
            words.owner_id,
            words.text,
            {"written_at": at},
            stopped_at,
            final=final,
            patient=patient,
            repeated=repeated,
        )

    async def check_image(
        self, event: ImageGenerated, *, final: bool = False, patient: bool = False, repeated: bool = True
    ) -> Record:
        """Decide about one picture of a generation, for itself alone; raises `MissingMedia` when it isn't stored."""
        name = decision_id("image", event.generation_id, event.attempt, event.index)
        target = Target(kind="image", id=event.rendition.image_id)
        if repeated and (kept := await self._decisions.decision(name)) is not None:
            return await self._settled(kept)
        key = self._media_key(event.rendition.hash)
        data = await self._media.get(key)
        if data is None:
            raise MissingMedia(key)
        down = self._images_down if patient else None
        assessment = await _scored(lambda: self._images.score(data), down, name, final=final)
        if assessment.fingerprint and await self._decisions.is_known(assessment.fingerprint):
            known = Finding(category="known", score=1.0, rule=BLOCK_LISTED)
            assessment = assessment.model_copy(update={"findings": (*assessment.findings, known)})
        context = {
            "generation_id": event.generation_id,
            "attempt": event.attempt,
            "index": event.index,
            "rendition": event.rendition.model_dump(mode="json"),
        }
        return await self._conclude(
            "image",
            name,
            target,
            event.user_id,
            assessment,
            context,
            text=event.prompt,
            image_hash=event.rendition.hash,
        )

    async def _check_text(
        self, stage: Stage, name: str, target: Target, owner_id: str, text: str, context: Mapping[str, Any],
        stopped_at: datetime | None = None, *, final: bool, patient: bool, repeated: bool,
    ) -> Record:  # fmt: skip
        if repeated and (kept := await self._decisions.decision(name)) is not None:
            return await self._settled(kept)
        down = self._texts_down if patient else None
        assessment = await _scored(lambda: self._texts.score(text, stage), down, name, final=final)
        if stopped_at:
            assessment = assessment.model_copy(update={"findings": (*assessment.findings, STOPPED_BEFORE)})
        return await self._conclude(
            stage, name, target, owner_id, assessment, context, text=text, image_hash=None, after=stopped_at
        )

    async def _stopped_by_people(self, target: Target) -> datetime | None:
        """When it was decided on last, if the last that people said of it is that it may not stand."""
        history = await self._decisions.history(target)
        ruled = next((record for record in reversed(history) if not record.automatic), None)
        if ruled is None or ruled.verdict == "allow":
            return None
        # An undoing may have left such words standing that were held for this very reason.
        by_people = ruled.actor != POLICY or ruled.rule == STOPPED_BEFORE.rule
        return history[-1].at if by_people else None

    async def _conclude(
        self, stage: Stage, name: str, target: Target, owner_id: str, assessment: Assessment,
        context: Mapping[str, Any], *, text: str, image_hash: str | None, after: datetime | None = None,
    ) -> Record:  # fmt: skip
        judgement = self._policy.judge(stage, assessment.findings)
        listed = judgement.verdict != "allow" and await self._decisions.allowed(stage, assessment.fingerprint)
        if listed:
            judgement = Judgement(verdict="allow", shadowed=judgement.shadowed)
        finding = judgement.finding
        quarantined = finding is not None and finding.category == ABSOLUTE
        record = Record(
            id=name,
            stage=stage,
            target=target,
            owner_id=owner_id,
            verdict=judgement.verdict,
            category=finding.category if finding else None,
            rule=finding.rule if finding else ALLOW_LISTED if listed else None,
            reason=judgement.reason,
            span=finding.span if finding else None,
            scores={category: round(score, 4) for category, score in assessment.scores.items()},
            threshold=judgement.threshold,
            shadowed=judgement.shadowed,
            versions=assessment.versions,
            policy_version=self._policy.version,
            fingerprint=assessment.fingerprint,
            text=None if quarantined else text,
            image_hash=image_hash,
            context=dict(context),
            at=max(self._clock(), after + timedelta(milliseconds=1)) if after else self._clock(),
        )
        return await self._settled(await self._decisions.record(record))

    async def _settled(self, record: Record) -> Record:
        """The record, after making sure that what must be seen by a moderator is in the queue, also after a crash."""
        absolute = record.category == ABSOLUTE
        if record.verdict != "hold" and not absolute:
            return record
        latest = await self._decisions.latest(record.target)
        if latest is None or latest.id == record.id:
            why = f"held by {record.rule}" if record.verdict == "hold" else f"quarantined by {record.rule}"
            await self._cases.open(
                Case(
                    target=record.target,
                    owner_id=record.owner_id,
                    priority=ABSOLUTE_PRIORITY if absolute else HELD_PRIORITY,
                    why=(why,),
                    opened_at=self._clock(),
                    text=record.text,
                    image_hash=record.image_hash,
                )
            )
        return record


async def _scored(
    score: Callable[[], Awaitable[Assessment]], down: Outage | None, name: str, *, final: bool
) -> Assessment:
    while True:
        try:
            return await score()
        except TimeoutError:
            finding = OVERRUN
        except Exception as error:
            if down is not None and await down.waited_for():
                continue
            if not final:
                raise
            # Not with its traceback: what failed may quote what it failed on.
            log.error("held, because it could not be scored", decision_id=name, error=type(error).__name__)
            finding = FAILURE
        return Assessment(scores={UNSCORED: finding.score}, findings=(finding,))
