"""Signing in at the outside issuer: where to send a browser, and what it brings back."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.gateway.context import Parts, PartsDep
from services.gateway.edge.limits import limited
from services.gateway.edge.text import StrictBody
from services.gateway.errors import not_found, unauthenticated
from services.gateway.identity import outside_people, signing_in
from services.gateway.identity.code_flow import LIFE_S, CodeFlow

PER_MINUTE = 300
COOKIE = "promptgram_issuer"
COOKIE_PATH = "/v1/sessions/issuer"
RETURN_PATH = "login/return"
"""The page's address that the issuer sends people back to: the redirect URI to register there."""

router = APIRouter(prefix="/v1/sessions/issuer", tags=["sessions"])
Browser = Annotated[str | None, Cookie(alias=COOKIE)]
guard = limited("issuer", per_minute=PER_MINUTE, by="address")


class OutsideIssuer(BaseModel):
    name: str = Field(description="What to call it on a button.")


class SignInOffer(BaseModel):
    issuer: OutsideIssuer | None = Field(description="Null when nobody can sign in with an outside issuer's page.")


class Departure(BaseModel):
    authorization_url: str = Field(description="Where to send the person's browser.")


class Arrival(StrictBody):
    """The parameters with which the issuer has sent the browser back."""

    code: Annotated[str, Field(min_length=1, max_length=8000)]
    state: Annotated[str, Field(min_length=1, max_length=1000)]
    iss: Annotated[str, Field(max_length=1000, description="The issuer, where it names itself (RFC 9207).")] | None = (
        None
    )


@router.get("")
async def read_offer(parts: PartsDep) -> SignInOffer:
    """Whether people can sign in with an outside issuer, and with which."""
    name = parts.settings.issuer_name if parts.code_flow else None
    return SignInOffer(issuer=OutsideIssuer(name=name) if name else None)


@router.post("", response_model=Departure, dependencies=[Depends(guard)])
async def begin(request: Request, parts: PartsDep, browser: Browser = None) -> Response:
    """Begin to sign in; holds for ten minutes, in this browser. 404 without an issuer, 503 `issuer_unavailable`."""
    # Kept when it is there, so that two tabs don't spoil each other's sign-in.
    browser = browser or secrets.token_urlsafe(24)
    departure = Departure(authorization_url=await _flow(parts).begin(browser, _return_address(request)))
    response = Response(departure.model_dump_json(), 200, {"Cache-Control": "no-store"}, "application/json")
    response.set_cookie(
        COOKIE,
        browser,
        max_age=LIFE_S,
        path=COOKIE_PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


@router.post(
    "/code",
    response_model=signing_in.SignedInAnswer,
    responses={201: {"model": signing_in.SignedInAnswer, "description": "As 200, and the account was made just now."}},
    dependencies=[Depends(guard)],
)
async def finish(body: Arrival, request: Request, parts: PartsDep, browser: Browser = None) -> Response:
    """Sign in with what the issuer sent the browser back with; the first time makes the account.

    401 `sign_in_expired` in another browser, too late or a second time; `issuer_clock` or `invalid_id_token` when the
    issuer's answer is not good; 502 `issuer_refused`; 503 `issuer_unavailable`.
    """
    claims = await _flow(parts).finish(
        browser, _return_address(request), state=body.state, code=body.code, issuer=body.iss
    )
    known = await parts.accounts.by_subject(outside_people.subject_of(claims))
    account = known or await outside_people.account_of(parts, claims)
    if account is None:
        raise unauthenticated("This account is being erased.", code="account_erased")
    family = await parts.sessions.start(account["_id"], request.headers.get("User-Agent", ""))
    return await signing_in.answer(parts, request, account, family, 200 if known else 201)


def _flow(parts: Parts) -> CodeFlow:
    if parts.code_flow is None:
        raise not_found("No outside issuer is configured.")
    return parts.code_flow


def _return_address(request: Request) -> str:
    return f"{request.base_url}{RETURN_PATH}"
