"""What was published last."""

from __future__ import annotations

from services.feed.pool import Pool
from services.feed.stages.candidates import Wanted, take


def fresh(pool: Pool, wanted: Wanted, limit: int) -> list[str]:
    """Public posts, newest first."""
    return take(map(pool.get, pool.newest), wanted, limit)
