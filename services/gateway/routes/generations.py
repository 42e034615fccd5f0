"""`/v1/generations`: asking for pictures, watching them being made, taking them back."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from services.gateway import present
from services.gateway.answers import Generation
from services.gateway.context import Parts, PartsDep
from services.gateway.edge.etags import require_match, tagged
from services.gateway.edge.idempotency import Idempotent
from services.gateway.edge.limits import GENERATIONS_PER_MINUTE, INTENTS_PER_MINUTE, limited, limited_writes
from services.gateway.edge.paging import Cursor, Limit, Page, decode_cursor, encode_cursor, paged
from services.gateway.edge.text import Line, Prose, StrictBody
from services.gateway.errors import conflict, invalid, not_found
from services.gateway.generating import admission, flow, progress
from services.gateway.generating.flow import TELL_TIMEOUT_S
from services.gateway.generating.models import DEFAULT_MODEL
from services.gateway.generating.sources import Source, find_source
from services.gateway.generating.steps import Status, just_canceled, terminal
from services.gateway.health_of_parts import ModelState
from services.gateway.identity.auth import SignedIn, Viewer
from shared.events import SEEDS, PictureRequest
from shared.ids import new_id
from shared.live import PromptIntended
from shared.mongo import Document

router = APIRouter(tags=["generating"])
LONGEST_WAIT_S = 30
_WAIT = re.compile(r'(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?', re.IGNORECASE)
Prefer = Annotated[
    str | None, Header(max_length=200, description="`wait=N`: wait up to N seconds, 30 at most, for the end.")
]


class NewGeneration(StrictBody):
    """What to paint. Everything but the prompt has a default."""

    prompt: Annotated[Prose, Field(min_length=1, max_length=1000)]
    n: int = Field(1, ge=1, le=4, description="How many pictures.")
    aspect: str | None = Field(None, max_length=16, description="One of the model's; default its first.")
    model: str | None = Field(None, max_length=100, description="One of `GET /v1/models`; default the server's choice.")
    seed: int | None = Field(
        None, ge=0, lt=SEEDS, description="Picture i is painted with seed + i, modulo 2^32; default random."
    )
    negative_prompt: Annotated[Prose, Field(max_length=1000)] | None = None
    style: Annotated[Line, Field(max_length=100)] | None = Field(None, description="One of the model's.")
    source_image_id: str | None = Field(None, max_length=64, description="A picture to start from, that one may see.")
    strength: float = Field(0.6, ge=0, le=1, description="How far to go from the source picture.")


async def owned(generation_id: str, viewer: SignedIn, parts: PartsDep) -> Document:
    generation = await parts.generations.owned(generation_id, viewer.user_id)
    if generation is None:
        raise not_found()
    return generation


Owned = Annotated[Document, Depends(owned)]


@router.post(
    "/v1/generations",
    status_code=202,
    response_model=Generation,
    responses={201: {"model": Generation, "description": "It ended in the time that `Prefer: wait=N` gave it."}},
    dependencies=[Depends(limited("generations", per_minute=GENERATIONS_PER_MINUTE))],
)
async def create_generation(
    body: NewGeneration, viewer: SignedIn, parts: PartsDep, idempotent: Idempotent, prefer: Prefer = None
) -> Response:
    """Ask for pictures. The prompt is checked, then painted, then each picture is checked before anyone sees it."""
    wait_s = _wait_s(prefer)

    async def make() -> Response:
        generation_id = idempotent.resource_id
        with parts.watchers.watch(generation_id) as news:
            generation = await parts.generations.owned(generation_id, viewer.user_id) if idempotent.repeated else None
            if generation is None:
                source = await find_source(parts, viewer, body.source_image_id) if body.source_image_id else None
                request = await _picture_request(parts, body, source)
                async with parts.asking.of(viewer.user_id), _admitted(parts, viewer, body.n):
                    generation = await flow.open_generation(
                        parts, generation_id, viewer.user_id, request, source=source
                    )
            if wait_s:
                generation = await progress.wait_for_end(parts, generation, news, wait_s) or generation
        headers = {"Location": f"/v1/generations/{generation_id}"}
        if wait_s is not None:
            headers["Preference-Applied"] = f"wait={wait_s}"
        status = 201 if wait_s is not None and terminal(generation) else 202
        return JSONResponse(present.generation(parts, generation, viewer).model_dump(mode="json"), status, headers)

    return await idempotent.run(make)


@router.post(
    "/v1/generations/intent",
    status_code=202,
    dependencies=[Depends(limited("intents", per_minute=INTENTS_PER_MINUTE))],
)
async def intend_generation(_: SignedIn, parts: PartsDep) -> ModelState:
    """The prompt box got the focus: GPUs that sleep may be woken early. Says how soon a picture could be painted."""
    if await admission.budget(parts) == "ample":
        # Only a hint: a broker that is away costs whoever writes a prompt nothing now.
        with contextlib.suppress(Exception):
            async with asyncio.timeout(TELL_TIMEOUT_S):
                await parts.bus.tell(PromptIntended())
    return ModelState(state=parts.line.state, eta_ms=parts.line.expected_ms())


@router.get("/v1/me/quota")
async def read_quota(viewer: SignedIn, parts: PartsDep) -> admission.Quota:
    """How many pictures one may still have painted today. Blocked, failed and canceled ones do not count."""
    return await admission.quota(parts, viewer.user_id)


@router.get("/v1/generations/{generation_id}", response_model=Generation)
async def get_generation(request: Request, generation: Owned, viewer: SignedIn, parts: PartsDep) -> Response:
    """One's own generation as it stands."""
    return tagged(request, present.generation(parts, generation, viewer))


