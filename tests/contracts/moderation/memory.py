"""Moderation's stores in memory, for tests of what lies above them. Held to the same contract as the real ones."""

from __future__ import annotations

from datetime import datetime

from services.moderation.image.likeness import alike
from services.moderation.policy import Stage
from services.moderation.ports import Case, Overruled, Overturned, Record, Report, Ruling, Standing, reported
from shared.events import Event, Target


class MemoryStores:
    """Decisions, cases and reports in dictionaries; `told` collects the events that go with moderators' decisions."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.kept_cases: dict[str, Case] = {}
        self.kept_reports: dict[str, Report] = {}
        self.listed: dict[tuple[Stage, str], Overturned] = {}
        self.pictures: set[str] = set()
        self.told: list[Event] = []
        self.gone: set[str] = set()

    async def decision(self, decision_id: str) -> Record | None:
        return self.records.get(decision_id)

    async def history(self, target: Target) -> list[Record]:
        found = [record for record in self.records.values() if record.target == target]
        return sorted(found, key=lambda record: (record.at, not record.automatic, record.id))

    async def latest(self, target: Target) -> Record | None:
        found = await self.history(target)
        return found[-1] if found else None

    async def record(self, record: Record) -> Record:
        return self.records.setdefault(record.id, record)

    async def rule(self, ruling: Ruling) -> None:
        record = ruling.record
        if record.id in self.records:
            raise Overruled(record.id)
        self.records[record.id] = record
        self.told.append(ruling.told)
        if (case := await self.case(record.target)) is not None:
            self.kept_cases[case.id] = case.model_copy(update={"state": ruling.case})
        for report in await self.reports(record.target):
            self.kept_reports[report.id] = report.model_copy(update={"outcome": ruling.reports})
        if not record.fingerprint:
            return
        self.listed.pop((record.stage, record.fingerprint), None)
        if ruling.allowed is not None:
            self.listed[(record.stage, record.fingerprint)] = ruling.allowed
        if record.stage == "image":
            self.pictures.discard(record.fingerprint)
            self.pictures |= {record.fingerprint} if ruling.known else set()

    async def standing(self, owner_id: str, since: datetime) -> Standing:
        mine = [record for record in self.records.values() if record.owner_id == owner_id and record.at >= since]
        last = {record.target: record for record in sorted(mine, key=lambda record: record.at)}
        stopped = [record for record in last.values() if record.verdict != "allow"]
        strikes = sum(record.verdict == "block" and record.actor != "policy" for record in stopped)
        return Standing(checked=len(last), stopped=len(stopped), strikes=strikes)

    async def erase(self, user_id: str) -> None:
        mine = {record.id for record in self.records.values() if record.owner_id == user_id}
        for key, case in self.listed.items():
            if case.decision_id in mine:
                self.listed[key] = case.model_copy(update={"text": None})
        for record in [each for each in self.records.values() if each.owner_id == user_id]:
            gone = {"owner_id": "erased", "text": None, "span": None, "image_hash": None, "context": {}}
            self.records[record.id] = record.model_copy(update=gone)
        self.kept_cases = {name: case for name, case in self.kept_cases.items() if case.owner_id != user_id}
        for report in [each for each in self.kept_reports.values() if each.reporter_id == user_id]:
            if (case := await self.case(report.target)) is not None:
                told, kept = reported(report.reason, report.text), reported(report.reason, "")
                why = tuple(dict.fromkeys(kept if line == told else line for line in case.why))
                self.kept_cases[case.id] = case.model_copy(update={"why": why})
            self.kept_reports[report.id] = report.model_copy(update={"reporter_id": "erased", "text": ""})
        for kept_by_id in (self.records, self.kept_reports):
            for name, about in kept_by_id.items():
                if about.target.kind in ("profile", "user") and about.target.id == user_id:
                    target = about.target.model_copy(update={"id": "erased"})
                    kept_by_id[name] = about.model_copy(update={"target": target})
        self.gone.add(user_id)

    async def erased(self, user_id: str) -> bool:
        return user_id in self.gone

    async def allowed(self, stage: Stage, fingerprint: str) -> bool:
        return (stage, fingerprint) in self.listed

    async def overturned(self) -> list[Overturned]:
        return sorted(self.listed.values(), key=lambda case: case.at)

    async def is_known(self, fingerprint: str) -> bool:
        return any(alike(fingerprint, each) for each in self.pictures)

    async def case(self, target: Target) -> Case | None:
        return self.kept_cases.get(f"{target.kind}:{target.id}")

    async def open(self, case: Case) -> None:
        before = self.kept_cases.get(case.id)
        if before is None or before.state == "closed":
            self.kept_cases[case.id] = case
            return
        why = (*before.why, *(reason for reason in case.why if reason not in before.why))
        facts = case.model_dump(include={"text", "image_hash", "due_at"}, exclude_none=True)
        priority = max(before.priority, case.priority)
        self.kept_cases[case.id] = before.model_copy(update={**facts, "why": why, "priority": priority})

    async def cases(self, state: str, limit: int, cursor: str | None) -> tuple[list[Case], str | None]:
        found = sorted(
            (case for case in self.kept_cases.values() if case.state == state),
            key=lambda case: (-case.priority, case.opened_at, case.id),
        )
        start = 0
        if cursor is not None:
            names = [case.id for case in found]
            if cursor not in names:
                raise ValueError("not a cursor of the moderation queue")
            start = names.index(cursor) + 1
        page = found[start : start + limit]
        return page, page[-1].id if start + limit < len(found) else None

    async def report(self, report: Report) -> bool:
        for each in self.kept_reports.values():
            if (each.reporter_id, each.target) == (report.reporter_id, report.target):
                return False
        self.kept_reports[report.id] = report
        return True

    async def reports(self, target: Target) -> list[Report]:
        return sorted((each for each in self.kept_reports.values() if each.target == target), key=lambda each: each.at)

    async def reputation(self, reporter_id: str) -> tuple[int, int]:
        settled = [each for each in self.kept_reports.values() if each.reporter_id == reporter_id and each.outcome]
        return sum(each.outcome == "upheld" for each in settled), len(settled)
