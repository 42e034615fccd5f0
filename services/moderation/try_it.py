"""Moderation by hand: `python -m services.moderation.try_it --texts FILE --images FOLDER`, one JSON line each."""

from __future__ import annotations

import argparse
import json
import mimetypes
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.moderation.policy import Policy, Stage
from services.moderation.ports import Assessment
from services.moderation.scorers import image_scorer, text_scorer
from services.moderation.settings import ModerationSettings
from shared.garbage import spare_what_is_loaded

FAILED = "scorer.failed"


def _line(policy: Policy, stage: Stage, assessment: Assessment, started: float, **what: str | int) -> dict[str, Any]:
    judgement = policy.judge(stage, assessment.findings)
    return {
        **what,
        "verdict": judgement.verdict,
        "rule": judgement.finding.rule if judgement.finding else None,
        "category": judgement.finding.category if judgement.finding else None,
        "span": judgement.finding.span if judgement.finding else None,
        "scores": {category: round(score, 4) for category, score in sorted(assessment.scores.items())},
        "ms": round(1000 * (time.perf_counter() - started), 2),
    }


def _held(error: Exception, started: float, **what: str | int) -> dict[str, Any]:
    """What the service does when a scorer fails: the thing waits for a moderator, it never passes."""
    print(f"{what}: {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
    ms = round(1000 * (time.perf_counter() - started), 2)
    return {**what, "verdict": "hold", "rule": FAILED, "category": None, "span": None, "scores": {}, "ms": ms}


def judge_texts(path: Path, stage: Stage, settings: ModerationSettings) -> Iterator[dict[str, Any]]:
    """A line for each line of the file, in order; an empty line is an empty text."""
    policy, scorer = Policy.load(settings.moderation_policy), text_scorer(settings)
    scorer.assess([("warm up", stage)])
    spare_what_is_loaded()
    # Only "\n" ends a line: the other separators that str.splitlines knows may be part of a hostile text.
    lines = path.read_bytes().decode("utf-8", errors="replace").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, 1):
        text = line.removesuffix("\r")
        started = time.perf_counter()
        try:
            (assessment,) = scorer.assess([(text, stage)])
        except Exception as error:
            yield _held(error, started, line=number)
            continue
        yield _line(policy, stage, assessment, started, line=number)


def judge_images(folder: Path, settings: ModerationSettings) -> Iterator[dict[str, Any]]:
    """A line for each file whose name says that it is a picture, by name; of other formats than ours too."""
    policy, scorer = Policy.load(settings.moderation_policy), image_scorer(settings)
    spare_what_is_loaded()
    for path in sorted(each for each in folder.rglob("*") if _is_picture(each)):
        name = str(path.relative_to(folder))
        started = time.perf_counter()
        try:
            assessment = scorer.assess(path.read_bytes())
        except Exception as error:
            yield _held(error, started, image=name)
            continue
        yield _line(policy, "image", assessment, started, image=name)


def _is_picture(path: Path) -> bool:
    named = path.suffix.lower() == ".webp" or (mimetypes.guess_type(path.name)[0] or "").startswith("image/")
    return named and not path.is_dir()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m services.moderation.try_it", description=__doc__)
    parser.add_argument("--texts", type=Path, help="UTF-8 file, one text a line")
    parser.add_argument("--images", type=Path, help="folder with .webp, .jpg and .png files")
    parser.add_argument("--stage", choices=["prompt", "comment", "profile"], default="prompt", help="whose thresholds")
    arguments = parser.parse_args()
    if arguments.texts is None and arguments.images is None:
        parser.error("give --texts, --images, or both")
    if arguments.texts is not None and not arguments.texts.is_file():
        parser.error(f"no file {arguments.texts}")
    if arguments.images is not None and not arguments.images.is_dir():
        parser.error(f"no folder {arguments.images}")
    settings = ModerationSettings()
    try:
        if arguments.texts is not None:
            _write(judge_texts(arguments.texts, arguments.stage, settings))
        if arguments.images is not None:
            _write(judge_images(arguments.images, settings))
    except (OSError, ValueError) as error:
        parser.error(f"can't start: {error}")


def _write(lines: Iterator[dict[str, Any]]) -> None:
    for line in lines:
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
