"""`/v1/models`: what can be asked of the generator."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway.context import PartsDep
from services.gateway.edge.etags import tagged
from services.gateway.errors import unavailable
from shared.queries import Models

router = APIRouter(prefix="/v1/models", tags=["generating"])


@router.get("", response_model=Models)
async def list_models(request: Request, parts: PartsDep) -> Response:
    """Every model with its licence, sizes, steps and capabilities, and which one is the default."""
    known = await parts.models.list()
    if known is None:
        raise unavailable("generation_unavailable", "No generator has reported which models it has.")
    return tagged(request, known)
