"""A secret beside the data: made once, for its owner alone."""

from __future__ import annotations

import stat
from pathlib import Path

from deploy.kept_secret import kept_secret


def test_it_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "run" / "secret"
    secret = kept_secret(path)
    assert kept_secret(path) == secret == path.read_bytes()
    assert len(secret) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert kept_secret(tmp_path / "another") != secret


def test_what_an_earlier_version_kept_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(bytes(range(32)))
    assert kept_secret(path) == bytes(range(32))
