"""What search knows of posts, given by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.feed.senses import Senses, Vector


class GivenMeaning:
    """A search service that knows the pictures it was given; `down` makes it answer nothing."""

    def __init__(self) -> None:
        self.known: dict[str, Vector] = {}
        self.down = False

    async def senses(self, post_ids: Sequence[str]) -> Senses:
        senses = Senses()
        for post_id in post_ids:
            if post_id in self.known and not self.down:
                senses.put(post_id, self.known[post_id], None)
        return senses

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
