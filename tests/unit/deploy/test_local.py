"""What `make run` says when it can't start; each time before any process is started."""

from __future__ import annotations

import os
import shlex
import socket
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from deploy.local.__main__ import main
from deploy.local.layout import lay_out
from deploy.local.programs import APPLICATIONS, write_configuration


def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], **settings: object) -> str:
    """What is printed, on one line."""
    for name, value in settings.items():
        monkeypatch.setenv(name, str(value))
    assert main() == 1
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "８０００"])
def test_a_port_that_is_none(
    port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(monkeypatch, capsys, DATA_DIR=tmp_path, PORT=port)
    assert "must be a number from 1 to 65535" in said


def test_a_port_of_another_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = refused(monkeypatch, capsys, DATA_DIR=tmp_path, PORT=taken.getsockname()[1])
    assert "in use by another program" in said


def test_a_folder_that_can_t_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    said = refused(monkeypatch, capsys, DATA_DIR=tmp_path / "file" / "data", PORT="")
    assert "Not a directory" in said
    assert "DATA_DIR=" in said


def test_a_folder_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("deploy.local.__main__._running_pid", lambda _: os.getpid())
    said = refused(monkeypatch, capsys, DATA_DIR=tmp_path, PORT="")
    assert f"already runs on {tmp_path}".replace(" ", "") in said.replace(" ", "")


def test_supervisord_reads_a_folder_of_any_name(tmp_path: Path) -> None:
    layout = lay_out(tmp_path / "dä ta [b] 100% ünï; 'x'", None)
    options = ServerOptions()
    options.realize(["-c", str(write_configuration(layout, APPLICATIONS))])
    programs = {program.name: program for group in options.process_group_configs for program in group.process_configs}
    assert programs["nats"].stdout_logfile == str(layout.logs / "nats.log")
    assert str(layout.run / "nats.conf") in shlex.split(programs["nats"].command)
    assert str(layout.data / "mongo") in shlex.split(programs["mongo"].command)
