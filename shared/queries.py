"""Questions one service asks another, over NATS request/reply: `qry.<service>.<verb>.v1`.

A query names its answer type. Nobody listening raises at once, so that callers can fall back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import Field

from shared.events import Decision, Fact, FeedInteracted, Target, Verdict, Words

FeedMode = Literal["for_you", "following", "explore"]
Matched = Literal["image", "prompt", "text"]


class Answer(Fact):
    """What comes back."""


A = TypeVar("A", bound=Answer)


class Query(Fact, Generic[A]):
    """A question with its subject and the type of its answer."""

    subject: ClassVar[str]
    answer: ClassVar[type[Any]]


# ── search ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class PostFilter(Fact):
    """Conditions that all hold. Only public posts are searched unless `author_ids` asks for one's own."""

    author_id: str | None = None
    aspect: str | None = None
    model: str | None = None
    tag: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    include_hidden: bool = Field(False, description="Also posts that are not public: only for one's own.")


class Hit(Fact):
    post_id: str
    score: float = Field(description="Higher is nearer; comparable only within one answer.")
    matched: tuple[Matched, ...] = ()
    less_related: bool = False


class Hits(Answer):
    hits: tuple[Hit, ...] = ()


class SearchPosts(Query[Hits]):
    """Posts that match the words, best first (or newest first among those that match).

    An empty `text` lists the posts that pass the filter, newest first.
    """

    subject = "qry.search.posts.v1"
    answer = Hits
    text: str
    filter: PostFilter = PostFilter()
    sort: Literal["relevance", "new"] = "relevance"
    offset: int = Field(0, ge=0, le=1000)
    limit: int = Field(20, ge=1, le=500)


class SimilarPosts(Query[Hits]):
    """Posts whose pictures and prompts are near those of one post, without it."""

    subject = "qry.search.similar.v1"
    answer = Hits
    post_id: str
    before: datetime | None = Field(None, description="Only what was published before this moment.")
    offset: int = Field(0, ge=0, le=1000)
    limit: int = Field(20, ge=1, le=500)


class Vectors(Answer):
    """Unit-length vectors by post id; unknown posts are absent."""

    image: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    prompt: dict[str, tuple[float, ...]] = Field(default_factory=dict)


class PostVectors(Query[Vectors]):
    """The stored vectors of posts, for taste and for diversity."""

    subject = "qry.search.vectors.v1"
    answer = Vectors
    post_ids: tuple[str, ...] = Field(max_length=500)


class NearTaste(Query[Hits]):
    """Public posts near any of the given image vectors and away from the negatives, best first."""

    subject = "qry.search.taste.v1"
    answer = Hits
    positive: tuple[tuple[float, ...], ...] = Field(min_length=1, max_length=16)
    negative: tuple[tuple[float, ...], ...] = Field((), max_length=16)
    exclude_post_ids: tuple[str, ...] = Field((), max_length=2000)
    limit: int = Field(200, ge=1, le=500)


# ── feed ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Reason(Fact):
    """Why an item is there: the true top source. `text` is for people."""

    code: Literal["followed", "taste", "trending", "fresh", "explore", "remix", "recent", "co_liked"]
    text: str


class FeedItem(Fact):
    post_id: str
    reasons: tuple[Reason, ...]
    feed_context: str


class FeedItems(Answer):
    """`next_cursor` is None at the end."""

    items: tuple[FeedItem, ...] = ()
    next_cursor: str | None = None


class FeedPage(Query[FeedItems]):
    """One page for one person. Asking again with the same cursor gives the same items."""

    subject = "qry.feed.page.v1"
    answer = FeedItems
    viewer_id: str | None
    mode: FeedMode
    limit: int = Field(20, ge=1, le=100)
    cursor: str | None = None


class TasteInterest(Fact):
    """Something the person seems to like. `weight` is in (0, 1], 1 for the greatest; `post_ids` the dearest first."""

    id: str
    label: str
    weight: float
    post_ids: tuple[str, ...] = ()


class TasteLess(Fact):
    """A picture of which the person wants less of its kind, and when that will have faded away."""

    id: str
    label: str
    since: datetime
    fades_at: datetime


class TasteFound(Answer):
    """What was learned of a person, and how they want to be shown pictures. `exploration` is a share, 0…1."""

    personalised: bool
    exploration: float
    interests: tuple[TasteInterest, ...] = ()
    less: tuple[TasteLess, ...] = ()


