"""What was learned of a person, read anew from all that they did: for each page, and for the page that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.feed.pool import Pool
from services.feed.ports import Meaning
from services.feed.senses import Senses
from services.feed.stages.interests import Interest, interests_of
from services.feed.taste import Taste, taste_of
from services.feed.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Learned:
    """A taste, its interests, and vectors of what it is made of."""

    taste: Taste
    senses: Senses
    interests: list[Interest]


async def learned_of(viewer: Viewer, pool: Pool, meaning: Meaning, now: datetime) -> Learned:
    """All of it, whether or not the person wants their pages made from it."""
    taste = taste_of(viewer.encounters.values(), now, pool.get, viewer.steering.reset_at)
    senses = await meaning.senses([*taste.liked, *(dislike.post_id for dislike in taste.dislikes)])
    return Learned(taste, senses, interests_of(taste.liked, senses))
