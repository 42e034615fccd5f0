"""Texts that moderators let pass after they had been stopped: tests of all later versions.

The database is where they are kept; a file of them beside it is written anew after each verdict, for the tests and for
`make eval-moderation`. `python -m services.moderation.regressions --into FILE` writes it from any database.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from services.moderation.decision_store import MongoDecisionStore
from services.moderation.policy import Stage
from services.moderation.ports import DecisionStore, Overturned
from services.moderation.settings import ModerationSettings
from shared.bus import Bus
from shared.mongo import Mongo
from shared.outbox import Outbox

COLUMNS = ("stage", "verdict", "text", "fingerprint")
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_PLAIN = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class RegressionCase:
    """A text and the verdict it must get. `fingerprint`, if any, is what the allow-list has known it by."""

    stage: Stage
    verdict: str
    text: str
    fingerprint: str = ""


def read_cases(path: Path) -> list[RegressionCase]:
    """The cases of a file; ValueError for one of another format."""
    header, *rows = path.read_text("utf-8").removesuffix("\n").split("\n")
    if header != "\t".join(COLUMNS):
        raise ValueError(f"{path} does not begin with the columns {', '.join(COLUMNS)}")
    cases = []
    for row in rows:
        stage, verdict, text, fingerprint = row.split("\t")
        cases.append(RegressionCase(stage, verdict, _unescape(text), fingerprint))  # type: ignore[arg-type]
    return cases


def write_cases(path: Path, cases: Iterable[Overturned]) -> int:
    """Put the texts of `cases` into the file, in place of what was there, in one step; returns how many there are."""
    lines = ["\t".join(COLUMNS)]
    lines += [
        "\t".join((case.stage, "allow", case.text.translate(ESCAPES), case.fingerprint))
        for case in cases
        if case.text is not None and case.stage != "image"
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text("\n".join(lines) + "\n", "utf-8", newline="\n")
    fresh.chmod(0o600)
    os.replace(fresh, path)
    return len(lines) - 1


class Regressions:
    """Keeps the file `path` like the database, beside everything else. Several processes may share the file."""

    def __init__(self, decisions: DecisionStore, path: Path, *, again_s: float = 5.0) -> None:
        self._decisions, self._path, self._again_s = decisions, path, again_s
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Have the file written soon. The verdict stands whether it can be or not."""
        self._changed.set()

    async def follow(self) -> None:
        """Write the file now and after every change, for ever; where that fails, again and again until it succeeds."""
        self._changed.set()
        failure = ""
        while await self._changed.wait():
            self._changed.clear()
            try:
                # Read with the file locked, so that whoever writes last has seen every verdict before.
                async with _alone(self._path):
                    count = await asyncio.to_thread(write_cases, self._path, await self._decisions.overturned())
            except Exception as error:
                if failure != (failure := f"{type(error).__name__}: {error}"):
                    log.warning("regression cases can't be written", path=str(self._path), error=failure)
                self._changed.set()
                await asyncio.sleep(self._again_s)
            else:
                failure = ""
                log.info("regression cases written", path=str(self._path), cases=count)


@contextlib.asynccontextmanager
async def _alone(path: Path) -> AsyncIterator[None]:
    """While no other process writes the file."""
    with _lock_file(path) as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _lock_file(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        yield lock
    finally:
        os.close(lock)


def _unescape(text: str) -> str:
    out, at = [], 0
    while at < len(text):
        pair = text[at : at + 2]
        out.append(_PLAIN.get(pair, text[at]))
        at += 2 if pair in _PLAIN else 1
    return "".join(out)


async def _write(settings: ModerationSettings, path: Path) -> int:
    mongo = Mongo(settings, "moderation")
    try:
        store = MongoDecisionStore(mongo, Outbox(mongo, Bus(settings, "moderation")))
        return write_cases(path, await store.overturned())
    finally:
        await mongo.close()


def main() -> None:
    settings = ModerationSettings()
    parser = argparse.ArgumentParser(prog="python -m services.moderation.regressions", description=__doc__)
    parser.add_argument("--into", type=Path, default=settings.regression_file, help="file (default: %(default)s)")
    path: Path = parser.parse_args().into
    print(f"{path}: {asyncio.run(_write(settings, path))} cases")  # noqa: T201


if __name__ == "__main__":
    main()
