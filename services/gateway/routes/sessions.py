"""Signing in, staying signed in, signing out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.gateway.context import PartsDep
from services.gateway.edge.limits import count, limited
from services.gateway.edge.text import StrictBody
from services.gateway.errors import not_found, unauthenticated
from services.gateway.identity import signing_in
from services.gateway.identity.auth import MaybeSignedIn, SignedIn
from services.gateway.identity.passwords import GivenPassword

SESSIONS_PER_MINUTE = 300
ATTEMPTS_PER_LOGIN = 30
router = APIRouter(tags=["sessions"])
RefreshCookie = Annotated[str | None, Cookie(alias=signing_in.COOKIE)]


class Credentials(StrictBody):
    login: Annotated[str, Field(min_length=1, max_length=254, description="Username or email.")]
    password: GivenPassword


class SignIn(BaseModel):
    """One sign-in that is still good."""

    id: str
    agent: str = Field(description="How the browser described itself; empty when it did not.")
    created_at: datetime
    used_at: datetime = Field(description="When its access token was last renewed.")
    current: bool = Field(description="Whether this request was made with it.")


class SignIns(BaseModel):
    items: list[SignIn]


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
    family = await parts.sessions.start(account["_id"], request.headers.get("User-Agent", ""))
    return await signing_in.answer(parts, request, account, family, 200)


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


@router.get("/v1/me/sessions")
async def list_sign_ins(request: Request, parts: PartsDep, viewer: SignedIn) -> SignIns:
    """Where one is signed in, the newest first, 100 at most."""
    rows = await parts.sessions.of(viewer.user_id)
    current = request.state.session_family
    return SignIns(
        items=[
            SignIn(
                id=row["_id"],
                agent=row.get("agent", ""),
                created_at=row["created_at"],
                used_at=row.get("used_at", row["created_at"]),
                current=row["_id"] == current,
            )
            for row in rows
        ]
    )


@router.delete("/v1/me/sessions", status_code=204)
async def end_other_sign_ins(request: Request, parts: PartsDep, viewer: SignedIn) -> None:
    """Sign out everywhere else, at once."""
    await parts.sessions.end_others(viewer.user_id, request.state.session_family)


@router.delete("/v1/me/sessions/{session_id}", status_code=204)
async def end_sign_in(session_id: str, parts: PartsDep, viewer: SignedIn) -> None:
    """Sign out one browser. 404 when it is not one's own, or signed out already."""
    if not await parts.sessions.end_of(viewer.user_id, session_id):
        raise not_found()
