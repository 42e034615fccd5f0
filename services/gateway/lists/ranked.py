"""Keeping the place in a ranked list that moves between two pages: posts vanish, come late, and change rank."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from services.gateway.edge.paging import bad_cursor
from services.gateway.lists.listing import Place

DEEPEST = 1000
"""Ranked lists go no deeper than this; nobody reads the thousandth page of a fuzzy list."""

REMEMBERED = 128
"""Of so many posts that were read last the cursor carries a digest each, which keeps it below 1,000 characters."""

DIGEST_BYTES = 4


@dataclass(frozen=True)
class Reading:
    """How far a list was read.

    The next page leaves out what is remembered, and looks for it from some way back on. So nothing is shown twice or
    left out while all that was read is remembered, whatever moved; and deeper in the list while nothing moved by more
    than half of what is remembered.

    Attributes:
        until: when the first page was asked for; what was published since stays out.
        rank: of the next post, from 0.
        read: digests of the posts read last, the latest at the end.
    """

    until: datetime
    rank: int = 0
    read: tuple[bytes, ...] = ()

    @classmethod
    def at(cls, place: Place) -> Self:
        """From a decoded cursor; 422 `bad_cursor` when it was not made by `place`."""
        rank = place.get("rank")
        try:
            until = datetime.fromisoformat(str(place.get("until")))
            read = base64.b64decode(str(place.get("read")), validate=True)
        except (ValueError, binascii.Error) as error:
            raise bad_cursor() from error
        if type(rank) is not int or not 0 <= rank <= DEEPEST or until.tzinfo is None or len(read) % DIGEST_BYTES:
            raise bad_cursor()
        return cls(until, rank, tuple(read[at : at + DIGEST_BYTES] for at in range(0, len(read), DIGEST_BYTES)))

    def place(self) -> Place:
        """What the cursor is made of."""
        read = base64.b64encode(b"".join(self.read)).decode()
        return {"until": self.until.isoformat(), "rank": self.rank, "read": read}

    @property
    def start(self) -> int:
        """The rank from which on the list is to be looked at: its beginning while all that was read is remembered."""
        return 0 if len(self.read) < REMEMBERED else max(0, self.rank - REMEMBERED // 2)

    def fresh(self, post_ids: Sequence[str]) -> list[tuple[int, str]]:
        """Of the posts from `start` on those that were not read, with their ranks."""
        return [
            (rank, post_id) for rank, post_id in enumerate(post_ids, self.start) if _digest(post_id) not in self.read
        ]

    def past(self, posts: Sequence[tuple[int, str]]) -> Self:
        """After these, with their ranks, have been read as well."""
        read = (*self.read, *(_digest(post_id) for _, post_id in posts))
        return replace(self, rank=posts[-1][0] + 1 if posts else self.rank, read=read[-REMEMBERED:])


def _digest(post_id: str) -> bytes:
    return hashlib.blake2s(post_id.encode(), digest_size=DIGEST_BYTES).digest()
