"""The moderators' queue and their verdicts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from services.gateway import answers
from services.gateway.context import Parts, PartsDep
from services.gateway.edge.etags import created
from services.gateway.edge.idempotency import Idempotent
from services.gateway.edge.limits import limited_writes
from services.gateway.edge.paging import Cursor, Limit, Page, decode_cursor, encode_cursor, paged
from services.gateway.edge.text import Prose, StrictBody
from services.gateway.errors import conflict, not_found
from services.gateway.identity.auth import ModeratorOnly
from services.gateway.posting.targets import is_painted, owner_of
from shared.events import Target, Verdict
from shared.queries import Decide, ModerationQueue, QueueEntry, Undo

router = APIRouter(tags=["moderation"])
Named = Annotated[str, Path(max_length=64)]


class VerdictTarget(StrictBody):
    kind: Literal["prompt", "image", "post", "comment", "profile", "user"]
    id: Annotated[str, Field(min_length=1, max_length=64)]


class NewVerdict(StrictBody):
    target: VerdictTarget
    verdict: Verdict
    reason: Annotated[Prose, Field(min_length=1, max_length=1000)]


class Case(QueueEntry):
    """A case with what a moderator has to look at."""

    pictures: list[answers.Sources] = Field(
        default=[], description="Signed for a day. Empty where there are none, and while they are quarantined."
    )


class GivenVerdict(BaseModel):
    decision_id: str


@router.get("/v1/moderation/queue")
async def read_queue(
    request: Request,
    response: Response,
    parts: PartsDep,
    viewer: ModeratorOnly,
    limit: Limit = 20,
    cursor: Cursor = None,
    state: Annotated[Literal["open", "closed"], Query()] = "open",
) -> Page[Case]:
    """Cases, most urgent first; moderators only. 503 while moderation is down."""
    inner = str(decode_cursor(cursor, queue=str)["queue"]) if cursor else None
    found = await parts.bus.ask(ModerationQueue(limit=limit, cursor=inner, state=state))
    following = encode_cursor({"queue": found.next_cursor}) if found.next_cursor else None
    return paged(request, response, await _with_pictures(parts, found.items), following)


async def _with_pictures(parts: Parts, entries: Sequence[QueueEntry]) -> list[Case]:
    """Moderators judge what nobody else may see, so this doesn't pass through `visibility`."""
    posts, images = await asyncio.gather(
        parts.posts.many([entry.target_id for entry in entries if entry.target_kind == "post"]),
        parts.images.many([entry.target_id for entry in entries if entry.target_kind == "image"]),
    )
    shown = {post["_id"]: post["images"] for post in posts} | {image["_id"]: [image] for image in images}

    def sources(entry: QueueEntry) -> list[answers.Sources]:
        pictures = [] if entry.quarantined else shown.get(entry.target_id, [])
        return [
            answers.Sources(**parts.pictures.sources(picture["hash"], picture["width"], signed=True))
            for picture in pictures
        ]

    return [Case(**entry.model_dump(), pictures=sources(entry)) for entry in entries]


@router.post(
    "/v1/moderation/decisions", status_code=201, response_model=GivenVerdict, dependencies=[Depends(limited_writes)]
)
async def decide(body: NewVerdict, parts: PartsDep, viewer: ModeratorOnly, idempotent: Idempotent) -> Response:
    """Give a verdict on anything; it overrides what stood before, which is kept. 503 while moderation is down.

    A `user` who is held or blocked is suspended: others see neither them nor what they posted, and whatever they would
    write answers 403 `suspended`, until a verdict allows them again. 409 `painted` for a prompt that was painted and is
    not to be allowed: its pictures are what there is to decide on.
    """
    target = Target(**body.target.model_dump())
    if body.verdict != "allow" and await is_painted(parts, target):
        raise conflict("painted", "It was painted meanwhile: give your verdict on its pictures.")

    async def make() -> Response:
        question = Decide(
            actor_id=viewer.user_id,
            target=target,
            owner_id=await owner_of(parts, target),
            verdict=body.verdict,
            reason=body.reason,
        )
        answer = await parts.bus.ask(question)
        if answer.decision_id is None:
            raise not_found("There is no such thing.")
        return created(GivenVerdict(decision_id=answer.decision_id))

    return await idempotent.run(make)


@router.post(
    "/v1/moderation/decisions/{decision_id}/undo",
    status_code=201,
    response_model=GivenVerdict,
    dependencies=[Depends(limited_writes)],
)
async def undo(decision_id: Named, parts: PartsDep, viewer: ModeratorOnly, idempotent: Idempotent) -> Response:
    """Take back the last verdict on something: what stood before it stands again, by a decision of its own.

    409 `not_undone` when it is the policy's, no longer the last, or unknown; 503 while moderation is down.
    """

    async def make() -> Response:
        answer = await parts.bus.ask(Undo(actor_id=viewer.user_id, decision_id=decision_id))
        if answer.decision_id is None:
            raise conflict("not_undone", "Only a moderator's verdict that is still the last on its target is undone.")
        return created(GivenVerdict(decision_id=answer.decision_id))

    return await idempotent.run(make)
