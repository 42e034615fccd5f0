"""Comments: said, read and taken back."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo.asynchronous.client_session import AsyncClientSession

from services.gateway.context import Parts
from services.gateway.errors import Problem, invalid
from services.gateway.identity.auth import Viewer
from services.gateway.lists.listing import ROUNDS
from services.gateway.people.telling import notify
from services.gateway.posting import words
from services.gateway.store.notifications import Act, NotificationKind
from services.gateway.visibility import visible_people
from shared.events import Decision, Event, PostCommented, Target, Verdict, utcnow
from shared.mongo import Document


async def add(
    parts: Parts, author: Viewer, post: Document, comment_id: str, text: str, parent: Document | None
) -> Document:
    """Write a comment, or a reply to `parent`; where others may see it, count it and tell who is concerned.

    Raises:
        Problem: 422 `unknown_comment` when `parent` was deleted meanwhile.
    """
    post_id = post["_id"]
    now = utcnow()
    judgement = await words.judge(parts, Target(kind="comment", id=comment_id), author.user_id, now, text)
    comment: Document = {
        "_id": comment_id,
        "post_id": post_id,
        "post_author_id": post["author_id"],
        "author_id": author.user_id,
        "text": text,
        "reply_to": parent["_id"] if parent else None,
        "moderation": judgement.rating,
        "decision": words.kept(judgement.decision),
        "created_at": now,
    }
    events = (_event(comment),) if judgement.rating == "allow" else judgement.told
    if parent is None:
        await parts.outbox.commit([parts.comments.insertion(comment)], *events)
    else:
        await _reply(parts, comment, events)
    if judgement.rating == "allow":
        await _appeared(parts, comment, parent)
    return comment


async def _reply(parts: Parts, comment: Document, events: Sequence[Event]) -> None:
    async def work(session: AsyncClientSession) -> list[Document]:
        if not await parts.comments.hold(comment["reply_to"], session):
            raise unknown()
        await parts.mongo.write([parts.comments.insertion(comment)], session)
        return await parts.outbox.add(session, *events)

    parts.outbox.flush(await parts.mongo.transaction(work))


def unknown() -> Problem:
    """422: what is replied to is not there, or not for the viewer to see."""
    return invalid(["body", "reply_to"], "There is no such comment on this post.", code="unknown_comment")


async def rate(
    parts: Parts, comment_id: str, verdict: Verdict, decision: Decision | None, *, only: str | None = None
) -> None:
    """Have others see a comment or not see it any more, as moderation says; with `only`, while it stands so."""

    async def work(session: AsyncClientSession) -> tuple[Document, list[Document]] | None:
        comment = await parts.comments.get(comment_id, session)
        if comment is None or (only and comment["moderation"] != only):
            return None
        await parts.comments.rate(comment_id, verdict, words.kept(decision), session)
        if (comment["moderation"] == "allow") == (verdict == "allow"):
            return None
        await parts.recounts.add("post", [comment["post_id"]], session)
        return comment, await parts.outbox.add(session, *((_event(comment),) if verdict == "allow" else ()))

    turned = await parts.mongo.transaction(work)
    if turned is None:
        return
    comment, rows = turned
    parts.outbox.flush(rows)
    parent = await parts.comments.get(comment["reply_to"]) if comment["reply_to"] else None
    if verdict == "allow":
        await _appeared(parts, comment, parent)
    else:
        await parts.mongo.write_with_others([parts.posts.counting(comment["post_id"], "comments", -1)])
        await parts.notifications.take_back(_acts(comment, parent))


async def _appeared(parts: Parts, comment: Document, parent: Document | None) -> None:
    counted = [parts.posts.counting(comment["post_id"], "comments", 1)]
    for act in _acts(comment, parent):
        await notify(parts, act, counted=counted)
        counted = []


def _acts(comment: Document, parent: Document | None) -> list[Act]:
    """What is told of a comment: to whose post it is on, and to whom it replies."""
    told: dict[str, NotificationKind] = {comment["post_author_id"]: "comment"}
    if parent:
        told[parent["author_id"]] = "reply"
    return [
        Act(person, kind, comment["author_id"], comment["post_id"], comment["_id"]) for person, kind in told.items()
    ]


def _event(comment: Document) -> PostCommented:
    return PostCommented(
        post_id=comment["post_id"],
        author_id=comment["post_author_id"],
        user_id=comment["author_id"],
        comment_id=comment["_id"],
        text=comment["text"],
        occurred_at=comment["created_at"],
    )


async def delete(parts: Parts, comment: Document) -> None:
    """Delete a comment with its replies. Those that others did not see were not counted."""
    parent = await parts.comments.get(comment["reply_to"]) if comment["reply_to"] else None

    async def work(session: AsyncClientSession) -> list[Document]:
        removed = await parts.comments.delete(comment["_id"], session)
        if removed:
            await parts.recounts.add("post", [comment["post_id"]], session)
        return removed

    seen = [one for one in await parts.mongo.transaction(work) if one["moderation"] == "allow"]
    if seen:
        await parts.mongo.write_with_others([parts.posts.counting(comment["post_id"], "comments", -len(seen))])
        told = [act for one in seen for act in _acts(one, comment if one["reply_to"] == comment["_id"] else parent)]
        await parts.notifications.take_back(told)


async def page(
    parts: Parts, viewer: Viewer | None, post: Document, after: str | None, limit: int
) -> tuple[list[Document], str | None]:
    """Comments that the viewer may see, oldest first, and the id after which the next page begins."""
    shown: list[Document] = []
    for _ in range(ROUNDS):
        found = await parts.comments.page(post["_id"], after=after, limit=limit + 1)
        shown += await visible(parts, viewer, found)
        if len(shown) > limit:
            return shown[:limit], shown[limit - 1]["_id"]
        if len(found) <= limit:
            return shown, None
        after = found[-1]["_id"]
    return shown, after


async def visible(parts: Parts, viewer: Viewer | None, comments: list[Document]) -> list[Document]:
    """Without those of people blocked either way, and without those that moderation hides from all but their author."""
    accounts = await parts.accounts.many({comment["author_id"] for comment in comments})
    people = await visible_people(parts, viewer, list(accounts.values()), "list")
    known = {person["_id"]: person for person in people}
    own = viewer.user_id if viewer else None
    return [
        comment | {"author": known[comment["author_id"]]}
        for comment in comments
        if comment["author_id"] in known and (comment["moderation"] == "allow" or comment["author_id"] == own)
    ]
