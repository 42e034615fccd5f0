"""The operator's tool: one line for each thing, whatever it is."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from services.moderation import try_it
from services.moderation.settings import ModerationSettings


def lines(folder: Path) -> dict[str, dict[str, object]]:
    return {str(line["image"]): line for line in try_it.judge_images(folder, ModerationSettings())}


def test_each_picture_gets_a_line_of_its_own(tmp_path: Path) -> None:
    Image.new("RGB", (40, 40), "red").save(tmp_path / "fine.png")
    (tmp_path / "empty.png").touch()
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    Image.new("RGB", (8, 8)).save(tmp_path / "other.gif")
    (tmp_path / "gone.webp").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "notes.txt").write_text("not a picture")
    found = {name: line["verdict"] for name, line in lines(tmp_path).items()}
    assert found == {
        "fine.png": "allow",
        "empty.png": "block",
        "broken.jpg": "block",
        "other.gif": "block",
        "gone.webp": "hold",
    }


def test_a_policy_that_is_missing_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODERATION_POLICY", str(tmp_path / "nothing.toml"))
    monkeypatch.setattr(sys, "argv", ["try_it", "--images", str(tmp_path)])
    with pytest.raises(SystemExit):
        try_it.main()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "can't start" in captured.err
    assert "Traceback" not in captured.err


def test_nothing_but_json_lines_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (40, 40), "red").save(tmp_path / "a.png")
    monkeypatch.setattr(sys, "argv", ["try_it", "--images", str(tmp_path)])
    try_it.main()
    (line,) = capsys.readouterr().out.splitlines()
    assert {"verdict", "scores", "rule", "ms"} <= set(json.loads(line))
