"""Where the stack keeps its things and on which ports it listens."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.kept_secret import kept_secret

SERVICES = ("moderation", "generation", "search", "feed", "gateway")
PARTS = ("nats", "mongo", *SERVICES)
DEFAULT_PORT = 8000


class PortTaken(Exception):
    """The port that was asked for belongs to another program."""


@dataclass(frozen=True)
class Layout:
    """One stack: its folder, its ports by part, and the secret that only its own processes know."""

    data: Path
    ports: dict[str, int]
    secret: str

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def traces(self) -> Path:
        return self.data / "traces"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['gateway']}"

    def write(self) -> None:
        """Leave a note of the ports for the operators' tools."""
        note = {"url": self.url, "pid": os.getpid(), "ports": self.ports}
        (self.data / "stack.json").write_text(json.dumps(note, indent=2) + "\n")

    def describe(self) -> dict[str, object]:
        return asdict(self)


def lay_out(data: Path, wanted_port: int | None) -> Layout:
    """Make the folders, choose free ports, and read or make the secret.

    Raises `PortTaken` when `wanted_port` is in use; without one, port 8000 or the next free one is taken.
    """
    data = data.resolve()
    for folder in (data, data / "run", data / "logs", data / "traces", data / "nats", data / "mongo"):
        folder.mkdir(parents=True, exist_ok=True)
    if wanted_port is not None and not _is_free(wanted_port):
        raise PortTaken(f"Port {wanted_port} is in use by another program. Choose one with PORT=…")
    gateway = wanted_port or next(port for port in range(DEFAULT_PORT, DEFAULT_PORT + 1000) if _is_free(port))
    others = [part for part in PARTS if part != "gateway"]
    ports = dict(zip(others, _free_ports(len(others), {gateway}), strict=True)) | {"gateway": gateway}
    return Layout(data, ports, kept_secret(data / "run" / "secret").decode())


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_ports(count: int, taken: set[int]) -> list[int]:
    """Free ports, all held at once while choosing so that no two are the same."""
    held = [socket.socket() for _ in range(count + len(taken))]
    try:
        for probe in held:
            probe.bind(("127.0.0.1", 0))
        free = [int(probe.getsockname()[1]) for probe in held]
        return [port for port in free if port not in taken][:count]
    finally:
        for probe in held:
            probe.close()
