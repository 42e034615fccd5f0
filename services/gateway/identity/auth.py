"""Who is asking: bearer tokens to people. Roles are read from the account each time, so a change holds at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import jwt
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.gateway.context import PartsDep
from services.gateway.errors import Problem, forbidden, suspended, unauthenticated
from services.gateway.identity import outside_people
from services.gateway.settings import GatewaySettings
from shared.ids import new_id
from shared.mongo import Document

ISSUER = "promptgram"
ALGORITHM = "HS256"
MODERATING = ("moderator", "operator")
VIEWING = {
    "username": 1,
    "display_name": 1,
    "role": 1,
    "preferences.muted_words": 1,
    "ended_sessions": 1,
    "suspension": 1,
}
"""What is read of an account with each request."""
WHILE_SUSPENDED = frozenset(
    {
        ("DELETE", "/v1/me"),
        ("PUT", "/v1/me/password"),
        ("DELETE", "/v1/me/sessions"),
        ("DELETE", "/v1/me/sessions/{session_id}"),
        ("POST", "/v1/decisions/{id}/appeal"),
        ("POST", "/v1/notifications/read"),
        ("POST", "/v1/feed/interactions"),
    }
)
"""What somebody who is suspended may do besides reading: leave, keep their account safe, and appeal."""
_scheme = HTTPBearer(auto_error=False, bearerFormat="JWT", description="An access token of this service or its issuer.")


@dataclass(frozen=True)
class Viewer:
    """The signed-in person behind a request."""

    user_id: str
    username: str
    display_name: str
    role: str
    muted_words: tuple[Mapping[str, Any], ...] = ()
    """Entries `{word, until}` of their preferences, also those that have expired."""
    suspension: Mapping[str, Any] | None = None
    """The decision `{id, reason}` that keeps them from writing."""

    @property
    def moderates(self) -> bool:
        return self.role in MODERATING


def viewer_of(account: Document) -> Viewer:
    """The viewer that an account's owner is."""
    muted = account.get("preferences", {}).get("muted_words", ())
    return Viewer(
        account["_id"],
        account["username"],
        account["display_name"],
        account["role"],
        tuple(muted),
        account.get("suspension"),
    )


def access_token(settings: GatewaySettings, user_id: str, family_id: str) -> tuple[str, int]:
    """A signed token for one session family, and its life in seconds."""
    life = timedelta(minutes=settings.access_token_minutes)
    now = datetime.now(UTC)
    claims = {"iss": ISSUER, "sub": user_id, "sid": family_id, "jti": new_id(), "iat": now, "exp": now + life}
    return jwt.encode(claims, settings.auth_secret.get_secret_value(), ALGORITHM), int(life.total_seconds())


def _own_claims(settings: GatewaySettings, token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token,
        settings.auth_secret.get_secret_value(),
        [ALGORITHM],
        issuer=ISSUER,
        options={"require": ["exp", "iat", "sub", "sid", "iss"]},
    )
    return claims


def _bad_token(detail: str = "The access token is not valid, or has expired.") -> Problem:
    return unauthenticated(detail, code="invalid_token", challenge='Bearer error="invalid_token"')


async def maybe_signed_in(
    request: Request,
    parts: PartsDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)],
) -> Viewer | None:
    """The viewer, or None without a token. A token that is no good is refused even where none is needed."""
    request.state.session_family = None
    if credentials is None:
        if request.headers.get("Authorization"):
            raise _bad_token("The Authorization header must be `Bearer <access token>`.")
        return None
    token = credentials.credentials
    try:
        if parts.issuer and parts.issuer.issued(token):
            account = await outside_people.account_of(parts, await parts.issuer.verify(token))
        else:
            claims = _own_claims(parts.settings, token)
            request.state.session_family = claims["sid"]
            account = await parts.accounts.get(claims["sub"], VIEWING)
    except jwt.InvalidTokenError as error:
        raise _bad_token() from error
    if account is None or request.state.session_family in account.get("ended_sessions", ()):
        raise _bad_token()
    return viewer_of(account)


MaybeSignedIn = Annotated[Viewer | None, Depends(maybe_signed_in)]


async def signed_in(request: Request, viewer: MaybeSignedIn) -> Viewer:
    """The viewer; 401 `unauthenticated` without a token, 403 `suspended` for what a suspension keeps them from."""
    if viewer is None:
        raise unauthenticated("Sign in to do this.")
    reads = request.method in ("GET", "HEAD")
    if viewer.suspension and not reads and (request.method, request.scope["route"].path) not in WHILE_SUSPENDED:
        raise suspended(viewer.suspension)
    return viewer


SignedIn = Annotated[Viewer, Depends(signed_in)]


async def moderator_only(viewer: SignedIn) -> Viewer:
    """A viewer whose role is moderator or operator; 403 for everybody else."""
    if not viewer.moderates:
        raise forbidden("This is for moderators.")
    return viewer


ModeratorOnly = Annotated[Viewer, Depends(moderator_only)]
