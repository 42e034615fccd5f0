"""Reports, appeals, the queue, and moderators' verdicts. Every decision can be reversed, and none is erased."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid5

import structlog

from services.moderation.policy import ABSOLUTE, Policy
from services.moderation.ports import (
    POLICY,
    Case,
    CaseState,
    CaseStore,
    DecisionStore,
    Outcome,
    Overruled,
    Overturned,
    Record,
    Report,
    Ruling,
    reported,
)
from services.moderation.service import ALLOW_LISTED, BLOCK_LISTED, NAMESPACE
from shared.events import ContentReported, DecisionAppealed, DecisionMade, Target, utcnow
from shared.queries import Decide, Decided, ModerationQueue, QueueEntries, QueueEntry, Undo, Undone

log = structlog.get_logger(__name__)

REASON_PRIORITY = {
    "minor_safety": 98,
    "intimate_image": 95,
    "self_harm": 85,
    "violence": 75,
    "hate": 70,
    "harassment": 65,
    "sexual": 60,
    "illegal": 60,
    "impersonation": 45,
    "copyright": 45,
    "spam": 30,
}
OTHER_PRIORITY = 20
APPEAL_PRIORITY = 55
FULL_PRIORITY_FROM = 90
INTIMATE_CLOCK = timedelta(hours=48)
STANDING_PERIOD = timedelta(days=30)
TRIES = 5
"""How often a verdict that others came before is given again."""


class Review:
    """Cases and their verdicts."""

    def __init__(
        self, *, policy: Policy, decisions: DecisionStore, cases: CaseStore, clock: Callable[[], datetime] = utcnow
    ) -> None:
        self._policy, self._decisions, self._cases, self._clock = policy, decisions, cases, clock

    async def report(self, event: ContentReported) -> None:
        """Take a report into the queue. It hides nothing; its urgency depends on what it says and who says it."""
        at = self._clock()
        report = Report(
            id=event.report_id,
            reporter_id=event.reporter_id,
            target=event.target,
            reason=event.reason,
            text=event.text,
            at=at,
        )
        await self._cases.report(report)
        known = await self._decisions.latest(event.target)
        upheld, settled = await self._cases.reputation(event.reporter_id)
        base = REASON_PRIORITY.get(event.reason, OTHER_PRIORITY)
        trust = (upheld + 1) / (settled + 2)
        priority = base if base >= FULL_PRIORITY_FROM else round(base * (0.5 + trust))
        others = len({each.reporter_id for each in await self._cases.reports(event.target)}) - 1
        await self._cases.open(
            Case(
                target=event.target,
                owner_id=event.owner_id,
                priority=max(0, min(priority + min(others, 5), 97 if base < FULL_PRIORITY_FROM else base)),
                why=(reported(event.reason, event.text),),
                opened_at=at,
                due_at=event.occurred_at + INTIMATE_CLOCK if event.reason == "intimate_image" else None,
                text=known.text if known else None,
                image_hash=known.image_hash if known else None,
            )
        )

    async def appeal(self, event: DecisionAppealed) -> None:
        """Open the case of the decision that a person appeals. Someone else's or an unknown decision is left alone."""
        record = await self._decisions.decision(event.decision_id)
        if record is None or record.owner_id != event.user_id:
            log.warning("appeal without a decision of this person", decision_id=event.decision_id)
            return
        await self._cases.open(
            Case(
                target=record.target,
                owner_id=record.owner_id,
                priority=100 if record.category == ABSOLUTE else APPEAL_PRIORITY,
                why=("appealed" + (f": {event.text}" if event.text else ""),),
                opened_at=self._clock(),
                text=record.text,
                image_hash=record.image_hash,
            )
        )

    async def queue(self, query: ModerationQueue) -> QueueEntries:
        """One page of cases, with each one's history and its owner's last 30 days."""
        cases, cursor = await self._cases.cases(query.state, query.limit, query.cursor)
        return QueueEntries(items=tuple([await self._entry(case) for case in cases]), next_cursor=cursor)

    async def _entry(self, case: Case) -> QueueEntry:
        standing = await self._decisions.standing(case.owner_id, self._clock() - STANDING_PERIOD)
        reports = await self._cases.reports(case.target)
        why = [*case.why]
        if case.due_at:
            why.append(f"due by {case.due_at:%Y-%m-%d %H:%M} UTC")
        why.append(
            f"this person, last 30 days: {standing.stopped} of {standing.checked} stopped, {standing.strikes} strikes"
        )
        decisions = await self._decisions.history(case.target)
        steps = [_decision_step(each) for each in decisions]
        steps += [_report_step(each) for each in reports]
        return QueueEntry(
            case_id=case.id,
            target_kind=case.target.kind,
            target_id=case.target.id,
            owner_id=case.owner_id,
            state=case.state,
            priority=case.priority,
            opened_at=case.opened_at,
            why=tuple(why),
            text=case.text,
            image_hash=case.image_hash,
            quarantined=any(each.category == ABSOLUTE for each in decisions),
            history=tuple(sorted(steps, key=lambda step: str(step["at"]))),
        )

    async def decide(self, query: Decide) -> Decided:
        """Keep a moderator's verdict, tell it, and learn from it; no decision on what nobody knows.

        Raises:
            Overruled: others kept deciding on the same target at the same time.
        """
        for _ in range(TRIES - 1):
            with contextlib.suppress(Overruled):
                return await self._decide(query)
        return await self._decide(query)

    async def _decide(self, query: Decide) -> Decided:
        target = query.target
        history, case = await self._decisions.history(target), await self._cases.case(target)
        before = history[-1] if history else None
        owner_id = before.owner_id if before else case.owner_id if case else query.owner_id
        if owner_id is None:
            return Decided(decision_id=None)
        record = Record(
            **self._next(target, history, before, case),
            owner_id=owner_id,
            verdict=query.verdict,
            category=before.category if before and query.verdict != "allow" else None,
            rule="moderator",
            reason=query.reason,
            actor=query.actor_id,
        )
        state: CaseState = "open" if record.verdict == "hold" else "closed"
        await self._decisions.rule(_ruling(record, history, state))
        return Decided(decision_id=record.id)

    async def undo(self, query: Undo) -> Undone:
        """Have what stood before a moderator's verdict stand again; nothing happens unless that verdict is the last."""
        undone = await self._decisions.decision(query.decision_id)
        if undone is None or undone.automatic:
            return Undone(decision_id=None)
        history, case = await self._decisions.history(undone.target), await self._cases.case(undone.target)
        if not history or history[-1].id != undone.id:
            return Undone(decision_id=None)
        before = next((each for each in history if each.id == undone.supersedes), None)
        stood = before.model_dump(include={"verdict", "category", "rule", "reason", "span", "actor"}) if before else {}
        # Of what was only reported nothing had been decided: it stood.
        facts = {"verdict": "allow", **stood, "owner_id": undone.owner_id, "undone_by": query.actor_id}
        record = Record(**self._next(undone.target, history, undone, case), **facts)
        try:
            await self._decisions.rule(_ruling(record, history, undone.found_case))
        except Overruled:
            return Undone(decision_id=None)
        return Undone(decision_id=record.id)

    def _next(
        self, target: Target, history: Sequence[Record], before: Record | None, case: Case | None
    ) -> dict[str, Any]:
        """What a moderator's decision takes from where it stands in its target's history.

        Its id follows from the last one of theirs, so that of two at the same time one can be kept. Its time is later
        than all before, whatever the clocks of several processes say.
        """
        ruled = [each.id for each in history if not each.automatic]
        at = self._clock()
        return {
            "id": str(uuid5(NAMESPACE, f"ruling:{target.kind}:{target.id}:{ruled[-1] if ruled else ''}")),
            "stage": before.stage if before else target.kind,
            "target": target,
            "policy_version": self._policy.version,
            "fingerprint": before.fingerprint if before else "",
            "text": before.text if before else None,
            "image_hash": before.image_hash if before else None,
            "context": before.context if before else {},
            "supersedes": before.id if before else None,
            "found_case": case.state if case else "closed",
            "at": max(at, history[-1].at + timedelta(milliseconds=1)) if history else at,
        }


