"""Waiting for what the page itself does not show: services hear of each other's news a moment later."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_MS = 30_000
EVERY_S = 0.1


def eventually(look: Callable[[], T], *, saying: Callable[[], str] = lambda: "it has not come about") -> T:
    """What `look` returns as soon as it is true; asks again until then, and fails with what `saying` says."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not (found := look()):
        assert time.monotonic() < deadline, saying()
        time.sleep(EVERY_S)
    return found
