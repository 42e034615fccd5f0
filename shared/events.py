"""Every fact that one service tells the others. One class a fact, named by what has happened.

An event is published on its `subject` with a message id made of its identity, so that saying the same fact twice
stores it once. Bytes never travel in an event: images go through the object store by key.
To add one: a class here, a row for each hearer in `topology.py`, and a handler in that service's `handlers.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Visibility = Literal["public", "followers", "unlisted", "private"]
TargetKind = Literal["prompt", "image", "post", "comment", "profile", "user"]
Verdict = Literal["allow", "hold", "block"]


def utcnow() -> datetime:
    """The present moment, in UTC, to the millisecond that MongoDB keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class Fact(BaseModel):
    """A value inside events: frozen, and tolerant of fields that a newer sender adds."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Fact):
    """Something that has happened.

    `identity` names the fields that make two messages the same fact. `reissue` counts how often a reconciler had to say
    it again; it is part of the message id, or the broker's duplicate window would swallow the repetition.
    """

    subject: ClassVar[str]
    identity: ClassVar[tuple[str, ...]] = ()

    occurred_at: datetime = Field(default_factory=utcnow)
    reissue: int = 0

    @property
    def message_id(self) -> str:
        """Deterministic id for JetStream's de-duplication."""
        values = (getattr(self, name) for name in self.identity)
        parts = (value.isoformat() if isinstance(value, datetime) else str(value) for value in values)
        return ":".join((self.subject, *parts, str(self.reissue)))


# ── generating ────────────────────────────────────────────────────────────────────────────────────────────────────────


SEEDS = 2**32
"""How many seeds there are, from 0 on."""


class PictureRequest(Fact):
    """What a person asked to be painted, complete: the generator needs nothing else."""

    prompt: str
    negative_prompt: str | None = None
    style: str | None = None
    model: str
    aspect: str = "1:1"
    seed: int
    image_ids: tuple[str, ...] = Field(description="One id for each picture asked for, given out before painting.")
    source_image: str | None = Field(None, description="Object-store name (hash) of the picture to start from.")
    strength: float = 0.6

    def seed_of(self, index: int) -> int:
        """The seed of one of the pictures. After the greatest comes 0, so that each can be asked for by its own."""
        return (self.seed + index) % SEEDS


class Decision(Fact):
    """A moderation verdict as the person concerned may see it: no exact scores."""

    id: str
    stage: TargetKind
    verdict: Verdict
    category: str | None = None
    rule: str | None = None
    reason: str = Field("", description="A sentence for the person concerned.")
    span: tuple[int, int] | None = Field(
        None, description="The offending part: start and end in characters of the text."
    )
    policy_version: str = ""


class Rendition(Fact):
    """A picture in the object store: `media/<hash>/<width>.<extension>` for each rung of the ladder."""

    image_id: str
    index: int
    hash: str = Field(description="Content hash, salted with the image id: erasing one leaves all others.")
    width: int
    height: int
    seed: int
    thumbhash: str = Field(description="ThumbHash of the picture, base64.")
    paint_ms: float = Field(0.0, description="Its share of the time that the model took.")


class GenerationEvent(Event):
    """A step of one attempt at one generation. `moments` collects when each stage was passed."""

    identity: ClassVar[tuple[str, ...]] = ("generation_id", "attempt")

    generation_id: str
    attempt: int = 1
    user_id: str
    moments: dict[str, datetime] = Field(default_factory=dict)


class PromptSubmitted(GenerationEvent):
    subject = "evt.prompt.submitted.v1"
    request: PictureRequest


class PromptApproved(GenerationEvent):
    subject = "evt.prompt.approved.v1"
    request: PictureRequest


class PromptRejected(GenerationEvent):
    subject = "evt.prompt.rejected.v1"
    decision: Decision


class GenerationCanceled(GenerationEvent):
    subject = "evt.generation.canceled.v1"


class GenerationFailed(GenerationEvent):
    subject = "evt.generation.failed.v1"
    code: str = Field(description="Stable snake_case reason, shown in the API.")
    detail: str


class ImageEvent(GenerationEvent):
    """A step of one picture of a generation."""

    identity: ClassVar[tuple[str, ...]] = ("generation_id", "attempt", "index")

    prompt: str
    model: str
    rendition: Rendition

    @property
    def index(self) -> int:
        return self.rendition.index


class ImageGenerated(ImageEvent):
    subject = "evt.image.generated.v1"


class ImageApproved(ImageEvent):
    subject = "evt.image.approved.v1"


class ImageRejected(ImageEvent):
    subject = "evt.image.rejected.v1"
    decision: Decision


# ── posts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


class PostImage(Fact):
    image_id: str
    hash: str
    width: int
    height: int
    seed: int
    alt: str
    prompt: str | None = Field(None, description="None when its author hides it: then nobody searches it.")


class PostState(Event):
    """A whole post at one version. Hearers keep the highest version they have seen."""

    identity: ClassVar[tuple[str, ...]] = ("post_id", "version")

    post_id: str
    version: int
    author_id: str
    author_username: str
    images: tuple[PostImage, ...]
    caption: str = ""
    tags: tuple[str, ...] = ()
    model: str
    aspect: str
    visibility: Visibility
    parent_id: str | None = None
    root_id: str | None = None
    published_at: datetime


class PostPublished(PostState):
    subject = "evt.post.published.v1"


