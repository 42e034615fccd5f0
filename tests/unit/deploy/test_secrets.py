"""The passwords of the stack in containers."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from deploy import secrets


def variables(text: str) -> dict[str, str]:
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def test_each_name_gets_a_value_of_its_own_that_no_parser_mistakes() -> None:
    asked = variables(secrets.EXAMPLE.read_text())
    given = variables(secrets.filled(secrets.EXAMPLE.read_text()))
    assert given.keys() == asked.keys()
    assert len(set(given.values())) == len(given)
    assert all(value.isalnum() and value[0].isalpha() and len(value) == secrets.LENGTH for value in given.values())


def test_secrets_that_are_in_use_are_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / ".env"
    monkeypatch.setattr(secrets, "KEPT", kept)
    assert secrets.main() == 0
    before = kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert secrets.main() == 1
    assert kept.read_text() == before
    shown = capsys.readouterr()
    assert "stays as it is" in shown.err
    assert not any(value in shown.out + shown.err for value in variables(before).values())
