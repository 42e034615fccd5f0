"""Comments: said, read and taken back."""

from __future__ import annotations

from pymongo.asynchronous.client_session import AsyncClientSession

from services.gateway.context import Parts
from services.gateway.identity.auth import Viewer
from services.gateway.lists.listing import ROUNDS
from services.gateway.people.telling import notify
from services.gateway.posting import words
from services.gateway.store.notifications import NotificationKind
from services.gateway.visibility import visible_people
from shared.events import Decision, PostCommented, Target, Verdict, utcnow
from shared.mongo import Document


async def add(
    parts: Parts, author: Viewer, post: Document, comment_id: str, text: str, parent: Document | None
) -> Document:
    """Write a comment, or a reply to `parent`; where others may see it, count it and tell who is concerned."""
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
    await parts.outbox.commit([parts.comments.insertion(comment)], *events)
    if judgement.rating == "allow":
        await _appeared(parts, comment, parent)
    return comment


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
    if verdict == "allow":
        await _appeared(parts, comment, await parts.comments.get(comment["reply_to"]) if comment["reply_to"] else None)
    else:
        await parts.mongo.write_with_others([parts.posts.counting(comment["post_id"], "comments", -1)])


async def _appeared(parts: Parts, comment: Document, parent: Document | None) -> None:
    post_id, post_author_id = comment["post_id"], comment["post_author_id"]
    told: list[tuple[NotificationKind, str]] = [("reply", parent["author_id"])] if parent else []
    if parent is None or parent["author_id"] != post_author_id:
        told.append(("comment", post_author_id))
    counted = [parts.posts.counting(post_id, "comments", 1)]
    for kind, person in told:
        await notify(
            parts, person, kind, comment["author_id"], post_id=post_id, comment_id=comment["_id"], counted=counted
        )
        counted = []


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

    async def work(session: AsyncClientSession) -> int:
        removed = await parts.comments.delete(comment["_id"], session)
        if removed:
            await parts.recounts.add("post", [comment["post_id"]], session)
        return removed

    removed = await parts.mongo.transaction(work)
    if removed:
        await parts.mongo.write_with_others([parts.posts.counting(comment["post_id"], "comments", -removed)])


async def page(
    parts: Parts, viewer: Viewer | None, post: Document, after: str | None, limit: int
) -> tuple[list[Document], str | None]:
    """Comments that the viewer may see, oldest first, and the id after which the next page begins."""
    shown: list[Document] = []
    for _ in range(ROUNDS):
        found = await parts.comments.page(post["_id"], after=after, limit=limit + 1)
        shown += await _visible(parts, viewer, found)
        if len(shown) > limit:
            return shown[:limit], shown[limit - 1]["_id"]
        if len(found) <= limit:
            return shown, None
        after = found[-1]["_id"]
    return shown, after


async def _visible(parts: Parts, viewer: Viewer | None, comments: list[Document]) -> list[Document]:
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
