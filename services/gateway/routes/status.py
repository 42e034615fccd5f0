"""`/v1/status`: how the service is, for everybody."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from services.gateway.context import Parts, PartsDep
from services.gateway.health_of_parts import ModelState, PartStates

router = APIRouter(prefix="/v1/status", tags=["status"])


class Status(BaseModel):
    status: Literal["ok", "degraded"]
    model: ModelState
    parts: PartStates


@router.get("")
async def read_status(parts: PartsDep) -> Status:
    """Whether everything works, how soon a picture could be painted, and which part is down if one is."""
    states = await parts.health.states()
    fine = all(state == "ok" for state in states.model_dump().values())
    return Status(status="ok" if fine else "degraded", model=_model(parts), parts=states)


def _model(parts: Parts) -> ModelState:
    return ModelState(state=parts.line.state, eta_ms=parts.line.expected_ms())
