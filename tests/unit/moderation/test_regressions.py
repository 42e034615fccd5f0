"""The file of overturned texts: what is written is read again, whatever the text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.moderation.ports import Overturned
from services.moderation.regressions import RegressionCase, Regressions, read_cases, write_cases
from shared.events import utcnow
from tests.contracts.moderation.memory import MemoryStores


def overturned(text: str | None, **more: object) -> Overturned:
    facts = {"stage": "prompt", "fingerprint": "f", "text": text, "decision_id": "d", "at": utcnow()}
    return Overturned.model_validate({**facts, **more})


@given(text=st.text(st.characters(exclude_categories=("Cs",))))
def test_any_text_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "regressions.tsv"
    write_cases(path, [overturned(text)])
    assert read_cases(path) == [RegressionCase("prompt", "allow", text, "f")]


def test_pictures_and_erased_texts_are_no_cases(tmp_path: Path) -> None:
    path = tmp_path / "regressions.tsv"
    assert write_cases(path, [overturned(None), overturned("words", stage="image")]) == 0
    assert read_cases(path) == []


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "regressions.tsv"
    path.write_text("text\tlabel\na fox\tfine\n")
    with pytest.raises(ValueError, match="stage, verdict, text, fingerprint"):
        read_cases(path)


async def test_the_file_is_kept_like_the_store(tmp_path: Path) -> None:
    stores, path = MemoryStores(), tmp_path / "new" / "regressions.tsv"
    regressions = Regressions(stores, path)
    await regressions.keep()
    assert read_cases(path) == []
    await stores.overturn(overturned("killer whale"))
    await regressions.keep()
    assert [case.text for case in read_cases(path)] == ["killer whale"]
    await stores.restore("prompt", "f")
    await regressions.keep()
    assert read_cases(path) == []
