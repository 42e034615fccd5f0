"""Every bug that `make planted-bugs` plants still fits today's sources, and its tests exist."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.planted.__main__ import planted
from tests.planted.bugs import BUGS, Edit, Plant

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.what)
def test_a_bug_can_be_planted(bug: Plant) -> None:
    for edit in bug.edits:
        before = (ROOT / edit.path).read_text()
        after = planted(before, edit)
        assert after != before
        ast.parse(after)
    assert bug.tests
    for test in bug.tests:
        assert (ROOT / test).is_file()


def test_each_bug_has_its_own_name() -> None:
    assert len({bug.what for bug in BUGS}) == len(BUGS)


def test_code_that_is_gone_or_ambiguous_is_no_place_for_a_bug() -> None:
    for text in ("", "a a"):
        with pytest.raises(LookupError, match=r"x\.py has"):
            planted(text, Edit("x.py", "a", "b"))
