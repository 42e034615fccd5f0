"""What an autoscaler asks for, and who carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MOST_CONTAINERS = 10


@dataclass(frozen=True, slots=True)
class Target:
    """The four numbers that Modal's own autoscaler takes.

    `min_containers` are kept even when idle, `buffer_containers` more while requests are served; a container beyond
    these leaves after `scaledown_window_s` seconds without work. Requests that find `max_containers` busy wait.
    """

    min_containers: int = 0
    buffer_containers: int = 0
    scaledown_window_s: float = 60.0
    max_containers: int = MOST_CONTAINERS


class Fleet(Protocol):
    """Containers somewhere."""

    async def apply(self, target: Target) -> None:
        """Ask for this from now on; asking for the same again changes nothing. Raises when nobody could be asked."""
