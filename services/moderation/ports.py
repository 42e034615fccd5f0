"""What moderation needs from the world, and the plain records it keeps."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Protocol

from pydantic import Field

from services.moderation.policy import Finding, Stage
from shared.events import Decision, Event, Fact, Target, Verdict


class Assessment(Fact):
    """What a scorer found: the score of each category, 0..1, its findings, and the versions of what looked."""

    scores: dict[str, float]
    findings: tuple[Finding, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)
    fingerprint: str = Field("", description="What allow-lists and block lists know the content by.")


class Record(Fact):
    """One decision, written once and never changed. `actor` is "policy" or a moderator's id."""

    id: str
    stage: Stage
    target: Target
    owner_id: str
    verdict: Verdict
    category: str | None = None
    rule: str | None = None
    reason: str = ""
    span: tuple[int, int] | None = None
    scores: dict[str, float] = Field(default_factory=dict)
    threshold: float | None = None
    shadowed: tuple[str, ...] = ()
    actor: str = "policy"
    versions: dict[str, str] = Field(default_factory=dict)
    policy_version: str = ""
    fingerprint: str = ""
    text: str | None = None
    image_hash: str | None = None
    context: dict[str, Any] = Field(default_factory=dict)
    supersedes: str | None = None
    at: datetime

    def shown(self) -> Decision:
        """The part that the person concerned may see."""
        return Decision(
            id=self.id,
            stage=self.stage,
            verdict=self.verdict,
            category=self.category,
            rule=self.rule,
            reason=self.reason,
            span=self.span,
            policy_version=self.policy_version,
        )


class Case(Fact):
    """A target that waits for a moderator, or did. One for each target; it can be opened again."""

    target: Target
    owner_id: str
    priority: int = Field(ge=0, le=100)
    why: tuple[str, ...]
    opened_at: datetime
    due_at: datetime | None = None
    state: Literal["open", "closed"] = "open"
    text: str | None = None
    image_hash: str | None = None

    @property
    def id(self) -> str:
        return f"{self.target.kind}:{self.target.id}"


class Report(Fact):
    """One person's report of one target."""

    id: str
    reporter_id: str
    target: Target
    reason: str
    text: str = ""
    at: datetime
    outcome: Literal["upheld", "dismissed"] | None = None


def reported(reason: str, text: str) -> str:
    """A report as a line of why its target's case is open."""
    return f"reported: {reason}" + (f" — {text}" if text else "")


class Overturned(Fact):
    """Content that moderators allowed after it had been stopped: a test for all later versions."""

    stage: Stage
    fingerprint: str
    text: str | None
    decision_id: str
    at: datetime


class Standing(Fact):
    """One person's last 30 days: how much was checked, how much was stopped, and how many strikes still count."""

    checked: int
    stopped: int
    strikes: int


class TextScorer(Protocol):
    async def score(self, text: str, stage: Stage) -> Assessment:
        """Assess a text; raises when any part that should look at it can't, TimeoutError when one overruns its time."""
        ...


class ImageScorer(Protocol):
    async def score(self, data: bytes) -> Assessment:
        """Assess an encoded picture; an unreadable one is a finding. Raises as `TextScorer` does."""
        ...


class MediaReader(Protocol):
    async def get(self, key: str) -> bytes | None: ...


class Emitter(Protocol):
    async def emit(self, event: Event) -> None: ...


class DecisionStore(Protocol):
    """Decisions, append-only."""

    async def decision(self, decision_id: str) -> Record | None: ...

    async def latest(self, target: Target) -> Record | None: ...

    async def history(self, target: Target) -> list[Record]:
        """All decisions on a target, oldest first."""
        ...

    async def record(self, record: Record) -> Record:
        """Keep a decision. If one of that id is kept already, that one is returned and nothing is written."""
        ...

    async def rule(self, record: Record, event: Event) -> None:
        """Keep a moderator's decision together with the event that tells it, close its case, and settle its reports."""
        ...

    async def standing(self, owner_id: str, since: datetime) -> Standing: ...

    async def erase(self, user_id: str) -> None:
        """Forget what a person wrote and who they were; the decisions stay, without either."""
        ...

    async def erased(self, user_id: str) -> bool:
        """Whether a person was erased, so that what is still told of them can be passed over."""
        ...

    async def allowed(self, stage: Stage, fingerprint: str) -> bool: ...

    async def overturn(self, case: Overturned) -> None:
        """Put content on the allow-list and among the regression cases."""
        ...

    async def restore(self, stage: Stage, fingerprint: str) -> None:
        """Take content off the allow-list and out of the regression cases again."""
        ...

    async def overturned(self) -> list[Overturned]: ...

    async def known_pictures(self) -> set[str]:
        """Fingerprints of the pictures that moderators blocked."""
        ...

    async def block_picture(self, fingerprint: str) -> None: ...

    async def unblock_picture(self, fingerprint: str) -> None: ...


class CaseStore(Protocol):
    """Cases and reports."""

    async def case(self, target: Target) -> Case | None: ...

    async def open(self, case: Case) -> None:
        """Open a case, or add reasons and priority to the one that is open."""
        ...

    async def cases(self, state: str, limit: int, cursor: str | None) -> tuple[list[Case], str | None]:
        """One page: highest priority first, then the oldest. The cursor is opaque; ValueError if it is not ours."""
        ...

    async def report(self, report: Report) -> bool:
        """Keep a report; False when this person has reported this target before."""
        ...

    async def reports(self, target: Target) -> list[Report]: ...

    async def reputation(self, reporter_id: str) -> tuple[int, int]:
        """How many of a person's settled reports were upheld, and how many there are."""
        ...
