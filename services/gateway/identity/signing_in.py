"""What somebody gets who has proven who they are: an access token in the body, a refresh token in a cookie."""

from __future__ import annotations

from typing import Literal

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.gateway.context import Parts
from services.gateway.identity.auth import access_token
from services.gateway.people import answers as people
from services.gateway.store.sessions import Refreshed
from shared.mongo import Document

COOKIE = "promptgram_refresh"
COOKIE_PATH = "/v1/sessions"


class SignedInAnswer(BaseModel):
    """A person and the token to act as them."""

    user: people.Me
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: int = Field(description="Seconds that the access token lasts.")


async def answer(parts: Parts, request: Request, account: Document, family: Refreshed, status: int) -> Response:
    """The answer to a successful sign-in or refresh."""
    token, life_s = access_token(parts.settings, account["_id"], family.family_id)
    body = SignedInAnswer(user=await people.me(parts, account), access_token=token, expires_in=life_s)
    response = Response(body.model_dump_json(), status, {"Cache-Control": "no-store"}, "application/json")
    response.set_cookie(
        COOKIE,
        family.token,
        max_age=parts.sessions.life_s,
        path=COOKIE_PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return response
