"""Signing in, staying signed in, signing out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Request
from pydantic import Field
from starlette.responses import Response

from services.gateway import signing_in
from services.gateway.auth import MaybeSignedIn
from services.gateway.context import PartsDep
from services.gateway.errors import unauthenticated
from services.gateway.limits import count, limited
from services.gateway.passwords import GivenPassword
from services.gateway.text import StrictBody

SESSIONS_PER_MINUTE = 300
ATTEMPTS_PER_LOGIN = 30
router = APIRouter(tags=["sessions"])
RefreshCookie = Annotated[str | None, Cookie(alias=signing_in.COOKIE, max_length=500)]


class Credentials(StrictBody):
    login: Annotated[str, Field(min_length=1, max_length=254, description="Username or email.")]
    password: GivenPassword


@router.post(
    "/v1/sessions",
    response_model=signing_in.SignedInAnswer,
    dependencies=[Depends(limited("sessions", per_minute=SESSIONS_PER_MINUTE, by="address"))],
)
async def sign_in(body: Credentials, request: Request, parts: PartsDep) -> Response:
    """Sign in with a username or email. 401 `bad_credentials`, whichever of the two is wrong."""
    login = body.login.strip().lower()
    await count(request, parts, "sign_in", login, ATTEMPTS_PER_LOGIN)
    find = parts.accounts.by_email if "@" in login else parts.accounts.by_username
    account = await find(login)
    known = account["password_hash"] if account else None
    if not await parts.passwords.matches(known, body.password) or account is None:
        raise unauthenticated("There is no account with this login and password.", code="bad_credentials")
    if parts.passwords.outdated(account["password_hash"]):
        following = await parts.passwords.hash(body.password)
        await parts.accounts.replace_password(account["_id"], account["password_hash"], following)
    return await signing_in.answer(parts, request, account, await parts.sessions.start(account["_id"]), 200)


@router.post(
    "/v1/sessions/refresh",
    response_model=signing_in.SignedInAnswer,
    dependencies=[Depends(limited("refresh", per_minute=SESSIONS_PER_MINUTE * 2, by="address"))],
)
async def refresh(request: Request, parts: PartsDep, token: RefreshCookie = None) -> Response:
    """Exchange the refresh cookie for a new one and a new access token. Using an old one signs the whole family out."""
    family = await parts.sessions.refresh(token) if token else None
    account = await parts.accounts.get(family.user_id) if family else None
    if family is None or account is None:
        raise unauthenticated("The refresh token is not valid any more; sign in again.", code="invalid_refresh_token")
    return await signing_in.answer(parts, request, account, family, 200)


@router.delete("/v1/sessions/current", status_code=204)
async def sign_out(request: Request, parts: PartsDep, viewer: MaybeSignedIn, token: RefreshCookie = None) -> Response:
    """End this sign-in, named by its access token or its refresh cookie."""
    by_cookie = bool(token) and await parts.sessions.end_by_token(token or "")
    if request.state.session_family:
        await parts.sessions.end(request.state.session_family)
    if viewer is None and not by_cookie:
        raise unauthenticated("There is no sign-in to end.")
    response = Response(status_code=204)
    response.delete_cookie(signing_in.COOKIE, path=signing_in.COOKIE_PATH, httponly=True, samesite="lax")
    return response
