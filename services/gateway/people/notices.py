"""Notifications as people read them: who did what, in one sentence for each group."""

from __future__ import annotations

import asyncio
from datetime import datetime

from pydantic import BaseModel, Field

from services.gateway import present
from services.gateway.answers import Author, Sources
from services.gateway.context import Parts
from services.gateway.identity.auth import Viewer
from services.gateway.store.notifications import NotificationKind
from services.gateway.visibility import visible_people, visible_posts
from shared.events import Verdict
from shared.mongo import Document

NAMED = 3
_ACTS: dict[NotificationKind, str] = {
    "like": "liked your post",
    "comment": "commented on your post",
    "reply": "replied to your comment",
    "follow": "followed you",
    "remix": "remixed your post",
}
_VERDICTS: dict[Verdict, str] = {"allow": "allowed", "hold": "held back", "block": "blocked"}
_THINGS = {"image": "picture", "user": "account", "profile": "name and bio", "prompt": "prompt", "comment": "comment"}


class PostPreview(BaseModel):
    """The post that a notification is about."""

    id: str
    thumbhash: str
    sources: Sources


class Notification(BaseModel):
    """One group of acts. It moves to the top with each new act, and is unread again."""

    id: str
    kind: NotificationKind
    text: str = Field(description='For people, e.g. "Ada and 12 others liked your post".')
    actors: list[Author] = Field(description="The latest few, latest first; empty for a decision.")
    count: int = Field(description="How many different people acted.")
    post: PostPreview | None
    comment_id: str | None = Field(description="The latest comment or reply.")
    read: bool
    updated_at: datetime


async def present_groups(parts: Parts, viewer: Viewer, groups: list[Document]) -> list[Notification]:
    """The groups that still concern the viewer: without acts of people they may not see, or on posts that are gone."""
    actors = {actor for group in groups if group["kind"] != "decision" for actor in group["latest"]}
    post_ids = sorted({group["post_id"] for group in groups if group["post_id"]})
    accounts, posts, counts = await asyncio.gather(
        parts.accounts.many(actors), parts.posts.many(post_ids), parts.notifications.actors([g["_id"] for g in groups])
    )
    decided = [group["latest"][-1] for group in groups if group["kind"] == "decision"]
    people, shown_posts, decisions = await asyncio.gather(
        visible_people(parts, viewer, list(accounts.values()), "notifications"),
        visible_posts(parts, viewer, posts, "notifications"),
        parts.decisions.many(decided),
    )
    authors = await present.authors_of(parts, {person["_id"]: person for person in people})
    previews = {post["_id"]: _preview(parts, post) for post in shown_posts}
    found = (_entry(group, authors, previews, decisions, counts.get(group["_id"], 0)) for group in groups)
    return [entry for entry in found if entry]


def _entry(
    group: Document,
    authors: dict[str, Author],
    previews: dict[str, PostPreview],
    decisions: dict[str, Document],
    counted: int,
) -> Notification | None:
    kind: NotificationKind = group["kind"]
    # Latest first, each person once.
    acted = list(dict.fromkeys(reversed(group["latest"])))
    visible = [authors[actor] for actor in acted if actor in authors]
    count = max(len(visible), counted - (len(acted) - len(visible)))
    if kind != "decision" and not visible:
        return None
    if group["post_id"] and group["post_id"] not in previews:
        return None
    return Notification(
        id=group["id"],
        kind=kind,
        text=_sentence(kind, visible, count) if kind != "decision" else _decided(decisions.get(acted[0]), counted),
        actors=visible[:NAMED] if kind != "decision" else [],
        count=count if kind != "decision" else counted,
        post=previews.get(group["post_id"]),
        comment_id=group["comment_id"],
        read=group["read_at"] is not None,
        updated_at=group["updated_at"],
    )


def _decided(decision: Document | None, count: int) -> str:
    if decision is None:
        return "Moderation decided about something of yours"
    verdict: Verdict = decision["decision"]["verdict"]
    latest = f"Moderation {_VERDICTS[verdict]} your {_THINGS.get(decision['target']['kind'], 'post')}"
    return latest if count < 2 else f"{latest}, and decided {count - 1} more time{'s' if count > 2 else ''}"


def _sentence(kind: NotificationKind, actors: list[Author], count: int) -> str:
    first, others = actors[0].display_name, count - 1
    if others == 0:
        who = first
    elif others == 1 and len(actors) > 1:
        who = f"{first} and {actors[1].display_name}"
    else:
        who = f"{first} and {others} {'other' if others == 1 else 'others'}"
    return f"{who} {_ACTS[kind]}"


def _preview(parts: Parts, post: Document) -> PostPreview:
    image = post["images"][0]
    sources = Sources(**parts.pictures.sources(image["hash"], image["width"], signed=True))
    return PostPreview(id=post["_id"], thumbhash=image["thumbhash"], sources=sources)
