"""Texts that moderators let pass after they had been stopped: tests of all later versions.

`python -m services.moderation.regressions` adds those of the database to tests/regressions/moderation.tsv.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable
from pathlib import Path

from services.moderation.decision_store import MongoDecisionStore
from services.moderation.ports import Overturned
from services.moderation.settings import ModerationSettings
from shared.bus import Bus
from shared.mongo import Mongo
from shared.outbox import Outbox

HEADER = "stage\tverdict\ttext"
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_PLAIN = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}


def read_cases(path: Path) -> list[tuple[str, str, str]]:
    """Stage, expected verdict and text of each case of a file."""
    header, *rows = path.read_text("utf-8").removesuffix("\n").split("\n")
    if header != HEADER:
        raise ValueError(f"{path} does not begin with {HEADER!r}")
    cases = []
    for row in rows:
        stage, verdict, text = row.split("\t")
        cases.append((stage, verdict, _unescape(text)))
    return cases


def add_cases(path: Path, cases: Iterable[Overturned]) -> int:
    """Append the texts that are not in the file yet; returns how many there were."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEADER + "\n", "utf-8")
    known = {(stage, text) for stage, _, text in read_cases(path)}
    fresh = [case for case in cases if case.text is not None and (case.stage, case.text) not in known]
    fresh = [case for case in fresh if case.stage != "image"]
    with path.open("a", encoding="utf-8") as file:
        for case in fresh:
            file.write(f"{case.stage}\tallow\t{(case.text or '').translate(ESCAPES)}\n")
    return len(fresh)


def _unescape(text: str) -> str:
    out, at = [], 0
    while at < len(text):
        pair = text[at : at + 2]
        out.append(_PLAIN.get(pair, text[at]))
        at += 2 if pair in _PLAIN else 1
    return "".join(out)


async def _overturned(settings: ModerationSettings) -> list[Overturned]:
    mongo = Mongo(settings, "moderation")
    try:
        return await MongoDecisionStore(mongo, Outbox(mongo, Bus(settings, "moderation"))).overturned()
    finally:
        await mongo.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m services.moderation.regressions", description=__doc__)
    parser.add_argument("--into", type=Path, default=Path("tests/regressions/moderation.tsv"))
    path: Path = parser.parse_args().into
    added = add_cases(path, asyncio.run(_overturned(ModerationSettings())))
    print(f"{added} cases added to {path}")  # noqa: T201


if __name__ == "__main__":
    main()
