"""Comments on posts, with one level of replies."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field
from starlette.responses import JSONResponse

from services.gateway import present
from services.gateway.answers import Comment
from services.gateway.context import Parts, PartsDep
from services.gateway.edge.idempotency import Idempotent
from services.gateway.edge.limits import limited_writes
from services.gateway.edge.paging import Cursor, Limit, Page, decode_cursor, encode_cursor, paged
from services.gateway.edge.text import Prose, StrictBody
from services.gateway.errors import forbidden, invalid, not_found
from services.gateway.identity.auth import MaybeSignedIn, SignedIn, Viewer
from services.gateway.posting import commenting
from services.gateway.routes.posts import VisiblePost
from services.gateway.visibility import may_see_post
from shared.mongo import Document

router = APIRouter(tags=["posts"])


class NewComment(StrictBody):
    text: Annotated[Prose, Field(min_length=1, max_length=1000)]
    reply_to: str | None = Field(None, max_length=64, description="A comment on the same post that is no reply itself.")


@router.get("/v1/posts/{post_id}/comments")
async def list_comments(
    request: Request,
    response: Response,
    post: VisiblePost,
    viewer: MaybeSignedIn,
    parts: PartsDep,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Comment]:
    """Comments and replies, oldest first."""
    after = str(decode_cursor(cursor, comment=str)["comment"]) if cursor else None
    shown, following = await commenting.page(parts, viewer, post, after, limit)
    answers = await present.comments(parts, shown)
    return paged(request, response, answers, encode_cursor({"comment": following}) if following else None)


@router.post(
    "/v1/posts/{post_id}/comments", status_code=201, response_model=Comment, dependencies=[Depends(limited_writes)]
)
async def add_comment(
    body: NewComment, viewer: SignedIn, post: VisiblePost, parts: PartsDep, idempotent: Idempotent
) -> Response:
    """Say something about a post, or answer a comment on it."""

    async def make() -> Response:
        comment = await parts.comments.get(idempotent.resource_id) if idempotent.repeated else None
        if comment is None:
            parent = await _replied_to(parts, viewer, post, body.reply_to) if body.reply_to else None
            if parent and parent["reply_to"]:
                raise invalid(["body", "reply_to"], "Replies can't be replied to.", code="reply_to_reply")
            comment = await commenting.add(parts, viewer, post, idempotent.resource_id, body.text, parent)
        answers = await present.comments(parts, [comment])
        return JSONResponse(answers[0].model_dump(mode="json"), 201)

    return await idempotent.run(make)


@router.delete("/v1/comments/{comment_id}", status_code=204, dependencies=[Depends(limited_writes)])
async def delete_comment(comment_id: str, viewer: SignedIn, parts: PartsDep) -> None:
    """Delete a comment with its replies: for who wrote it, for the post's author, and for moderators."""
    comment = await parts.comments.get(comment_id)
    post = await parts.posts.get(comment["post_id"]) if comment else None
    if comment is None or post is None:
        raise not_found()
    if viewer.user_id not in (comment["author_id"], comment["post_author_id"]) and not viewer.moderates:
        raise (
            forbidden("Only who wrote it or the post's author can delete it.")
            if await may_see_post(parts, viewer, post, "comments")
            else not_found()
        )
    await commenting.delete(parts, comment)


async def _replied_to(parts: Parts, viewer: Viewer, post: Document, comment_id: str) -> Document:
    comment = await parts.comments.get(comment_id)
    on_post = [comment] if comment and comment["post_id"] == post["_id"] else []
    seen = await commenting.visible(parts, viewer, on_post)
    if not seen:
        raise commenting.unknown()
    return seen[0]
