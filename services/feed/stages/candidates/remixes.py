"""What others made from pictures one likes."""

from __future__ import annotations

from collections.abc import Sequence

from services.feed.pool import Pool
from services.feed.stages.candidates import Wanted, take


def remixes(pool: Pool, liked: Sequence[str], wanted: Wanted, limit: int) -> list[str]:
    """Remixes of liked posts, those of the dearest first."""
    found = (remix for post_id in liked for remix in pool.remixes_of(post_id))
    return take(found, wanted, limit)
