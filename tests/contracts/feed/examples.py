"""Events and rows with sensible values, of which a test states only what matters to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.feed.records import Reaction, ReactionKind, Relation, RelationKind
from shared.events import PostImage, PostPublished, Visibility

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def minutes(count: float) -> datetime:
    """A moment this many minutes after the start of a test's time."""
    return START + timedelta(minutes=count)


def published(
    post_id: str,
    author_id: str = "ada",
    *,
    at: datetime = START,
    version: int = 1,
    visibility: Visibility = "public",
    prompt: str | None = None,
    tags: tuple[str, ...] = (),
    parent_id: str | None = None,
) -> PostPublished:
    image = PostImage(
        image_id=f"image-of-{post_id}", hash="h", width=8, height=8, seed=1, alt="a picture", prompt=prompt
    )
    return PostPublished(
        post_id=post_id,
        version=version,
        author_id=author_id,
        author_username=author_id,
        images=(image,),
        tags=tags,
        model="pocket",
        aspect="1:1",
        visibility=visibility,
        parent_id=parent_id,
        published_at=at,
    )


def reaction(
    user_id: str,
    post_id: str,
    *,
    kind: ReactionKind = "like",
    on: bool = True,
    at: datetime = START,
    author_id: str = "ada",
) -> Reaction:
    return Reaction(kind, on, user_id, post_id, author_id, at)


def relation(
    user_id: str, target_id: str, *, kind: RelationKind = "follow", on: bool = True, at: datetime = START
) -> Relation:
    return Relation(kind, on, user_id, target_id, at)
