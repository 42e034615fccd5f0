"""Telling the person who started the stack how it is: while it starts, and when a part dies later."""

from __future__ import annotations

import http.client
import socket
import time
import urllib.error
import urllib.request
import xmlrpc.client
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from rich.console import Console
from supervisor.xmlrpc import SupervisorTransport

from deploy.local.layout import SERVICES, Layout

START_PATIENCE_S = 240
DESCRIPTIONS = {
    "nats": "broker · nats-server with JetStream",
    "mongo": "database · MongoDB wire protocol",
    "moderation": "moderation · prompts and pictures",
    "generation": "generation · the model",
    "search": "search · encoder and index",
    "feed": "feed · ranking",
    "gateway": "gateway · API and web app",
}


class Watch:
    """Follows the parts of one stack through supervisord and their own health routes."""

    def __init__(
        self, layout: Layout, control: Path, console: Console, parts: Collection[str] = tuple(DESCRIPTIONS)
    ) -> None:
        self._layout, self._control, self._console, self._parts = layout, control, console, parts
        self._pids: dict[str, int] = {}

    def until_ready(self, stopping: Callable[[], bool]) -> bool:
        """Print each part as it comes up. False when one can't start, or `stopping` says so."""
        begun = time.monotonic()
        waiting = list(self._parts)
        while waiting:
            if stopping():
                return False
            for part in list(waiting):
                if self._is_up(part):
                    waiting.remove(part)
                    seconds = time.monotonic() - begun
                    self._console.print(f"  [green]✓[/] {DESCRIPTIONS[part]:<40} [dim]{seconds:5.1f} s[/]")
            dead = [info["name"] for info in self.processes() if info["statename"] == "FATAL"]
            if dead or time.monotonic() - begun > START_PATIENCE_S:
                for name in dead or waiting:
                    self._console.print(
                        f"  [red]✗ {name}[/] did not start; its last words are above or in {self._layout.logs}"
                    )
                return False
            time.sleep(0.25)
        self._pids = {info["name"]: info["pid"] for info in self.processes()}
        return True

    def look(self) -> None:
        """Say plainly which part died since the last look, and that it runs again."""
        for info in self.processes():
            name, pid = info["name"], info["pid"]
            if name in DESCRIPTIONS and pid != self._pids.get(name):
                if pid:
                    self._console.print(f"[yellow]{name} had died and was started again (pid {pid}).[/]")
                elif info["statename"] == "FATAL":
                    self._console.print(
                        f"[red]{name} died and can't be started. Press Ctrl-C, and read its log above.[/]"
                    )
                self._pids[name] = pid

    def processes(self) -> list[dict[str, Any]]:
        """What supervisord knows of each process; nothing while it is not up yet."""
        # A transport whose connection was once refused stays unusable, so each call has its own.
        transport = SupervisorTransport("promptgram", self._layout.secret, serverurl=f"unix://{self._control}")
        try:
            proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
            return list(proxy.supervisor.getAllProcessInfo())  # type: ignore[arg-type]
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return []

    def _is_up(self, part: str) -> bool:
        port = self._layout.ports[part]
        if part not in SERVICES:
            with socket.socket() as probe:
                probe.settimeout(0.5)
                return probe.connect_ex(("127.0.0.1", port)) == 0
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=3) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
