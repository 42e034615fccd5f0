"""What many people react to now."""

from __future__ import annotations

from services.feed.pool import Pool
from services.feed.stages.candidates import Wanted, take


def trending(pool: Pool, wanted: Wanted, limit: int) -> list[str]:
    """Public posts with reactions, hottest first."""
    return take(map(pool.get, pool.hottest), wanted, limit)