def _ruling(record: Record, history: Sequence[Record], case: CaseState) -> Ruling:
    """What follows from a verdict, whoever's it is and however it came to stand.

    What the policy had stopped and people let pass, passes from now on. A picture that people block is known again.
    """
    by_people = record.actor != POLICY
    settled: dict[str, Outcome] = {"allow": "dismissed", "block": "upheld"}
    stopped = any(each.automatic and each.verdict != "allow" for each in history)
    listed = record.verdict == "allow" and ((by_people and stopped) or record.rule == ALLOW_LISTED)
    return Ruling(
        record=record,
        told=DecisionMade(
            decision_id=record.id,
            target=record.target,
            owner_id=record.owner_id,
            decision=record.shown(),
            context=record.context,
            occurred_at=record.at,
        ),
        case=case,
        reports=settled.get(record.verdict) if by_people else None,
        allowed=Overturned(
            stage=record.stage, fingerprint=record.fingerprint, text=record.text, decision_id=record.id, at=record.at
        )
        if listed
        else None,
        known=record.verdict == "block" and (by_people or record.rule == BLOCK_LISTED),
    )


def _decision_step(record: Record) -> dict[str, object]:
    facts = record.model_dump(
        include={"id", "actor", "verdict", "category", "rule", "reason", "scores", "shadowed", "undone_by"}
    )
    return {"at": record.at.isoformat(), "kind": "decision", **facts}


def _report_step(report: Report) -> dict[str, object]:
    facts = report.model_dump(include={"id", "reason", "text", "outcome"})
    return {"at": report.at.isoformat(), "kind": "report", "actor": report.reporter_id, **facts}
