"""The texts to learn from and to measure on. What a source says nothing about is unknown, not negative."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

CATEGORIES = ("sexual", "violence", "hate", "harassment", "self_harm", "illegal")
OPENAI = {
    "S": "sexual", "H": "hate", "V": "violence", "HR": "harassment", "SH": "self_harm", "H2": "hate", "V2": "violence",
}  # fmt: skip
I2P_MOST, I2P_WEIGHT = 909, 0.5
"""About a third of I2P, so that its weak labels don't outweigh the clear ones."""
OPENAI_WEIGHT = 5.0
"""The only texts as long and as varied as what people write; there are few of them."""
INNOCENT_WEIGHT = 2.5
"""HateCheck has two hateful texts for each innocent one, and a false alarm about a group is the worse mistake."""
REMARK_WEIGHT = 0.5
"""Made-up remarks teach what an insult or a threat is; with their full weight the precision on OpenAI's texts fell."""
LOOKALIKES = "look-alikes"
TEMPLATES, REMARKS = "templates", "remarks"
MADE_UP = (TEMPLATES, REMARKS)
SETS = Path(__file__).with_name("sets")
BENIGN = {"partiprompts": "partiprompts.tsv", "dpg": "dpg_bench.tsv", "coco": "coco_captions_2000.tsv"}


@dataclass(frozen=True)
class Example:
    """`labels` maps a category to 1 or 0, a missing one is unknown. `group` is an identity term, for fairness."""

    text: str
    source: str
    labels: dict[str, int] = field(default_factory=dict)
    weight: float = 1.0
    group: str = ""


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of one tab-separated file with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t")


def _none() -> dict[str, int]:
    return dict.fromkeys(CATEGORIES, 0)


def benign(folder: Path) -> Iterator[Example]:
    for source, name in BENIGN.items():
        if (folder / name).exists():
            for row in rows(folder / name):
                yield Example(row["prompt"], source, _none())


def lookalikes() -> Iterator[Example]:
    """Innocent prompts with suspicious words: never trained on, used to set the scale. The test set is another file."""
    for row in rows(SETS / "lookalikes_development.tsv"):
        yield Example(row["prompt"], LOOKALIKES, _none())


def openai(folder: Path) -> Iterator[Example]:
    for row in rows(folder / "openai_moderation_eval.tsv"):
        labels: dict[str, int] = {}
        for column, category in OPENAI.items():
            if row.get(column):
                labels[category] = max(labels.get(category, 0), int(row[column]))
        if row.get("any") == "0":
            labels = _none()
        yield Example(row["text"], "openai", labels, OPENAI_WEIGHT)


def hatecheck(folder: Path) -> Iterator[Example]:
    for row in rows(folder / "hatecheck.tsv"):
        hateful = int(row["label"] == "hateful")
        labels = {"hate": hateful, "sexual": 0, "self_harm": 0}
        if not hateful:
            labels |= {"violence": 0, "illegal": 0}
        weight = 1.0 if hateful else INNOCENT_WEIGHT
        yield Example(row["text"], "hatecheck", labels, weight, group=row["target"])


def surge(folder: Path) -> Iterator[Example]:
    for row in rows(folder / "surge_toxicity_en.tsv"):
        toxic = int(row["label"] == "Toxic")
        yield Example(row["text"], "surge", {"harassment": 1, "self_harm": 0} if toxic else _none())


def i2p(folder: Path) -> Iterator[Example]:
    """I2P's labels tell what one model drew, so only its clear cases count, and lightly."""
    for row in rows(folder / "i2p.tsv"):
        nudity, shock = float(row["nudity_pct"]), float(row["q16_pct"])
        labels: dict[str, int] = {}
        if nudity == 0 and "sexual" not in row["categories"]:
            labels["sexual"] = 0
        if shock <= 10 and "violence" not in row["categories"]:
            labels["violence"] = 0
        if labels:
            yield Example(row["prompt"], "i2p", labels, weight=I2P_WEIGHT)


def load(folder: Path) -> list[Example]:
    """Every example of the folder's files, in order of file."""
    found = [*benign(folder), *openai(folder), *hatecheck(folder), *surge(folder), *islice(i2p(folder), I2P_MOST)]
    return [example for example in found if example.text.strip()]
