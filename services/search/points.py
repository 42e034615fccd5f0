"""What the index keeps: posts with their vectors, and marks that outlive what they speak of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.events import PostState

Vector = Sequence[float]


class Signal(StrEnum):
    """The ways in which a post can match; the names of its vectors in the index."""

    IMAGE = "image"
    PROMPT = "prompt"
    WORDS = "words"


@dataclass(frozen=True)
class Sparse:
    """A sparse vector: weights by token."""

    indices: Sequence[int] = ()
    values: Sequence[float] = ()

    def __bool__(self) -> bool:
        return bool(self.indices)


@dataclass(frozen=True)
class Entry:
    """One post in the index.

    Attributes:
        image: one unit vector for each picture that could be read.
        prompt: unit vector of the prompts; None when the author hides them.
        encoder: name and revision of the encoder that made the vectors.
        complete: False while a picture's bytes have not been found.
        withheld: whether moderation has taken the post, one of its pictures or its author out of sight.
    """

    post: PostState
    encoder: str
    image: Sequence[Vector] = ()
    prompt: Vector | None = None
    words: Sparse = field(default_factory=Sparse)
    complete: bool = True
    withheld: bool = False

    def replaces(self, stored: Entry) -> bool:
        """Whether this entry is newer: a higher version, or the same one embedded anew or completed."""
        if self.post.version != stored.post.version:
            return self.post.version > stored.post.version
        return self.encoder != stored.encoder or (self.complete and not stored.complete)


@dataclass(frozen=True)
class Mark:
    """A fact about a post, picture or person that must be known when a late event speaks of it.

    Attributes:
        key: `<kind>:<id>` of what it is about.
        gone: deleted or erased: nothing of it may come back.
        withheld: moderation's latest word.
        at: when that was said.
    """

    key: str
    at: datetime
    gone: bool = False
    withheld: bool = False


@dataclass(frozen=True)
class Where:
    """Conditions that all hold; None asks for nothing. Withheld posts never pass."""

    public_only: bool = True
    author_id: str | None = None
    aspect: str | None = None
    model: str | None = None
    tag: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    exclude: Sequence[str] = ()


@dataclass(frozen=True)
class Wanted:
    """One signal to search by: a dense vector, or tokens for `Signal.WORDS`."""

    signal: Signal
    vector: Vector | Sparse


@dataclass(frozen=True)
class Found:
    """A post that came back. `score` is cosine similarity, BM25 for words, or the engine's own for taste."""

    post_id: str
    score: float
    published_at: datetime


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, which is how the index keeps and orders times."""
    return round(moment.timestamp() * 1000)
