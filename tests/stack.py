"""The whole stack as `make run` starts it, for system and browser tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from tests.servers import free_port

ROOT = Path(__file__).parents[1]
START_PATIENCE_S = 300


class Stack:
    """A running stack: where it listens, where its data lies, and a hand on each of its processes."""

    def __init__(self, data: Path, port: int, *, settings: dict[str, str] | None = None) -> None:
        self.data, self.port = data, port
        self.url = f"http://127.0.0.1:{port}"
        self._settings = settings or {}
        self._launcher: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """Everything that the stack has printed."""
        return (self.data / "terminal.log").read_text(errors="replace")

    def start(self) -> float:
        """Start and wait until it says that it is ready; returns how many seconds that took."""
        begun = time.monotonic()
        self.data.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, **self._settings, "DATA_DIR": str(self.data), "PORT": str(self.port)}
        with (self.data / "terminal.log").open("ab") as log:
            seen = log.tell()
            self._launcher = subprocess.Popen(
                [sys.executable, "-m", "deploy.local"], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        while "Promptgram is ready" not in self.log[seen:]:
            if self._launcher.poll() is not None or time.monotonic() - begun > START_PATIENCE_S:
                raise RuntimeError(f"the stack did not start:\n{self.log[-6000:]}")
            time.sleep(0.1)
        return time.monotonic() - begun

    def stop(self) -> float:
        """Stop as Ctrl-C does; returns how many seconds that took."""
        if self._launcher is None:
            return 0.0
        begun = time.monotonic()
        self._launcher.send_signal(signal.SIGINT)
        try:
            self._launcher.wait(40)
        except subprocess.TimeoutExpired:
            self._launcher.kill()
            raise
        self._launcher = None
        return time.monotonic() - begun

    def ports(self) -> dict[str, int]:
        """The port of each part."""
        note: dict[str, Any] = json.loads((self.data / "stack.json").read_text())
        return dict(note["ports"])

    def pids(self) -> dict[str, int]:
        """The process id of each running part."""
        socket_path = f"/tmp/promptgram-{os.getuid()}-{self.port}.sock"
        password = (self.data / "run" / "secret").read_text()
        transport = SupervisorTransport("promptgram", password, serverurl=f"unix://{socket_path}")
        infos: Any = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor.getAllProcessInfo()
        return {info["name"]: info["pid"] for info in infos if info["pid"]}

    def kill(self, part: str) -> None:
        """kill -9 one part."""
        os.kill(self.pids()[part], signal.SIGKILL)


@contextmanager
def running_stack(data: Path, **settings: str) -> Iterator[Stack]:
    """A stack on a free port with its data in `data`, stopped at the end."""
    stack = Stack(data, free_port(), settings=settings)
    stack.start()
    try:
        yield stack
    finally:
        stack.stop()