LastEventId = Annotated[str | None, Header(max_length=100)]


async def not_all_told(generation: Owned, last_event_id: LastEventId = None) -> None:
    if progress.all_told(generation, last_event_id):
        raise HTTPException(204)


@router.get(
    "/v1/generations/{generation_id}/events",
    response_class=EventSourceResponse,
    responses={204: {"description": "`Last-Event-ID` was the last event: there is nothing to come again for."}},
    dependencies=[Depends(not_all_told)],
)
async def watch_generation(
    generation: Owned, viewer: SignedIn, parts: PartsDep, last_event_id: LastEventId = None
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events until the generation has ended; resumes after `Last-Event-ID`."""
    async for event in progress.events(parts, viewer, generation["_id"], last_event_id):
        yield event


@router.delete(
    "/v1/generations/{generation_id}",
    status_code=202,
    response_model=Generation,
    dependencies=[Depends(limited_writes)],
)
async def delete_generation(request: Request, generation: Owned, viewer: SignedIn, parts: PartsDep) -> Generation:
    """Cancel it, or delete it with its unpublished pictures when it has ended.

    For 10 s after it was canceled nothing is deleted, since that would be the cancel sent again; who has seen it
    canceled says so with its `ETag` in `If-Match`. 412 when `If-Match` names another state.
    """
    require_match(request, present.generation(parts, generation, viewer))
    if not terminal(generation):
        # Whoever cancels a moment too late has asked for nothing to be deleted.
        await flow.cancel(parts, generation["_id"])
        generation = await parts.generations.get(generation["_id"]) or generation
    elif "If-Match" in request.headers or not just_canceled(generation):
        await flow.delete(parts, generation)
    return present.generation(parts, generation, viewer)


@router.post(
    "/v1/generations/{generation_id}/retry",
    status_code=202,
    response_model=Generation,
    dependencies=[Depends(limited("generations", per_minute=GENERATIONS_PER_MINUTE))],
)
async def retry_generation(generation: Owned, viewer: SignedIn, parts: PartsDep, idempotent: Idempotent) -> Response:
    """Try a failed generation again with the same parameters and seed."""

    async def make() -> Response:
        async with _admitted(parts, viewer, len(generation["images"])):
            again = await flow.begin_again(parts, generation["_id"], when="failed")
            if again is None:
                raise conflict("not_failed", "Only a failed generation can be tried again.")
        headers = {"Location": f"/v1/generations/{generation['_id']}"}
        return JSONResponse(present.generation(parts, again, viewer).model_dump(mode="json"), 202, headers)

    return await idempotent.run(make)


@router.get("/v1/me/generations")
async def list_generations(
    request: Request,
    response: Response,
    viewer: SignedIn,
    parts: PartsDep,
    status: Status | None = None,
    q: Annotated[Line | None, Query(max_length=200, description="Words that occur in the prompt.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Generation]:
    """One's own generations, newest first."""
    before = str(decode_cursor(cursor, generation=str)["generation"]) if cursor else None
    found = await parts.generations.page(viewer.user_id, status=status, words=q, before=before, limit=limit + 1)
    following = encode_cursor({"generation": found[limit - 1]["_id"]}) if len(found) > limit else None
    return paged(request, response, [present.generation(parts, one, viewer) for one in found[:limit]], following)


@contextlib.asynccontextmanager
async def _admitted(parts: Parts, viewer: Viewer, pictures: int) -> AsyncIterator[None]:
    """Quota is taken before the work and given back if that does not come about."""
    await admission.admit(parts, viewer.user_id, pictures)
    try:
        yield
    except BaseException:
        await admission.release(parts, viewer.user_id, pictures)
        raise


def _wait_s(prefer: str | None) -> int | None:
    """N of `Prefer: wait=N`, 30 at most; None without that preference."""
    found = _WAIT.search(prefer or "")
    return min(int(found[1]), LONGEST_WAIT_S) if found else None


async def _picture_request(parts: Parts, body: NewGeneration, source: Source | None) -> PictureRequest:
    """The complete request, checked against what the model can do."""
    model, aspect, style = body.model, body.aspect, body.style or None
    known = await parts.models.list()
    if known is None:
        model, aspect = model or DEFAULT_MODEL, aspect or "1:1"
    else:
        model = model or known.default
        can = next((one for one in known.models if one.id == model), None)
        if can is None:
            raise invalid(["body", "model"], f"There is no model {model!r}.", code="unknown_model")
        aspect = aspect or ("1:1" if "1:1" in can.sizes else next(iter(can.sizes)))
        if aspect not in can.sizes:
            raise invalid(["body", "aspect"], f"{model} can paint {', '.join(can.sizes)}.", code="unknown_aspect")
        if style is not None and style not in can.styles:
            known_styles = ", ".join(can.styles) or "no style at all"
            raise invalid(["body", "style"], f"{model} knows {known_styles}.", code="unknown_style")
        if body.negative_prompt and not can.negative_prompt:
            raise invalid(["body", "negative_prompt"], f"{model} takes none.", code="no_negative_prompt")
        if body.n > can.max_n:
            raise invalid(["body", "n"], f"{model} paints {can.max_n} pictures at most.", code="too_many_pictures")
        if source and not can.image_to_image:
            raise invalid(["body", "source_image_id"], f"{model} can't start from a picture.", code="no_image_to_image")
    return PictureRequest(
        prompt=body.prompt,
        negative_prompt=body.negative_prompt,
        style=style,
        model=model,
        aspect=aspect,
        seed=secrets.randbelow(SEEDS) if body.seed is None else body.seed,
        image_ids=tuple(new_id() for _ in range(body.n)),
        source_image=source.hash if source else None,
        strength=body.strength,
    )
