"""Training sentences made from templates; never used for measuring."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.moderation.corpus import CATEGORIES, REMARK_WEIGHT, REMARKS, TEMPLATES, Example

PATTERNS = Path(__file__).with_name("templates.toml")
SEED = 7
SLOT = re.compile(r"\{(\w+)\}")


def _fill(pattern: str, slots: dict[str, list[str]], chance: random.Random) -> str:
    while match := SLOT.search(pattern):
        pattern = pattern[: match.start()] + chance.choice(slots[match[1]]) + pattern[match.end() :]
    return re.sub(r"^of |[,\s]+$", "", re.sub(r"\s+", " ", pattern).strip(" ,"))


def _distinct(row: dict[str, Any], slots: dict[str, list[str]], chance: random.Random) -> list[str]:
    """Up to `count` different sentences; fewer when the templates are exhausted."""
    found: dict[str, None] = {}
    for _ in range(row["count"] * 20):
        found[_fill(chance.choice(row["patterns"]), slots, chance)] = None
        if len(found) == row["count"]:
            break
    return list(found)


def examples() -> Iterator[Example]:
    """All sentences, always the same ones."""
    document = tomllib.loads(PATTERNS.read_text("utf-8"))
    chance = random.Random(SEED)
    for row in document["harm"]:
        unknown = row.get("also_unknown", [])
        labels = {category: 0 for category in CATEGORIES if category not in unknown} | {row["label"]: 1}
        for text in _distinct(row, document["slots"], chance):
            yield _example(text, row, labels)
    for row in document["benign"]:
        for text in _distinct(row, document["slots"], chance):
            yield _example(text, row, dict.fromkeys(CATEGORIES, 0))


def _example(text: str, row: dict[str, Any], labels: dict[str, int]) -> Example:
    if row.get("remark"):
        return Example(text, REMARKS, labels, REMARK_WEIGHT)
    return Example(text, TEMPLATES, labels)
