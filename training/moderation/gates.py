"""How long moderation's gates take, on one core: `python -m training.moderation.gates [--data FOLDER] [--out JSON]`.

The scorers are the service's own, asked as it asks them when nobody else waits, and what they loaded is left out of
garbage collection as there. Processor time is what the work costs; time by the clock also holds what other programs
took of the core. Every text and every picture is met once. Prompts come from the folder's .tsv files, or from the
templates of the training sentences; pictures are made up.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from services.moderation.image.scorer import LayeredImageScorer
from services.moderation.scorers import image_scorer, text_scorer
from services.moderation.settings import ModerationSettings
from services.moderation.text.encoder import MiniLMEncoder
from services.moderation.text.scorer import LayeredTextScorer
from shared.garbage import spare_what_is_loaded
from training.moderation.corpus import rows
from training.moderation.hostile import hostile_texts
from training.moderation.synthetic import examples

PROMPTS, LONGEST_PROMPT = 1000, 1000
SIDES = (256, 512, 768, 1024, 1536)
FORMS: dict[str, dict[str, int]] = {"JPEG": {"quality": 86}, "WEBP": {"quality": 92, "method": 1}}
"""As the generator writes originals. The service reads the JPEG; an operator's folder may hold either."""
PICTURES, GRAIN = 40, 20
ROUNDS = 5
SEED = 11
Times = list[tuple[float, float]]
"""Milliseconds of the processor and by the clock."""


def prompts(folder: Path | None) -> list[str]:
    """Texts as long as the API takes them, always the same ones."""
    if folder is None:
        found = [each.text for each in examples()]
    else:
        found = [row.get("prompt") or row.get("text") or "" for path in folder.glob("*.tsv") for row in rows(path)]
    found = sorted({text[:LONGEST_PROMPT] for text in found})
    return random.Random(SEED).sample(found, min(PROMPTS, len(found)))


def pictures(side: int, form: str) -> list[bytes]:
    """Pictures with shapes and grain, which make the file as large as a painted one's."""
    chance = np.random.default_rng(SEED)
    found = []
    for _ in range(PICTURES):
        shapes = Image.fromarray(chance.integers(0, 255, (12, 12, 3), dtype=np.uint8)).resize((side, side))
        grain = chance.integers(-GRAIN, GRAIN + 1, (side, side, 3))
        buffer = io.BytesIO()
        pixels = (np.asarray(shapes, np.int16) + grain).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(buffer, form, **FORMS[form])
        found.append(buffer.getvalue())
    return found


def timed(work: Callable[[], object]) -> tuple[float, float]:
    processor, clock = time.process_time(), time.perf_counter()
    work()
    return 1000 * (time.process_time() - processor), 1000 * (time.perf_counter() - clock)


def prompt_gate(scorer: LayeredTextScorer, texts: list[str]) -> Times:
    return [timed(lambda: scorer.assess([(text, "prompt")])) for text in texts]  # noqa: B023 - called at once


def hostile_gate(scorer: LayeredTextScorer) -> dict[str, Times]:
    words = [word for word in MiniLMEncoder().ranked_words if word.isalpha()]
    times: dict[str, Times] = {}
    for seed in range(ROUNDS):
        for name, text in hostile_texts(words, seed):
            times.setdefault(name, []).append(timed(lambda: scorer.assess([(text, "prompt")])))  # noqa: B023
    return times


def image_gate(scorer: LayeredImageScorer) -> dict[str, Times]:
    return {
        f"{side}×{side} {form}": [timed(lambda: scorer.assess(data)) for data in pictures(side, form)]  # noqa: B023
        for form in FORMS
        for side in SIDES
    }


def summary(times: Times) -> dict[str, float]:
    processor, clock = np.array(times).T
    figures = {"p50": np.median(processor), "p99": np.quantile(processor, 0.99), "most": processor.max()}
    return {**{name: round(float(value), 1) for name, value in figures.items()},
            "clock p99": round(float(np.quantile(clock, 0.99)), 1), "n": len(times)}  # fmt: skip


def table(title: str, measured: dict[str, Times]) -> list[str]:
    """Milliseconds of processor time, what takes most first."""
    lines = [f"| {title} | n | p50 | p99 | most | p99 by the clock |", "|---|---|---|---|---|---|"]
    for name, times in sorted(measured.items(), key=lambda item: -float(np.median(np.array(item[1])[:, 0]))):
        each = summary(times)
        lines.append(f"| {name} | {each['n']} | {each['p50']} | {each['p99']} | {each['most']} | {each['clock p99']} |")
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.moderation.gates", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with .tsv files of prompts")
    parser.add_argument("--out", type=Path, help="keep the figures as JSON")
    arguments = parser.parse_args()
    if not (texts := prompts(arguments.data)):
        parser.error(f"no prompts in {arguments.data}")
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    settings = ModerationSettings()
    scorer, looker = text_scorer(settings), image_scorer(settings)
    scorer.assess([("warm up", "prompt")])
    looker.assess(pictures(SIDES[0], "JPEG")[0])
    spare_what_is_loaded()
    groups = {
        "prompts": {f"up to {LONGEST_PROMPT} characters": prompt_gate(scorer, texts)},
        "hostile texts of 10,000 characters": hostile_gate(scorer),
        "pictures": image_gate(looker),
    }
    print(f"Milliseconds of processor time on one core; load {os.getloadavg()[0]:.1f}.\n")
    print("\n".join(line for title, measured in groups.items() for line in table(title, measured)))
    if arguments.out:
        kept = {title: {name: summary(times) for name, times in group.items()} for title, group in groups.items()}
        arguments.out.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
