"""Pictures like those one likes, found by the search service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.feed.pool import Pool
from services.feed.ports import Meaning
from services.feed.senses import Vector
from services.feed.stages.candidates import Wanted, take
from services.feed.stages.interests import Interest

MOST_EXCLUDED = 2_000


async def near_taste(
    meaning: Meaning,
    pool: Pool,
    interests: Sequence[Interest],
    disliked: Sequence[Vector],
    met: Iterable[str],
    wanted: Wanted,
    limit: int,
) -> list[str]:
    """Posts near any interest and away from what was turned away; none while search is down."""
    if not interests:
        return []
    found = await meaning.near([interest.image for interest in interests], disliked, list(met)[-MOST_EXCLUDED:], limit)
    return take(map(pool.get, found), wanted, limit)
