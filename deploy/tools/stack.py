"""Where the stack that an operator asks about listens, and where it keeps its files."""

from __future__ import annotations

import json
from pathlib import Path

from shared.settings import ServiceSettings


def data_dir() -> Path:
    """Folder of the stack on this machine: `DATA_DIR`, or `var`."""
    return ServiceSettings().data_dir


def nats_url() -> str:
    """`NATS_URL` when it is set, else the port that the running stack wrote down, else the default.

    The stack on one machine chooses free ports and leaves them in `stack.json` of its data folder.
    """
    settings = ServiceSettings()
    if "nats_url" in settings.model_fields_set:
        return settings.nats_url
    try:
        ports = json.loads((settings.data_dir / "stack.json").read_text())["ports"]
        return f"nats://127.0.0.1:{int(ports['nats'])}"
    except (OSError, ValueError, KeyError, TypeError):
        return settings.nats_url
