"""Real servers for tests: each on a free port, with its data in a folder that goes with it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes], *, patience_s: float = 30) -> None:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port}")


class Server:
    """A server process that a test may kill and start again on the same port and data."""

    def __init__(self, name: str, command: list[str], port: int, log: Path) -> None:
        self.name, self.command, self.port, self._log = name, command, port, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self.command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        wait_for_port(self.port, self._process)

    def stop(self, sig: int = signal.SIGTERM) -> None:
        if self._process is None:
            return
        self._process.send_signal(sig)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(5)
        self._process = None


@contextmanager
def running(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)


def nats_server(folder: Path) -> Server:
    port = free_port()
    store = folder / "nats"
    command = [str(BIN / "nats-server"), "-js", "-sd", str(store), "-a", "127.0.0.1", "-p", str(port)]
    return Server("nats", command, port, folder / "nats.log")


def mongo_server(folder: Path) -> Server:
    port = free_port()
    store = folder / "mongo"
    store.mkdir(exist_ok=True)
    command = [str(BIN / "secantusd-py"), "--port", str(port), "--storage-path", str(store)]
    return Server("mongo", command, port, folder / "mongo.log")


def oidc_issuer(folder: Path) -> Server:
    port = free_port()
    return Server("issuer", [sys.executable, "-m", "tests.issuer", str(port)], port, folder / "issuer.log")
