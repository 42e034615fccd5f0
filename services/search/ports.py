"""What search needs of the world."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from services.search.points import Entry, Found, Mark, Signal, Sparse, Vector, Wanted, Where
from shared.events import Target


class Encoder(Protocol):
    """Reads texts and pictures into vectors. All vectors have unit length."""

    name: str
    """Model and revision; stored with every vector."""
    image_width: int
    prompt_width: int

    async def encode_query(self, text: str) -> tuple[Vector, Vector]:
        """What is looked for, in the pictures' space and in the prompts' space."""

    async def encode_prompt(self, text: str) -> Vector: ...

    async def encode_images(self, images: Sequence[bytes]) -> list[Vector | None]:
        """One vector for each encoded picture; None for bytes that are no picture or more than 16 Mpx."""

    def reference(self, signal: Signal) -> list[Vector]:
        """Vectors of things that people might post, to compare scores with; empty when the model ships none."""


class Words(Protocol):
    """Reads texts into weights of exact words."""

    def document(self, text: str) -> Sparse: ...

    def query(self, text: str) -> Sparse: ...

    def unfinished(self, text: str) -> tuple[Sparse, Sparse] | None:
        """The last word as a whole, and as the beginning of one; None when it is finished or too short for that."""


class Media(Protocol):
    async def get(self, key: str) -> bytes | None: ...


class Index(Protocol):
    """Posts by vector. Posts are unique by id; the newest entry of a post stays, in whatever order they come."""

    async def put(self, entry: Entry) -> bool:
        """Store the entry unless what is there is as new; returns whether it was stored."""

    async def posts(self, post_ids: Sequence[str]) -> dict[str, Entry]:
        """Stored posts with their vectors; unknown ones are absent."""

    def every_post(self, about: Target | None = None) -> AsyncIterator[Entry]:
        """All posts, or those that are, show, or were made by a post, image or user; once each, in no order."""

    async def remove(self, post_id: str) -> None: ...

    async def remove_author(self, author_id: str) -> None: ...

    async def withhold(self, post_id: str, withheld: bool) -> None:
        """Take a post out of sight, or put it back; nothing happens when it is not there."""

    async def marks(self, keys: Sequence[str]) -> dict[str, Mark]: ...

    async def mark(self, mark: Mark) -> None:
        """Keep a mark, in place of an earlier one on the same thing."""

    def every_mark(self) -> AsyncIterator[Mark]:
        """All marks, in no order."""

    async def forget_gone(self, before: datetime) -> None:
        """Drop marks of deleted things made before a moment."""

    async def nearest(self, wanted: Sequence[Wanted], where: Where, limit: int) -> list[list[Found]]:
        """For each signal the best posts, best first. Words find only posts that have at least one of them."""

    async def recommend(
        self, positive: Sequence[Vector], negative: Sequence[Vector], where: Where, limit: int
    ) -> list[Found]:
        """Posts whose pictures are near any of the positive vectors and away from the negative ones, best first."""

    async def newest(self, where: Where, offset: int, limit: int) -> list[Found]:
        """Posts by time of publication, newest first; the score is 0."""

    async def sample(self, limit: int) -> list[Entry]:
        """Random posts that everybody may see."""

    async def count(self) -> int:
        """How many posts there are, hidden ones too."""

    async def close(self) -> None: ...
