"""Measures the installed moderation: `python -m training.moderation.evaluate --data FOLDER [--report FOLDER]`.

Reads every .tsv of the folder in the format of the moderation data: a column `prompt` or `text`, and labels where there
are any (`label`, OpenAI's letters). Prints a table and writes a Markdown report with plots.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score

from services.moderation.policy import Policy
from services.moderation.ports import Assessment
from services.moderation.regressions import read_cases
from services.moderation.scorers import text_scorer
from services.moderation.settings import ModerationSettings
from services.moderation.text.heads import Heads
from services.moderation.text.scorer import LayeredTextScorer
from training.moderation.corpus import OPENAI, rows
from training.moderation.evasions import EVASIONS, padded
from training.moderation.plots import plot_precision, plot_stopped

POSITIVE = {"hateful", "toxic", "1", "true", "harmful", "unsafe", "explicit", "sexual", "nsfw"}
LABEL_CATEGORY = {"hateful": "hate", "toxic": "harassment", "explicit": "sexual", "sexual": "sexual", "nsfw": "sexual"}
EVADED = 60


@dataclass
class Measured:
    """One file: what was found in each text, and the labels by category (`any` for whether any category holds)."""

    name: str
    seen: bool
    texts: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    labels: dict[str, list[int]] = field(default_factory=dict)
    found: list[Assessment] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    def scores(self, category: str) -> np.ndarray:
        if category == "any":
            return np.array([max(each.scores.values()) for each in self.found])
        return np.array([each.scores.get(category, 0.0) for each in self.found])

    def rate(self, *verdicts: str) -> float:
        return float(np.mean([verdict in verdicts for verdict in self.verdicts])) if self.verdicts else 0.0


def read_set(path: Path, trained_on: set[str], limit: int | None) -> Measured:
    """Texts and labels of one file; -1 is unknown."""
    measured = Measured(path.stem, hashlib.sha256(path.read_bytes()).hexdigest() in trained_on)
    for row in list(rows(path))[:limit]:
        text = row.get("prompt") or row.get("text") or ""
        if not text.strip():
            continue
        measured.texts.append(text)
        measured.groups.append(row.get("target") or "")
        labels: dict[str, int] = {}
        if label := (row.get("label") or "").lower():
            category = next((LABEL_CATEGORY[name] for name in LABEL_CATEGORY if name in label), "any")
            labels[category] = int(label in POSITIVE)
            if category == "any":
                labels["any"] = int(label in POSITIVE)
        for column, category in {**OPENAI, "any": "any"}.items():
            if row.get(column) in ("0", "1"):
                labels[category] = max(labels.get(category, 0), int(row[column] or 0))
        for category in labels:
            measured.labels.setdefault(category, [-1] * (len(measured.texts) - 1))
        for category, column_labels in measured.labels.items():
            column_labels.append(labels.get(category, -1))
    return measured


def run(scorer: LayeredTextScorer, policy: Policy, measured: Measured) -> None:
    """Score every text, one at a time, as the service does when nobody else waits."""
    for text in measured.texts:
        started = time.perf_counter()
        (assessment,) = scorer.assess([(text, "prompt")])
        measured.milliseconds.append(1000 * (time.perf_counter() - started))
        measured.found.append(assessment)
        measured.verdicts.append(policy.judge("prompt", assessment.findings).verdict)


def set_table(sets: list[Measured]) -> list[str]:
    lines = ["| set | texts | held | blocked | average precision | trained on |", "|---|---|---|---|---|---|"]
    for each in sets:
        cells = []
        for category, labels in each.labels.items():
            known = np.array(labels) >= 0
            truth = np.array(labels)[known]
            if 0 < truth.sum() < len(truth):
                cells.append(f"{category} {average_precision_score(truth, each.scores(category)[known]):.3f}")
        seen = "yes" if each.seen else "no"
        rates = f"{each.rate('hold'):.2%} | {each.rate('block'):.2%}"
        lines.append(f"| {each.name} | {len(each.texts)} | {rates} | {', '.join(cells) or '–'} | {seen} |")
    return lines


def group_table(sets: list[Measured]) -> list[str]:
    """How often texts that must not be flagged are stopped, by the group they name."""
    lines: list[str] = []
    for each in sets:
        harmless = [not any(labels[at] == 1 for labels in each.labels.values()) for at in range(len(each.texts))]
        for group in sorted({group for group in each.groups if group}):
            stopped = [
                verdict != "allow"
                for verdict, ok, name in zip(each.verdicts, harmless, each.groups, strict=True)
                if ok and name == group
            ]
            if stopped:
                lines.append(f"| {each.name} | {group} | {len(stopped)} | {np.mean(stopped):.1%} |")
    return ["| set | group | harmless texts | stopped |", "|---|---|---|---|", *lines] if lines else []


def evasion_table(scorer: LayeredTextScorer, policy: Policy, sets: list[Measured]) -> list[str]:
    """Recall on short texts that are stopped undisguised, when they are disguised."""
    stopped = [
        text
        for each in sets
        for text, verdict, found in zip(each.texts, each.verdicts, each.found, strict=True)
        if verdict != "allow" and len(text) <= 300 and found.scores["sexual"] >= 0.6
    ][:EVADED]
    if not stopped:
        return []
    lines = ["| disguise | still stopped |", "|---|---|"]
    for name, disguise in {**EVASIONS, "benign padding": padded}.items():
        kept = [
            policy.judge("prompt", scorer.assess([(disguise(text), "prompt")])[0].findings).verdict != "allow"
            for text in stopped
        ]
        lines.append(f"| {name} | {np.mean(kept):.1%} |")
    return [f"{len(stopped)} sexual texts of the sets above that are stopped as they are.", "", *lines]


def regression_lines(scorer: LayeredTextScorer, policy: Policy, path: Path) -> list[str]:
    """What became of the texts that moderators let pass: allowed by the models, by the allow-list only, or not."""
    if not path.is_file():
        return []
    alone = listed = 0
    for case in (cases := read_cases(path)):
        (found,) = scorer.assess([(case.text, case.stage)])
        allowed = policy.judge(case.stage, found.findings).verdict == "allow"
        alone += allowed
        listed += not allowed and found.fingerprint == case.fingerprint
    passed = f"{alone} pass by the models alone, {listed} by the allow-list only"
    return [f"{len(cases)} texts that moderators let pass: {passed}, {len(cases) - alone - listed} no longer.", ""]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.moderation.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with .tsv files")
    parser.add_argument("--report", type=Path, default=Path("var/moderation-report"), help="folder of the report")
    parser.add_argument("--limit", type=int, help="at most this many texts of each file, for a quick look")
    arguments = parser.parse_args()
    files = sorted(arguments.data.glob("*.tsv")) if arguments.data.is_dir() else []
    if not files:
        parser.error(f"no .tsv files in {arguments.data}")
    settings = ModerationSettings()
    policy, scorer, trained_on = Policy.load(settings.moderation_policy), text_scorer(settings), Heads.load().trained_on
    scorer.assess([("warm up", "prompt")])
    sets: list[Measured] = []
    for path in files:
        measured = read_set(path, trained_on, arguments.limit)
        print(f"{measured.name}: {len(measured.texts)} texts", flush=True)
        run(scorer, policy, measured)
        sets.append(measured)
    times = np.concatenate([each.milliseconds for each in sets])
    table = set_table(sets)
    lines = ["# Moderation, measured", "", f"Policy {policy.version}, {Heads.load().version}.", "", *table, ""]
    lines += ["Sets that were trained on say how well the heads fit, not how well they generalise.", ""]
    lines += [
        f"Time for one text on one core: p50 {np.median(times):.1f} ms, p99 {np.quantile(times, 0.99):.1f} ms.",
        "",
    ]
    lines += ["## Identity terms", "", *groups, ""] if (groups := group_table(sets)) else []
    lines += ["## Disguises", "", *evaded, ""] if (evaded := evasion_table(scorer, policy, sets)) else []
    overturned = regression_lines(scorer, policy, settings.regression_file)
    lines += ["## Overturned", "", *overturned] if overturned else []
    arguments.report.mkdir(parents=True, exist_ok=True)
    plot_stopped(
        {each.name: (each.rate("hold"), each.rate("block")) for each in sets}, arguments.report / "stopped.png"
    )
    lines += ["![Share held and blocked](stopped.png)", ""]
    curves = {
        f"{each.name}: {category}": (np.array(labels), each.scores(category))
        for each in sets
        for category, labels in each.labels.items()
        if 1 in labels and 0 in labels
    }
    if curves:
        plot_precision(curves, arguments.report / "precision.png")
        lines += ["![Precision and recall](precision.png)", ""]
    report = arguments.report / "README.md"
    report.write_text("\n".join(lines), "utf-8")
    print("\n".join(line for line in lines if not line.startswith("!")), f"\nReport: {report}", sep="\n")


if __name__ == "__main__":
    main()
