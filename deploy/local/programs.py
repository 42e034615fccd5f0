"""What runs on one machine, as a configuration of supervisord, and in which surroundings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.layout import SERVICES, Layout

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]
APPLICATIONS = {service: f"services.{service}.main:create_app" for service in SERVICES}
SERVER_LOG_BYTES = "10MB"

NATS_CONFIG = """\
server_name: promptgram
listen: "127.0.0.1:{port}"
jetstream {{
  store_dir: "{store}"
  # Every acknowledged message is on disk: half the throughput, and a power failure loses nothing.
  sync_interval: always
}}
"""

SUPERVISORD_CONFIG = """\
[supervisord]
nodaemon=true
loglevel=error
{user}logfile=/dev/null
logfile_maxbytes=0
pidfile={run}/supervisord.pid
directory={root}
childlogdir={logs}

[unix_http_server]
file={socket}
chmod=0700
username=promptgram
password={password}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

"""


def environment(layout: Layout) -> dict[str, str]:
    """What every process of the stack is told; anything set by the person who starts it goes first."""
    ours = {
        "NATS_URL": f"nats://127.0.0.1:{layout.ports['nats']}",
        "MONGODB_URL": f"mongodb://127.0.0.1:{layout.ports['mongo']}",
        "AUTH_SECRET": layout.secret,
        "LOG_FORMAT": "console",
        "OTEL_TRACES_FILE": str(layout.traces),
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        # Bars and reports of loading weights would run across the terminal.
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "PYTHONUNBUFFERED": "1",
    }
    if sys.stdout.isatty():
        ours["FORCE_COLOR"] = "1"
    return {**ours, **os.environ, "DATA_DIR": str(layout.data)}


def start(layout: Layout, applications: Mapping[str, str] = APPLICATIONS) -> subprocess.Popen[bytes]:
    """Start everything under a supervisor of its own session; `applications` says which factory makes each service."""
    command = with_parent([BIN / "supervisord", "-c", write_configuration(layout, applications)])
    return subprocess.Popen(command, env=environment(layout), cwd=ROOT, start_new_session=True)


def write_configuration(layout: Layout, applications: Mapping[str, str]) -> Path:
    """Write nats-server's and supervisord's configuration; returns the latter's path."""
    nats = layout.run / "nats.conf"
    nats.write_text(NATS_CONFIG.format(port=layout.ports["nats"], store=layout.data / "nats"))
    sections = [
        SUPERVISORD_CONFIG.format(
            run=_escaped(layout.run),
            root=_escaped(ROOT),
            logs=_escaped(layout.logs),
            socket=control_socket(layout),
            password=layout.secret,
            user="user=root\n" if os.getuid() == 0 else "",
        ),
        _program("nats", [BIN / "nats-server", "-c", nats], log=layout.logs / "nats.log", order=1),
        _program(
            "mongo",
            # Unsynced, the latest commits wait in the process's memory: answered, told to others, and gone by kill -9.
            [
                BIN / "secantusd-py",
                "--port",
                layout.ports["mongo"],
                "--storage-path",
                layout.data / "mongo",
                "--sync-on-commit",
            ],
            log=layout.logs / "mongo.log",
            order=1,
        ),
        _program("provision", [sys.executable, "-m", "deploy.provision"], order=2, once=True),
        *(_program(name, serve(made_by, layout.ports[name]), order=3) for name, made_by in applications.items()),
        # supervisord stops one group after the other, and the processes within a group at once.
        "[group:servers]\nprograms=nats,mongo\npriority=1\n",
        f"[group:services]\nprograms={','.join(applications)}\npriority=3\n",
    ]
    path = layout.run / "supervisord.conf"
    path.touch(mode=0o600)
    path.write_text("\n".join(sections))
    return path


def serve(application: str, port: int) -> list[object]:
    """The command that starts any service."""
    options = ["--host", "127.0.0.1", "--port", port, "--timeout-graceful-shutdown", 3]
    return [sys.executable, "-m", "shared.serve", application, *options]


def control_socket(layout: Layout) -> Path:
    """Where supervisord listens: a socket's path has room for about 100 characters, so not below the data folder."""
    return Path(f"/tmp/promptgram-{os.getuid()}-{layout.ports['gateway']}.sock")  # noqa: S108 mode 0700


def with_parent(command: list[object]) -> list[str]:
    """The command, so started that it dies with its parent where the system can do that."""
    dies_with_parent = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    return [*dies_with_parent, *map(str, command)]


def _program(name: str, command: list[object], *, order: int, log: Path | None = None, once: bool = False) -> str:
    settings = {
        "command": " ".join(_quoted(part) for part in with_parent(command)),
        "priority": order,
        "autorestart": "unexpected" if once else "true",
        "startsecs": 0 if once else 1,
        "startretries": 10,
        "stopwaitsecs": 6,
        "stopasgroup": "true",
        "killasgroup": "true",
        "redirect_stderr": "true",
        # supervisord fills in names twice in this one.
        "stdout_logfile": _escaped(log) if log else "/dev/fd/1",
        "stdout_logfile_maxbytes": SERVER_LOG_BYTES if log else 0,
        "stdout_logfile_backups": 1,
    }
    lines = [f"{key}={_escaped(value)}" for key, value in settings.items()]
    return "\n".join([f"[program:{name}]", *lines, ""])


def _escaped(value: object) -> str:
    """For supervisord, which fills in `%(names)s`."""
    return str(value).replace("%", "%%")


def _quoted(part: str) -> str:
    return '"' + part.replace('"', '\\"') + '"' if any(letter in part for letter in " ;'\"") else part
