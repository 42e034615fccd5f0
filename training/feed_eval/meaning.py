"""What search knows of posts, given by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.feed.senses import Senses, Vector


class GivenMeaning:
    """A search service that knows the pictures it was given; `down` makes it answer nothing.

    The vectors that were asked for are kept, as the feed keeps them of the real one.
    """

    def __init__(self) -> None:
        self.known: dict[str, Vector] = {}
        self.down = False
        self._kept = Senses()

    async def senses(self, post_ids: Sequence[str]) -> Senses:
        if self.down:
            return Senses()
        for post_id in post_ids:
            if post_id in self.known and post_id not in self._kept:
                self._kept.put(post_id, self.known[post_id], None)
        return self._kept

    async def near(
        self, positive: Sequence[Vector], negative: Sequence[Vector], exclude: Sequence[str], limit: int
    ) -> list[str]:
        excluded = set(exclude)
        ids = [post_id for post_id in self.known if post_id not in excluded]
        if self.down or not ids or not positive:
            return []
        images = np.stack([self.known[post_id] for post_id in ids])
        scores = (images @ np.stack(positive).T).max(axis=1)
        if negative:
            scores = scores - np.maximum((images @ np.stack(negative).T).max(axis=1), 0)
        return [ids[index] for index in np.argsort(-scores, kind="stable")[:limit]]
