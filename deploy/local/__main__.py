"""Starts the stack on one machine and stays until Ctrl-C: `DATA_DIR=var PORT=8000 python -m deploy.local`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from rich.console import Console

from deploy.local.layout import Layout, PortTaken, lay_out
from deploy.local.programs import control_socket, start
from deploy.local.watch import Watch

STOP_PATIENCE_S = 20


def main() -> int:
    """Exit code 0 after a clean stop, 1 when the stack could not start."""
    console = Console(highlight=False)
    data = Path(os.environ.get("DATA_DIR") or "var")
    running = _running_pid(data)
    if running:
        console.print(f"[red]A stack already runs on {data} (process {running}).[/] Stop it, or set another DATA_DIR.")
        return 1
    try:
        layout = lay_out(data, int(os.environ["PORT"]) if os.environ.get("PORT") else None)
    except (PortTaken, ValueError) as error:
        console.print(f"[red]{error}[/]")
        return 1
    console.print(f"[bold]Promptgram[/] starts, with its data in {layout.data}")
    return _supervise(layout, console)


def _supervise(layout: Layout, console: Console) -> int:
    supervisord = start(layout)
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            console.print("\nstopping …")
            supervisord.terminate()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    layout.write()
    watch = Watch(layout, control_socket(layout), console)
    try:
        ready = watch.until_ready(lambda: stopping)
        if not ready and not stopping:
            stop(signal.SIGTERM, None)
        elif ready:
            console.print(
                f"\n[bold green]Promptgram is ready:[/] [bold underline]{layout.url}[/]   [dim](Ctrl-C stops it)[/]\n"
            )
        while not stopping:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = supervisord.wait(1)
                console.print(f"[red]The process supervisor ended ({code}); the stack is down.[/]")
                return 1
            watch.look()
        supervisord.wait(STOP_PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(supervisord.pid, signal.SIGKILL)
    finally:
        for leftover in (layout.data / "stack.json", control_socket(layout)):
            leftover.unlink(missing_ok=True)
    console.print("stopped")
    return 0 if ready else 1


def _running_pid(data: Path) -> int | None:
    """The process id of a supervisor that still runs on this folder."""
    try:
        pid = int((data / "run" / "supervisord.pid").read_text())
        os.kill(pid, 0)
        command = Path(f"/proc/{pid}/cmdline")
        return pid if not command.exists() or b"supervisord" in command.read_bytes() else None
    except (OSError, ValueError):
        return None


if __name__ == "__main__":
    sys.exit(main())
