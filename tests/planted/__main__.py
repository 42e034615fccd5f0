"""Plants one bug after the other in a copy of the sources, runs the tests that should notice, and prints who did.

Fails when a bug is noticed by no test, and before all when the tests fail without any bug.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from tests.planted.bugs import BUGS, Edit, Plant

ROOT = Path(__file__).parents[2]
COPIED = ("shared", "services", "deploy", "promptgram", "tests", "pyproject.toml")
LEFT_OUT = shutil.ignore_patterns("node_modules", "dist", "__pycache__", "screenshots")
PATIENCE_S = 600
say = partial(Console(width=180, highlight=False, markup=False).print, soft_wrap=True)
FAILED = re.compile(r"^(?:FAILED|ERROR) (tests/.+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """One run of some tests: the first that failed, if any, what was printed, and how long it took."""

    failed: str | None
    output: str
    seconds: float


def main(only: str | None = None) -> int:
    bugs = [bug for bug in BUGS if only is None or only in bug.what]
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree(source, copy / name, ignore=LEFT_OUT) if source.is_dir() else shutil.copy(source, copy))
        sound = run(copy, sorted({test for bug in bugs for test in bug.tests}))
        if sound.failed:
            say(sound.output)
            say(f"Without any bug {sound.failed} fails: mend that first.")
            return 2
        say(f"Without a bug all pass, in {sound.seconds:.0f} s.\n")
        survivors = [bug.what for bug in bugs if not noticed(copy, bug)]
    say(f"\n{len(bugs) - len(survivors)} of {len(bugs)} bugs were noticed.")
    for what in survivors:
        say(f"No test noticed: {what}")
    return 1 if survivors else 0


def noticed(copy: Path, bug: Plant) -> bool:
    """Plant the bug, run its tests, print a row, and take the bug out again."""
    sound = {edit.path: (copy / edit.path).read_text() for edit in bug.edits}
    for edit in bug.edits:
        (copy / edit.path).write_text(planted((copy / edit.path).read_text(), edit))
    result = run(copy, bug.tests)
    for path, text in sound.items():
        (copy / path).write_text(text)
    by = re.sub(r"^[^:]*/", "", result.failed) if result.failed else "NOBODY"
    say(f"{bug.what:58} {by:96} {result.seconds:4.0f} s")
    return result.failed is not None


def planted(text: str, edit: Edit) -> str:
    """The text with the bug in it; `LookupError` when the right code does not stand there exactly once."""
    if text.count(edit.code) != 1:
        raise LookupError(f"{edit.path} has {text.count(edit.code)} of {edit.code!r}")
    return text.replace(edit.code, edit.bug)


def run(copy: Path, tests: Iterable[str]) -> Run:
    """Run tests of the copy, up to the first failure."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=short", "-p", "no:cacheprovider", *tests]
    begun = time.monotonic()
    ended = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    failed = FAILED.search(ended.stdout)
    if ended.returncode and not failed:
        raise RuntimeError(f"pytest ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}")
    return Run(failed.group(1) if failed else None, ended.stdout, time.monotonic() - begun)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
