"""What moderation needs from the world, and the plain records it keeps."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Protocol

from pydantic import Field

from services.moderation.policy import Finding, Stage
from shared.events import Decision, DecisionMade, Event, Fact, Target, TargetKind, Verdict

CaseState = Literal["open", "closed"]
Outcome = Literal["upheld", "dismissed"]
POLICY = "policy"


class Assessment(Fact):
    """What a scorer found: the score of each category, 0..1, its findings, and the versions of what looked."""

    scores: dict[str, float]
    findings: tuple[Finding, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)
    fingerprint: str = Field("", description="What allow-lists and block lists know the content by.")


class Record(Fact):
    """One decision, written once and never changed. `actor` is "policy" or a moderator's id: whose verdict it is.

    With `undone_by`, a moderator took back the verdict `supersedes`, and this is what had stood before, once more.
    """

    id: str
    stage: TargetKind
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
    actor: str = POLICY
    versions: dict[str, str] = Field(default_factory=dict)
    policy_version: str = ""
    fingerprint: str = ""
    text: str | None = None
    image_hash: str | None = None
    context: dict[str, Any] = Field(default_factory=dict)
    supersedes: str | None = None
    undone_by: str | None = None
    found_case: CaseState = Field("open", description="Of a moderator's: how its target's case stood. Undone, it does.")
    at: datetime

    @property
    def automatic(self) -> bool:
        return self.actor == POLICY and self.undone_by is None

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
    state: CaseState = "open"
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
    outcome: Outcome | None = None


def reported(reason: str, text: str) -> str:
    """A report as a line of why its target's case is open."""
    return f"reported: {reason}" + (f" — {text}" if text else "")


class Overturned(Fact):
    """Content that moderators allowed after it had been stopped: a test for all later versions."""

    stage: TargetKind
    fingerprint: str
    text: str | None
    decision_id: str
    at: datetime


class Ruling(Fact):
    """A moderator's decision and all that follows from it, for one write."""

    record: Record
    told: DecisionMade
    case: CaseState
    reports: Outcome | None = Field(description="How the target's reports are settled; None leaves them open.")
    allowed: Overturned | None = Field(description="For the allow-list and the regression cases; None takes it off.")
    known: bool = Field(description="Whether the picture stands on the block list.")


class Overruled(Exception):
    """Another decision on the same target was kept in the meantime."""


class Standing(Fact):
    """One person's last 30 days: how much was checked, how much was stopped, and how many strikes still count."""

    checked: int
    stopped: int
    strikes: int


class TextScorer(Protocol):
    async def score(self, text: str, stage: Stage) -> Assessment:
        """Assess a text; raises when any part that should look at it can't, TimeoutError when one overruns its time."""
        ...

    async def works(self) -> None:
        """Score something harmless: raises when the scorer is broken, rather than the text that it failed on."""
        ...


class ImageScorer(Protocol):
    async def score(self, data: bytes) -> Assessment:
        """Assess an encoded picture; an unreadable one is a finding. Raises as `TextScorer` does."""
        ...

    async def works(self) -> None:
        """As `TextScorer.works`."""
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

    async def rule(self, ruling: Ruling) -> None:
        """Keep a moderator's decision with all that follows from it, or nothing; `Overruled` if its id is taken."""
        ...

    async def standing(self, owner_id: str, since: datetime) -> Standing: ...

    async def erase(self, user_id: str) -> None:
        """Forget what a person wrote and who they were; the decisions stay, without either."""
        ...

    async def erased(self, user_id: str) -> bool:
        """Whether a person was erased, so that what is still told of them can be passed over."""
        ...

    async def allowed(self, stage: Stage, fingerprint: str) -> bool: ...

    async def overturned(self) -> list[Overturned]: ...

    async def is_known(self, fingerprint: str) -> bool:
        """Whether moderators have blocked a picture that looks the same; from the moment they do, in every process."""
        ...


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
