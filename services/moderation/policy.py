"""From scores to a verdict: thresholds, actions and modes, as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from shared.events import Fact, Verdict

Stage = Literal["prompt", "image", "comment", "profile"]
STAGES: tuple[Stage, ...] = ("prompt", "image", "comment", "profile")
ABSOLUTE = "sexual_minor"
ABSOLUTE_SCORE = 0.5
UNSCORED = "unscored"
"""Of what no scorer came to an end with: held, whatever the policy says."""
DEFAULT_POLICY = Path(__file__).with_name("policy.toml")
_SEVERITY: dict[Verdict, int] = {"allow": 0, "hold": 1, "block": 2}


class Finding(Fact):
    """One reason to act: a category's score, 0..1, and where it came from."""

    category: str
    score: float
    rule: str
    reason: str = ""
    span: tuple[int, int] | None = Field(None, description="Characters [start, end) of the original text.")


class Judgement(Fact):
    """A verdict with what led to it. `threshold` is the score from which on this was done."""

    verdict: Verdict
    finding: Finding | None = None
    reason: str = ""
    threshold: float | None = None
    shadowed: tuple[str, ...] = Field((), description="Categories that would have been acted on, were they enforced.")


class Line(Fact):
    """The policy for one category at one stage."""

    hold: float | None = Field(None, ge=0, le=1)
    block: float | None = Field(None, ge=0, le=1)
    mode: Literal["off", "shadow", "enforce"]

    @model_validator(mode="after")
    def ordered(self) -> Line:
        if self.hold is not None and self.block is not None and self.hold > self.block:
            raise ValueError("hold must not be above block")
        return self

    def verdict(self, score: float) -> tuple[Verdict, float | None]:
        if self.block is not None and score >= self.block:
            return "block", self.block
        if self.hold is not None and score >= self.hold:
            return "hold", self.hold
        return "allow", None


class Policy:
    """All lines, by stage and category."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.version = str(document["version"])
        self._reasons: dict[str, str] = dict(document["reasons"])
        self._lines: dict[Stage, dict[str, Line]] = {
            stage: {category: Line.model_validate(line) for category, line in document.get(stage, {}).items()}
            for stage in STAGES
        }
        for stage in STAGES:
            if ABSOLUTE in self._lines[stage]:
                raise ValueError(f"{stage}.{ABSOLUTE} can't be configured: it is always blocked")
            if UNSCORED in self._lines[stage]:
                raise ValueError(f"{stage}.{UNSCORED} can't be configured: it is always held")
            if unexplained := set(self._lines[stage]) - set(self._reasons):
                raise ValueError(f"no reason given for {sorted(unexplained)}")

    @classmethod
    def load(cls, path: Path = DEFAULT_POLICY) -> Policy:
        return cls(tomllib.loads(path.read_text("utf-8")))

    def holds_from(self, stage: Stage, category: str) -> float | None:
        """The score from which on something is held; None where nothing is."""
        line = self._lines[stage].get(category)
        return line.hold if line and line.mode == "enforce" else None

    def judge(self, stage: Stage, findings: tuple[Finding, ...]) -> Judgement:
        """The strictest verdict that any finding calls for; of equal ones, that of the highest score."""
        best: tuple[int, float] = (0, 0.0)
        judgement = Judgement(verdict="allow")
        shadowed: list[str] = []
        for finding in findings:
            line = self._lines[stage].get(finding.category)
            if finding.category == ABSOLUTE:
                line = Line(block=ABSOLUTE_SCORE, mode="enforce")
            elif finding.category == UNSCORED:
                line = Line(hold=finding.score, mode="enforce")
            if line is None or line.mode == "off":
                continue
            verdict, threshold = line.verdict(finding.score)
            if verdict != "allow" and line.mode == "shadow":
                shadowed.append(finding.category)
                continue
            severity = 3 if finding.category == ABSOLUTE and verdict == "block" else _SEVERITY[verdict]
            if (severity, finding.score) > best and severity:
                best = (severity, finding.score)
                reason = finding.reason or self._reasons.get(finding.category, "")
                judgement = Judgement(verdict=verdict, finding=finding, reason=reason, threshold=threshold)
        return judgement.model_copy(update={"shadowed": tuple(shadowed)})
