"""Starts the stack on one machine and stays until Ctrl-C: `DATA_DIR=var PORT=8000 python -m deploy.local`."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.markup import escape

from deploy.local.layout import Layout, PortTaken, lay_out
from deploy.local.programs import control_socket, start
from deploy.local.watch import Watch

STOP_PATIENCE_S = 20
LITTLE_SPACE_BYTES = 1 << 30


def main() -> int:
    """Exit code 0 after a clean stop, 1 when the stack could not start."""
    console = Console(highlight=False)
    data = Path(os.environ.get("DATA_DIR") or "var")
    running = _running_pid(data)
    if running:
        text = f"A stack already runs on {data} (process {running}). Stop it, or set another DATA_DIR."
        console.print(text, style="red", markup=False)
        return 1
    try:
        layout = lay_out(data, _wanted_port())
    except (PortTaken, ValueError) as error:
        console.print(error, style="red", markup=False)
        return 1
    except OSError as error:
        console.print(
            f"Can't keep data in {data}: {error.strerror}. Choose a folder with DATA_DIR=…", style="red", markup=False
        )
        return 1
    console.print(f"[bold]Promptgram[/] starts, with its data in {escape(str(layout.data))}")
    if shutil.disk_usage(layout.data).free < LITTLE_SPACE_BYTES:
        console.print(
            "[yellow]Less than 1 GB is free there; the broker and the database refuse writes on a full disk.[/]"
        )
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
        ready = watch.until_ready(lambda: stopping or supervisord.poll() is not None)
        if not ready and not stopping:
            if supervisord.poll() is not None:
                console.print("[red]The process supervisor did not start; its last words are above.[/]")
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


def _wanted_port() -> int | None:
    """`PORT`, where it is set; raises `ValueError` when it is no port."""
    port = os.environ.get("PORT")
    if not port:
        return None
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise ValueError(f"PORT is {port!r}; it must be a number from 1 to 65535.")
    return int(port)


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
