"""What too few people have seen to know whether it is good."""

from __future__ import annotations

from services.feed.pool import Pool
from services.feed.stages.candidates import Wanted, take


def unexplored(pool: Pool, wanted: Wanted, limit: int) -> list[str]:
    """Public posts with fewer impressions than every post shall get, newest first."""
    return take(map(pool.get, pool.unexplored), wanted, limit)