class PostChanged(PostState):
    subject = "evt.post.changed.v1"


class PostDeleted(Event):
    subject = "evt.post.deleted.v1"
    identity: ClassVar[tuple[str, ...]] = ("post_id",)
    post_id: str
    author_id: str


class PostReaction(Event):
    """One person did something with one post. The latest `occurred_at` of a person and post wins."""

    identity: ClassVar[tuple[str, ...]] = ("post_id", "user_id", "occurred_at")

    post_id: str
    author_id: str
    user_id: str


class PostLiked(PostReaction):
    subject = "evt.post.liked.v1"


class PostUnliked(PostReaction):
    subject = "evt.post.unliked.v1"


class PostBookmarked(PostReaction):
    subject = "evt.post.bookmarked.v1"


class PostUnbookmarked(PostReaction):
    subject = "evt.post.unbookmarked.v1"


class PostRemixed(PostReaction):
    """`user_id` published `remix_id`, made from `post_id`."""

    subject = "evt.post.remixed.v1"
    remix_id: str


class PostShared(PostReaction):
    subject = "evt.post.shared.v1"


class PostCommented(PostReaction):
    subject = "evt.post.commented.v1"
    identity: ClassVar[tuple[str, ...]] = ("comment_id",)
    comment_id: str
    text: str


# ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Relation(Event):
    """`user_id` changed how they stand to `target_id`. The latest `occurred_at` of the pair wins."""

    identity: ClassVar[tuple[str, ...]] = ("user_id", "target_id", "occurred_at")

    user_id: str
    target_id: str


class UserFollowed(Relation):
    subject = "evt.user.followed.v1"


class UserUnfollowed(Relation):
    subject = "evt.user.unfollowed.v1"


class UserBlocked(Relation):
    subject = "evt.user.blocked.v1"


class UserUnblocked(Relation):
    subject = "evt.user.unblocked.v1"


class UserMuted(Relation):
    subject = "evt.user.muted.v1"


class UserUnmuted(Relation):
    subject = "evt.user.unmuted.v1"


class UserErased(Event):
    """An account is gone: every hearer deletes what it keeps of this person."""

    subject = "evt.user.erased.v1"
    identity: ClassVar[tuple[str, ...]] = ("user_id",)
    user_id: str


# ── feed and safety ───────────────────────────────────────────────────────────────────────────────────────────────────


class Interaction(Fact):
    post_id: str
    event: Literal["seen", "opened", "dwelled", "more", "less", "hidden"]
    feed_context: str | None = Field(None, description="What the feed sent along with the item, returned unread.")


class FeedInteracted(Event):
    subject = "evt.feed.interacted.v1"
    identity: ClassVar[tuple[str, ...]] = ("batch_id",)
    batch_id: str
    user_id: str
    items: tuple[Interaction, ...]


class Target(Fact):
    kind: TargetKind
    id: str


class ContentReported(Event):
    subject = "evt.content.reported.v1"
    identity: ClassVar[tuple[str, ...]] = ("report_id",)
    report_id: str
    reporter_id: str
    target: Target
    owner_id: str
    reason: str
    text: str = ""


class DecisionAppealed(Event):
    subject = "evt.decision.appealed.v1"
    identity: ClassVar[tuple[str, ...]] = ("decision_id",)
    decision_id: str
    user_id: str
    text: str


class Words(Fact):
    """What somebody wrote at one moment for others to read: a comment, the words of a post, a name and bio."""

    target: Target
    owner_id: str
    written_at: datetime
    text: str


class WordsWritten(Event):
    """Moderation did not answer when it was asked about words: nobody but their author sees them until it does."""

    subject = "evt.words.written.v1"
    identity: ClassVar[tuple[str, ...]] = ("target_id", "written_at")
    words: Words

    @property
    def target_id(self) -> str:
        return f"{self.words.target.kind}:{self.words.target.id}"

    @property
    def written_at(self) -> datetime:
        return self.words.written_at


class WordsJudged(Event):
    """What moderation says at last of words that waited for it."""

    subject = "evt.words.judged.v1"
    identity: ClassVar[tuple[str, ...]] = ("decision_id",)
    decision_id: str
    target: Target
    owner_id: str
    written_at: datetime
    verdict: Verdict
    decision: Decision | None = Field(None, description="What the author may see of it, where it was not allowed.")


class WordsStopped(Event):
    """The policy did not let words pass. Whoever asked hides them; this is for their author to read of it."""

    subject = "evt.words.stopped.v1"
    identity: ClassVar[tuple[str, ...]] = ("decision_id",)
    decision_id: str
    target: Target
    owner_id: str
    decision: Decision


class DecisionMade(Event):
    """A moderator decided on something that stands: a comment, a profile, a post, an appealed prompt or image."""

    subject = "evt.decision.made.v1"
    identity: ClassVar[tuple[str, ...]] = ("decision_id",)
    decision_id: str
    target: Target
    owner_id: str
    decision: Decision
    context: dict[str, Any] = Field(
        default_factory=dict, description="What the hearer needs to act: a generation's id."
    )


def every_event() -> list[type[Event]]:
    """All concrete events, by subject."""
    found: dict[str, type[Event]] = {}
    pending: list[type[Event]] = [Event]
    while pending:
        kind = pending.pop()
        pending.extend(kind.__subclasses__())
        if "subject" in vars(kind):
            found[kind.subject] = kind
    return [found[subject] for subject in sorted(found)]
