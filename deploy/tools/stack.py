"""Where the stack that an operator asks about listens, and where it keeps its files."""

from __future__ import annotations

import json
from pathlib import Path

from shared.settings import MongoSettings, ServiceSettings


def data_dir() -> Path:
    """Folder of the stack on this machine: `DATA_DIR`, or `var`."""
    return ServiceSettings().data_dir


def nats_url() -> str:
    """`NATS_URL` when it is set, else the port that the running stack wrote down, else the default."""
    settings = ServiceSettings()
    port = None if "nats_url" in settings.model_fields_set else _noted_port("nats")
    return f"nats://127.0.0.1:{port}" if port else settings.nats_url


def mongodb_url() -> str:
    """`MONGODB_URL` when it is set, else the port that the running stack wrote down, else the default."""
    settings = MongoSettings()
    port = None if "mongodb_url" in settings.model_fields_set else _noted_port("mongo")
    return f"mongodb://127.0.0.1:{port}" if port else settings.mongodb_url.get_secret_value()


def _noted_port(part: str) -> int | None:
    """The stack on one machine chooses free ports and leaves them in `stack.json` of its data folder."""
    try:
        return int(json.loads((data_dir() / "stack.json").read_text())["ports"][part])
    except (OSError, ValueError, KeyError, TypeError):
        return None
