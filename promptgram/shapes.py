"""The shapes of the server's answers. Fields that a newer server adds are ignored."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Visibility = Literal["public", "followers", "unlisted", "private"]


class Shape(BaseModel):
    """Base of all answers: they can't be changed."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Sources(Shape):
    """Paths of one picture's renditions by width."""

    webp: dict[str, str]
    jpeg: dict[str, str]
    original: str


class Picture(Shape):
    """A picture of a generation or a post; of a generation, all but `id` and `status` is null until it is ready."""

    id: str
    status: Literal["pending", "ready", "blocked"] = "ready"
    width: int | None = None
    height: int | None = None
    seed: int | None = None
    alt: str | None = None
    thumbhash: str | None = None
    sources: Sources | None = None


class Generation(Shape):
    """What was asked for, and what came of it."""

    id: str
    status: Literal["queued", "running", "checking", "ready", "blocked", "failed", "canceled"]
    prompt: str
    model: str
    seed: int
    n: int
    aspect: str
    created_at: datetime
    images: list[Picture]
    decision: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in ("ready", "blocked", "failed", "canceled")


class Author(Shape):
    """Somebody beside what they made."""

    id: str
    username: str
    display_name: str
    avatar: Sources | None = None


class Person(Author):
    """A profile; `email`, `role` and `preferences` are told to nobody but oneself."""

    bio: str = ""
    counts: dict[str, int]
    relation: dict[str, bool] | None = None
    created_at: datetime
    email: str | None = None
    role: str | None = None
    preferences: dict[str, Any] | None = None


class Card(Author):
    """A person in a list."""

    bio: str = ""
    relation: dict[str, bool] | None = None


class Counts(Shape):
    """What others did with a post."""

    likes: int
    comments: int
    remixes: int
    bookmarks: int


class ViewerState(Shape):
    """What oneself did with a post."""

    liked: bool
    bookmarked: bool


class Post(Shape):
    """A post as one may see it."""

    id: str
    author: Author
    images: list[Picture]
    caption: str
    tags: list[str]
    prompt: str | None
    model: str
    seed: int
    visibility: Visibility
    parent_id: str | None
    root_id: str | None
    counts: Counts
    viewer: ViewerState
    created_at: datetime
    edited_at: datetime | None


class Comment(Shape):
    """What somebody said about a post."""

    id: str
    post_id: str
    author: Author
    text: str
    reply_to: str | None
    created_at: datetime


class Reason(Shape):
    """Why something is shown."""

    code: str
    text: str


class FeedEntry(Shape):
    """A post of the feed; hand `feed_context` back with an interaction."""

    post: Post
    reasons: list[Reason]
    feed_context: str


class SearchEntry(Shape):
    """A post that was found; scores are comparable within one answer."""

    post: Post
    score: float
    matched: list[str]


class NotificationGroup(Shape):
    """One entry for all that happened to one thing."""

    model_config = ConfigDict(frozen=True, extra="allow")
    id: str
    kind: str


class Model(Shape):
    """What one text-to-image model can do."""

    id: str
    title: str
    licence: str
    image_to_image: bool
    sizes: dict[str, tuple[int, int]]
    max_n: int


class Models(Shape):
    """All models that can be asked for, and which one is taken when none is named."""

    models: list[Model]
    default: str
