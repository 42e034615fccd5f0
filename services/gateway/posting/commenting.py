"""Comments: said, read and taken back."""

from __future__ import annotations

from pymongo.asynchronous.client_session import AsyncClientSession

from services.gateway.context import Parts
from services.gateway.identity.auth import Viewer
from services.gateway.lists.listing import ROUNDS
from services.gateway.people.telling import notify
from services.gateway.store.notifications import NotificationKind
from services.gateway.visibility import visible_people
from shared.events import PostCommented, utcnow
from shared.mongo import Document


async def add(
    parts: Parts, author: Viewer, post: Document, comment_id: str, text: str, parent: Document | None
) -> Document:
    """Write a comment, or a reply to `parent`, with its event as one; then count it and tell who is concerned."""
    post_id = post["_id"]
    now = utcnow()
    comment: Document = {
        "_id": comment_id,
        "post_id": post_id,
        "post_author_id": post["author_id"],
        "author_id": author.user_id,
        "text": text,
        "reply_to": parent["_id"] if parent else None,
        "moderation": "allow",
        "decision": None,
        "created_at": now,
    }
    event = PostCommented(
        post_id=post_id,
        author_id=post["author_id"],
        user_id=author.user_id,
        comment_id=comment_id,
        text=text,
        occurred_at=now,
    )
    await parts.outbox.commit([parts.comments.insertion(comment)], event)
    told: list[tuple[NotificationKind, str]] = [("reply", parent["author_id"])] if parent else []
    if parent is None or parent["author_id"] != post["author_id"]:
        told.append(("comment", post["author_id"]))
    counted = [parts.posts.counting(post_id, "comments", 1)]
    for kind, person in told:
        await notify(parts, person, kind, author.user_id, post_id=post_id, comment_id=comment_id, counted=counted)
        counted = []
    return comment


async def delete(parts: Parts, comment: Document) -> None:
    """Delete a comment with its replies."""

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
