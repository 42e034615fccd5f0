"""Reporting what others made, and what moderation decided about one's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from services.gateway.context import Parts, PartsDep
from services.gateway.edge.etags import created
from services.gateway.edge.idempotency import Idempotent
from services.gateway.edge.limits import limited, limited_writes
from services.gateway.edge.paging import Cursor, Limit, Page, bad_cursor, decode_cursor, encode_cursor, paged
from services.gateway.edge.text import Line, Prose, StrictBody
from services.gateway.errors import conflict, not_found
from services.gateway.identity.auth import SignedIn
from services.gateway.posting.targets import owner_of_visible
from shared.events import ContentReported, Decision, DecisionAppealed, Target, utcnow
from shared.mongo import Document

REPORTS_PER_MINUTE = 60
router = APIRouter(tags=["safety"])


class ReportTarget(StrictBody):
    kind: Literal["post", "image", "comment", "profile", "user"]
    id: Annotated[str, Field(min_length=1, max_length=64)]


class NewReport(StrictBody):
    target: ReportTarget
    reason: Annotated[Line, Field(min_length=1, max_length=100, examples=["harassment", "sexual", "violence", "spam"])]
    text: Annotated[Prose, Field(max_length=1000)] | None = None


class Report(BaseModel):
    id: str
    target: Target
    reason: str
    text: str | None
    created_at: datetime


class Appeal(BaseModel):
    text: str
    at: datetime


class OwnDecision(BaseModel):
    """What moderation decided, in words for the person concerned."""

    id: str
    target: Target
    decision: Decision
    decided_at: datetime
    appeal: Appeal | None
    can_appeal: bool
    what_next: str = Field(description="What the person can do about it.")


class NewAppeal(StrictBody):
    text: Annotated[Prose, Field(min_length=1, max_length=1000)]


@router.post(
    "/v1/reports",
    status_code=201,
    response_model=Report,
    dependencies=[Depends(limited("reports", per_minute=REPORTS_PER_MINUTE))],
)
async def report(body: NewReport, parts: PartsDep, viewer: SignedIn, idempotent: Idempotent) -> Response:
    """Report something that one can see. Reporting it again gives the report there is."""
    target = Target(**body.target.model_dump())
    owner_id = await owner_of_visible(parts, viewer, target)

    async def make() -> Response:
        row: Document = {
            "_id": idempotent.resource_id,
            "reporter_id": viewer.user_id,
            "target": target.model_dump(),
            "owner_id": owner_id,
            "reason": body.reason,
            "text": body.text,
            "created_at": utcnow(),
        }
        event = ContentReported(
            report_id=row["_id"],
            reporter_id=viewer.user_id,
            target=target,
            owner_id=owner_id,
            reason=body.reason,
            text=body.text or "",
        )
        known = await parts.reports.find(viewer.user_id, target)
        if known is None:
            try:
                await parts.outbox.commit([parts.reports.insertion(row)], event)
            except DuplicateKeyError:
                known = await parts.reports.find(viewer.user_id, target)
        return created(Report(**_with_id(known or row)))

    return await idempotent.run(make)


@router.get("/v1/me/decisions")
async def list_decisions(
    request: Request, response: Response, parts: PartsDep, viewer: SignedIn, limit: Limit = 20, cursor: Cursor = None
) -> Page[OwnDecision]:
    """What was held or blocked of one's own, when, by which rule and stage, and what can be done; latest first."""
    rows = await parts.decisions.page(viewer.user_id, before=_place(cursor), limit=limit + 1)
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = encode_cursor({"at": last["decided_at"].isoformat(), "id": last["_id"]})
    return paged(request, response, await _own(parts, rows[:limit]), following)


@router.post(
    "/v1/decisions/{id}/appeal", status_code=201, response_model=OwnDecision, dependencies=[Depends(limited_writes)]
)
async def appeal(id: str, body: NewAppeal, parts: PartsDep, viewer: SignedIn, idempotent: Idempotent) -> Response:  # noqa: A002
    """Ask a person to look at a decision that stands again; once for each.

    409 `already_appealed`, or `nothing_to_appeal`: it allows, or a later decision took its place.
    """

    async def make() -> Response:
        row = await parts.decisions.owned(id, viewer.user_id)
        if row is None:
            raise not_found()
        if row["decision"]["verdict"] == "allow":
            raise conflict("nothing_to_appeal", "Nothing was held or blocked by this decision.")
        [shown] = await _own(parts, [row])
        if not shown.can_appeal and not row["appeal"]:
            raise conflict("nothing_to_appeal", "A later decision took the place of this one.")

        async def work(session: AsyncClientSession) -> list[Document]:
            if not await parts.decisions.appeal(id, viewer.user_id, body.text, session):
                raise conflict("already_appealed", "This decision has been appealed already.")
            event = DecisionAppealed(decision_id=id, user_id=viewer.user_id, text=body.text)
            return await parts.outbox.add(session, event)

        parts.outbox.flush(await parts.mongo.transaction(work))
        [shown] = await _own(parts, [row | {"appeal": {"text": body.text, "at": utcnow()}}])
        return created(shown)

    return await idempotent.run(make)


def _with_id(row: Document) -> dict[str, Any]:
    return {"id": row["_id"], **row}


async def _own(parts: Parts, rows: Sequence[Document]) -> list[OwnDecision]:
    """Decisions of one person, each with what can be done about it now."""
    if not rows:
        return []
    latest = await parts.decisions.standing(rows[0]["user_id"], [row["target"] for row in rows])
    return [_shown(row, latest.get((row["target"]["kind"], row["target"]["id"]), row)) for row in rows]


def _shown(row: Document, latest: Document) -> OwnDecision:
    allowed, stands = latest["decision"]["verdict"] == "allow", latest["_id"] == row["_id"]
    can_appeal = stands and not allowed and row["appeal"] is None
    if stands and allowed:
        what_next = "Nothing needs to be done: it is allowed."
    elif allowed:
        what_next = "Nothing needs to be done: a later decision allows it."
    elif not stands:
        what_next = "A later decision took its place: look there for what you can do."
    elif can_appeal:
        what_next = "You can change it and try again, or appeal once: then a person looks at it."
    else:
        what_next = "Your appeal is with the moderators; a new decision will stand in this list."
    return OwnDecision(
        id=row["_id"],
        target=row["target"],
        decision=Decision(**row["decision"]),
        decided_at=row["decided_at"],
        appeal=row["appeal"],
        can_appeal=can_appeal,
        what_next=what_next,
    )


def _place(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    place = decode_cursor(cursor, at=str, id=str)
    try:
        return datetime.fromisoformat(str(place["at"])), str(place["id"])
    except ValueError as error:
        raise bad_cursor() from error
