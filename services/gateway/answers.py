"""The shapes of pictures, generations, posts and comments in the API's answers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.gateway.generating.steps import Status
from shared.events import Decision, Visibility
from shared.queries import Matched, Reason

Rating = Literal["allow", "hold", "block", "pending"]
"""How moderation sees it; `pending` while it has yet to answer."""
Stage = Literal["accepted", "moderated", "queued", "started", "rendered", "checked", "ready"]
Paths = dict[Literal["320", "640"], str]


class Sources(BaseModel):
    """Paths of one picture's renditions. Those of pictures that not everybody may see carry a signature for a day."""

    webp: Paths
    jpeg: Paths
    original: str


class Picture(BaseModel):
    """A picture of a generation. The facts about the picture itself are null while it is blocked."""

    id: str
    status: Literal["pending", "ready", "blocked"]
    width: int | None = None
    height: int | None = None
    seed: int | None = None
    alt: str | None = None
    thumbhash: str | None = None
    sources: Sources | None = None
    decision: Decision | None = None


class Place(BaseModel):
    """Where a generation stands in the line; nulls while no generator has been heard."""

    position: int | None = Field(description="1 is next.")
    eta_ms: int | None
    state: Literal["warm", "waking", "asleep"] | None = Field(
        description="Of the GPUs; unless they are warm, `eta_ms` holds the time that they need to wake."
    )


class Passage(BaseModel):
    """When a stage was passed, and how many milliseconds after the prompt was accepted."""

    stage: Stage
    at: datetime
    ms: int


class Failure(BaseModel):
    code: str
    detail: str


class Generation(BaseModel):
    """What was asked for, how far it has come, and what came of it."""

    id: str
    status: Status
    attempt: int
    prompt: str
    negative_prompt: str | None
    style: str | None
    model: str
    seed: int = Field(description="Picture i is painted with seed + i.")
    n: int = Field(description="How many pictures were asked for.")
    aspect: str
    source_image_id: str | None
    strength: float
    created_at: datetime
    queue: Place | None = Field(description="Present while queued.")
    images: list[Picture] = Field(description="Once it has ended, only those that were painted.")
    timeline: list[Passage]
    decision: Decision | None = Field(description="Why it is blocked.")
    error: Failure | None = Field(description="Why it failed.")


class Prompt(BaseModel):
    """Something that was asked for, at its latest use."""

    id: str
    prompt: str
    times: int
    parameters: dict[str, str | int | float | None]
    used_at: datetime


class Author(BaseModel):
    id: str
    username: str
    display_name: str
    avatar: Sources | None = None


class PostPicture(BaseModel):
    id: str
    width: int
    height: int
    seed: int
    alt: str
    thumbhash: str
    sources: Sources


class PostCounts(BaseModel):
    likes: int
    comments: int
    remixes: int
    bookmarks: int


class ViewerState(BaseModel):
    liked: bool
    bookmarked: bool


class Post(BaseModel):
    """A post as one viewer may see it."""

    id: str
    author: Author
    images: list[PostPicture]
    caption: str
    tags: list[str]
    prompt: str | None = Field(description="Null when its author hides it.")
    show_prompt: bool
    model: str
    aspect: str
    seed: int
    visibility: Visibility
    parent_id: str | None = Field(description="The post that this one is a remix of.")
    root_id: str | None = Field(description="The first post of the chain of remixes.")
    counts: PostCounts
    viewer: ViewerState
    moderation: Rating = Field(description="Anything but `allow` hides the post from others.")
    decision: Decision | None = Field(description="Why others do not see it; for its author.")
    created_at: datetime
    edited_at: datetime | None


class Comment(BaseModel):
    id: str
    post_id: str
    author: Author
    text: str
    reply_to: str | None
    moderation: Rating = Field(description="Anything but `allow` hides it from others.")
    created_at: datetime


class FeedEntry(BaseModel):
    """A post, why it is here, and what to send back with an interaction."""

    post: Post
    reasons: list[Reason]
    feed_context: str


class SearchEntry(BaseModel):
    post: Post
    score: float = Field(description="Higher is nearer; comparable within one answer only.")
    matched: list[Matched]
    less_related: bool
