"""What too few people have seen to know whether it is good."""

from __future__ import annotations

from services.feed.pool import Pool
from services.feed.stages.candidates import Wanted, take


def unexplored(pool: Pool, wanted: Wanted, limit: int) -> list[str]:
    """Public posts with fewer impressions than every post shall get, first what lacks least, then the newest.

    Of a number of impressions to give, most posts get enough of them in this order (shortest remaining time first,
    Schrage 1968); shared out among all that lack some, hardly any would for long.
    """
    return take(map(pool.get, pool.unexplored), wanted, limit)
