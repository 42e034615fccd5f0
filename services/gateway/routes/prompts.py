"""`/v1/me/prompts`: what a person has asked for. It survives the deletion of the pictures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.gateway import present
from services.gateway.answers import Prompt
from services.gateway.context import PartsDep
from services.gateway.edge.limits import limited_writes
from services.gateway.edge.paging import Cursor, Limit, Page, decode_cursor, encode_cursor, paged
from services.gateway.edge.text import Line
from services.gateway.errors import not_found
from services.gateway.identity.auth import SignedIn

router = APIRouter(prefix="/v1/me/prompts", tags=["generating"])


@router.get("")
async def list_prompts(
    request: Request,
    response: Response,
    viewer: SignedIn,
    parts: PartsDep,
    q: Annotated[Line | None, Query(max_length=200, description="Words that occur in the prompt.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Prompt]:
    """One's different prompts, latest use first."""
    before = str(decode_cursor(cursor, prompt=str)["prompt"]) if cursor else None
    rows = await parts.prompts.page(viewer.user_id, words=q, before=before, limit=limit + 1)
    following = encode_cursor({"prompt": rows[limit - 1]["_id"]}) if len(rows) > limit else None
    return paged(request, response, [present.prompt(row) for row in rows[:limit]], following)


@router.delete("/{prompt_id}", status_code=204, dependencies=[Depends(limited_writes)])
async def forget_prompt(prompt_id: str, viewer: SignedIn, parts: PartsDep) -> None:
    """Forget one prompt and every time it was used. Generations keep their own copy until they are deleted."""
    if not await parts.prompts.forget(prompt_id, viewer.user_id):
        raise not_found()
