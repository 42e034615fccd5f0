"""The file of overturned texts: what is written is read again, whatever the text."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.moderation.ports import Overturned
from services.moderation.regressions import RegressionCase, Regressions, read_cases, write_cases
from shared.background import running
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


def texts_in(path: Path) -> list[str] | None:
    return [case.text for case in read_cases(path)] if path.exists() else None


async def holds(path: Path, texts: list[str]) -> None:
    """Wait until the file is there with these texts."""
    async with asyncio.timeout(20):
        while texts_in(path) != texts:  # noqa: ASYNC110 - nobody tells when the file is written
            await asyncio.sleep(0.01)


async def test_the_file_is_kept_like_the_store(tmp_path: Path) -> None:
    stores, path = MemoryStores(), tmp_path / "new" / "regressions.tsv"
    regressions = Regressions(stores, path)
    async with running(regressions.follow()):
        await holds(path, [])
        stores.listed[("prompt", "f")] = overturned("killer whale")
        regressions.changed()
        await holds(path, ["killer whale"])
        stores.listed.clear()
        regressions.changed()
        await holds(path, [])


async def test_the_file_is_made_good_once_the_store_can_be_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores, path, failed = MemoryStores(), tmp_path / "regressions.tsv", asyncio.Event()
    stores.listed[("prompt", "f")] = overturned("killer whale")

    async def fail() -> list[Overturned]:
        failed.set()
        raise ConnectionError("the database is away")

    with monkeypatch.context() as away:
        away.setattr(stores, "overturned", fail)
        regressions = Regressions(stores, path, again_s=0.01)
        async with running(regressions.follow()):
            await asyncio.wait_for(failed.wait(), 20)
            assert texts_in(path) is None
            away.undo()
            await holds(path, ["killer whale"])