class ReadTaste(Query[TasteFound]):
    """The taste of one person as the next page would use it."""

    subject = "qry.feed.taste.v1"
    answer = TasteFound
    viewer_id: str


class SteerTaste(Query[TasteFound]):
    """Change how a person's pages are made; None leaves a value as it is."""

    subject = "qry.feed.steer.v1"
    answer = TasteFound
    viewer_id: str
    personalised: bool | None = None
    exploration: float | None = Field(None, ge=0, le=1)


class Forgotten(Answer):
    """`found` is False when nothing of that id was learned."""

    found: bool


class ForgetTaste(Query[Forgotten]):
    """Forget one interest or one "less like this" by its id, or with None all that was learned."""

    subject = "qry.feed.forget.v1"
    answer = Forgotten
    viewer_id: str
    id: str | None = None


class Noted(Answer):
    """It is on record: the next page knows of it."""


class NoteInteractions(Query[Noted]):
    """What a person did with their pages, when the very next one has to heed it."""

    subject = "qry.feed.note.v1"
    answer = Noted
    interactions: FeedInteracted


# ── moderation ────────────────────────────────────────────────────────────────────────────────────────────────────────


class QueueEntry(Fact):
    """One thing that waits for a moderator, or was decided: what it is, why it is there, and its history.

    What is quarantined is shown to nobody, moderators included.
    """

    case_id: str
    target_kind: str
    target_id: str
    owner_id: str
    state: Literal["open", "closed"]
    priority: int
    opened_at: datetime
    why: tuple[str, ...] = ()
    text: str | None = None
    image_hash: str | None = None
    quarantined: bool = False
    history: tuple[dict[str, object], ...] = ()


class QueueEntries(Answer):
    items: tuple[QueueEntry, ...] = ()
    next_cursor: str | None = None


class ModerationQueue(Query[QueueEntries]):
    """Open cases, most urgent first."""

    subject = "qry.moderation.queue.v1"
    answer = QueueEntries
    limit: int = Field(20, ge=1, le=100)
    cursor: str | None = None
    state: Literal["open", "closed"] = "open"


class Judged(Answer):
    verdict: Verdict
    decision: Decision | None = Field(None, description="What the author may see of it, where it was not allowed.")


class JudgeWords(Query[Judged]):
    """Whether others may read what somebody has written; asked before it is kept."""

    subject = "qry.moderation.words.v1"
    answer = Judged
    words: Words


class Decided(Answer):
    """`decision_id` is None when the case or target is unknown."""

    decision_id: str | None


class Decide(Query[Decided]):
    """A moderator's verdict on a target; overrides what stood before, and erases nothing."""

    subject = "qry.moderation.decide.v1"
    answer = Decided
    actor_id: str
    target: Target
    owner_id: str | None = Field(None, description="Whose it is, if it is there: moderation knows what it met only.")
    verdict: Verdict
    reason: str


class Undone(Answer):
    """`decision_id` is None when nothing was undone: the verdict is unknown, the policy's, or no longer the last."""

    decision_id: str | None


class Undo(Query[Undone]):
    """A moderator takes back the last verdict on a target: what stood before it stands again, by a new decision."""

    subject = "qry.moderation.undo.v1"
    answer = Undone
    actor_id: str
    decision_id: str


# ── generation ────────────────────────────────────────────────────────────────────────────────────────────────────────


class ModelCapabilities(Fact):
    """What one model can do; the API and the page offer nothing else."""

    id: str
    title: str
    licence: str
    licence_url: str | None = None
    commercial_use: bool
    steps: int
    guidance: bool
    negative_prompt: bool
    image_to_image: bool
    sizes: dict[str, tuple[int, int]] = Field(description="Aspect → (width, height) in pixels.")
    max_n: int
    styles: tuple[str, ...] = ()
    licence_note: str | None = Field(None, description="What the licence asks of whoever runs or uses the service.")
    revision: str | None = Field(None, description="Commit of the model's repository; null for one from a folder.")


class Models(Answer):
    models: tuple[ModelCapabilities, ...]
    default: str


class ListModels(Query[Models]):
    """What can be asked of the generator."""

    subject = "qry.generation.models.v1"
    answer = Models
