"""`/v1/me/taste`: what the feed has learned of oneself, to be seen, steered and forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.gateway import answers, present
from services.gateway.context import Parts, PartsDep
from services.gateway.edge.etags import require_match, tagged
from services.gateway.edge.limits import limited_writes
from services.gateway.edge.text import StrictBody
from services.gateway.errors import not_found
from services.gateway.identity.auth import SignedIn, Viewer
from services.gateway.visibility import visible_posts
from shared.queries import ForgetTaste, ReadTaste, SteerTaste, TasteFound

SHOWN = 3
router = APIRouter(prefix="/v1/me/taste", tags=["finding"])


class Interest(BaseModel):
    """Something the person seems to like."""

    id: str
    label: str
    weight: float = Field(description="Above 0; 1 for the greatest.")
    posts: list[answers.Post] = Field(description="At most three that it was learned from, the dearest first.")


class Less(BaseModel):
    """A picture of which less of its kind was asked for."""

    id: str
    label: str
    since: datetime
    fades_at: datetime = Field(description="When nothing of it will be left.")


class Taste(BaseModel):
    personalised: bool = Field(description="Off: `for_you` shows what is new and popular, the same for everybody.")
    exploration: float = Field(description="Share of a page given to what few people have seen, 0 to 1.")
    interests: list[Interest]
    less: list[Less]


class TasteChanges(StrictBody):
    """What is left out or null stays as it is."""

    personalised: bool | None = None
    exploration: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None


@router.get("", response_model=Taste)
async def read_taste(request: Request, parts: PartsDep, viewer: SignedIn) -> Response:
    """What was learned, as the next page would use it. 503 while the feed is down."""
    taste = await parts.bus.ask(ReadTaste(viewer_id=viewer.user_id))
    return tagged(request, await _shown(parts, viewer, taste))


@router.patch("", dependencies=[Depends(limited_writes)])
async def steer_taste(body: TasteChanges, request: Request, parts: PartsDep, viewer: SignedIn) -> Taste:
    """Change how one's pages are made, from the very next one on. 412 when `If-Match` names an older state."""
    if "If-Match" in request.headers:
        require_match(request, await _shown(parts, viewer, await parts.bus.ask(ReadTaste(viewer_id=viewer.user_id))))
    query = SteerTaste(viewer_id=viewer.user_id, personalised=body.personalised, exploration=body.exploration)
    return await _shown(parts, viewer, await parts.bus.ask(query))


@router.delete("", status_code=204, dependencies=[Depends(limited_writes)])
async def reset_taste(parts: PartsDep, viewer: SignedIn) -> None:
    """Forget all that was learned. Likes stay, and so do the choices of how pages are made."""
    await parts.bus.ask(ForgetTaste(viewer_id=viewer.user_id))


@router.delete("/{taste_id}", status_code=204, dependencies=[Depends(limited_writes)])
async def forget_taste(taste_id: Annotated[str, Path(max_length=100)], parts: PartsDep, viewer: SignedIn) -> None:
    """Forget one interest, or one "less like this". 404 when nothing of that id was learned."""
    answer = await parts.bus.ask(ForgetTaste(viewer_id=viewer.user_id, id=taste_id))
    if not answer.found:
        raise not_found("Nothing like this was learned, or it is forgotten already.")


async def _shown(parts: Parts, viewer: Viewer, taste: TasteFound) -> Taste:
    """The taste with its posts, of which the viewer is shown what the feed may show them now."""
    ids = list(dict.fromkeys(post_id for interest in taste.interests for post_id in interest.post_ids))
    visible = await visible_posts(parts, viewer, await parts.posts.many(ids), "feed")
    posts = {post.id: post for post in await present.posts(parts, viewer, visible)}
    return Taste(
        personalised=taste.personalised,
        exploration=taste.exploration,
        interests=[
            Interest(
                id=interest.id,
                label=interest.label,
                weight=interest.weight,
                posts=[posts[post_id] for post_id in interest.post_ids if post_id in posts][:SHOWN],
            )
            for interest in taste.interests
        ],
        less=[Less(id=one.id, label=one.label, since=one.since, fades_at=one.fades_at) for one in taste.less],
    )
