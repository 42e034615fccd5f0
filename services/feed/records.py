"""What the feed knows: posts, encounters of a person with a post, relations between people, and pages it has served."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shared.events import Visibility
from shared.queries import FeedMode

Source = Literal["followed", "taste", "trending", "fresh", "explore", "remix", "recent", "co_liked"]
ReactionKind = Literal["like", "bookmark", "remix", "share", "comment"]
Gesture = Literal["seen", "opened", "dwelled", "more", "less", "hidden"]
RelationKind = Literal["follow", "block", "mute"]
RulingKind = Literal["post", "image", "user"]

POINTS: dict[ReactionKind, float] = {"like": 1.0, "bookmark": 2.0, "remix": 4.0, "share": 2.0, "comment": 2.0}
"""What one person's reaction adds to a post's popularity; each person counts once a kind, the author never."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post as far as ranking needs it. `gone` means deleted, withheld by moderation, or not announced yet."""

    id: str
    version: int
    author_id: str
    author_username: str
    visibility: Visibility
    published_at: datetime
    image_ids: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    parent_id: str | None = None
    counts: dict[ReactionKind, int] = field(default_factory=dict)
    impressions: int = 0
    rejections: int = 0
    gone: bool = False
    points: float = field(init=False, default=0.0)
    """Weighted number of people who reacted."""
    published_s: float = field(init=False, default=0.0)
    """Time of publication as seconds of the epoch: ranking reads both for 1,500 posts at once."""

    def __post_init__(self) -> None:
        points = sum(POINTS[kind] * max(0, count) for kind, count in self.counts.items())
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "published_s", self.published_at.timestamp())


@dataclass(frozen=True, slots=True)
class Reaction:
    """Someone did (`on`) or took back something with a post."""

    kind: ReactionKind
    on: bool
    user_id: str
    post_id: str
    author_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Encounter:
    """All that one person has ever done with one post: when each gesture was last made, and which reactions stand."""

    post_id: str
    gestures: dict[Gesture, datetime] = field(default_factory=dict)
    reactions: dict[ReactionKind, datetime] = field(default_factory=dict)
    forgotten_at: datetime | None = None
    """What was done until then teaches nothing any more, because the person said so."""

    @property
    def seen(self) -> bool:
        """Any gesture shows that the person has had the post before their eyes."""
        return bool(self.gestures)

    @property
    def unwanted_at(self) -> datetime | None:
        """When the person turned the post away (`less`, `hidden`), unless they asked for `more` since."""
        moments = [self.gestures[name] for name in ("less", "hidden") if name in self.gestures]
        if not moments:
            return None
        latest = max(moments)
        more = self.gestures.get("more")
        return None if more is not None and more > latest else latest


@dataclass(frozen=True, slots=True)
class Relation:
    """`user_id` follows, blocks or mutes `target_id` (`on`), or no longer does."""

    kind: RelationKind
    on: bool
    user_id: str
    target_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Steering:
    """How a person wants their pages made. `exploration` is a share, 0…1; None leaves it to the service."""

    personalised: bool = True
    exploration: float | None = None
    reset_at: datetime | None = None
    """What was done until then teaches nothing any more."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """Moderation's latest word on a post, a picture or a person: is it withheld from everyone?"""

    kind: RulingKind
    target_id: str
    withheld: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Pick:
    """One place on a page: the post, its source, and the probability of its draw (1 when not by chance)."""

    post_id: str
    author_id: str
    source: Source
    propensity: float = 1.0


def request_id_of(session_id: str, number: int) -> str:
    """The name of page `number` of a session."""
    return f"{session_id}:{number}"


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was served: number `number` of a session. `last` when nothing followed it."""

    session_id: str
    number: int
    viewer_id: str | None
    mode: FeedMode
    picks: tuple[Pick, ...]
    last: bool

    @property
    def request_id(self) -> str:
        """What impressions and draws of this page are known by."""
        return request_id_of(self.session_id, self.number)


@dataclass(frozen=True, slots=True)
class Impression:
    """A served item that was truly shown: what a later comparison of policies needs."""

    request_id: str
    post_id: str
    viewer_id: str
    position: int
    source: Source
    propensity: float
    at: datetime


@dataclass(frozen=True, slots=True)
class SlotDraw:
    """A place that was given by chance, with the probability of every post that could have got it.

    `chances` hold the one that did, `post_id`, too, and add up to 1.
    """

    request_id: str
    position: int
    viewer_id: str
    post_id: str
    chances: tuple[tuple[str, float], ...]
    at: datetime
