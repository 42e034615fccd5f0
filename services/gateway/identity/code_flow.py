"""Signing in at the outside issuer with a browser: OpenID Connect's authorization code flow with PKCE (RFC 7636).

Nothing is stored between the two halves, so any process can end what another began. `state` is a note that holds for
some minutes, signed with a key that follows from a cookie of the browser; nonce and code verifier follow from both.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

import jwt
import structlog

from services.gateway.errors import Problem, unauthenticated, unavailable
from services.gateway.identity.oidc import UNREADABLE, Issuer, ask
from shared.events import utcnow

log = structlog.get_logger(__name__)

LIFE_S = 600
"""How long somebody may take at the issuer's."""

SCOPE = "openid profile email"
ALGORITHM = "HS256"
NAMING = ("email", "preferred_username", "username", "nickname", "name")
"""Claims that make a better username than none."""


class CodeFlow:
    """This service as a client of an issuer; with a secret a confidential one."""

    def __init__(self, issuer: Issuer, *, client_id: str, client_secret: str | None, key: str) -> None:
        self._issuer, self._client_id, self._client_secret = issuer, client_id, client_secret
        self._key = hashlib.blake2b(key.encode(), person=b"issuer-sign-in").digest()

    async def begin(self, browser: str, redirect_uri: str) -> str:
        """The address at the issuer's to send a person to, whose browser has the cookie `browser`."""
        document = await self._issuer.document()
        note = {"exp": utcnow() + timedelta(seconds=LIFE_S), "jti": secrets.token_urlsafe(12)}
        state = jwt.encode(note, self._derived("state", browser), ALGORITHM)
        challenge = hashlib.sha256(self._derived("verifier", browser, state).encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": state,
            "nonce": self._derived("nonce", browser, state),
            "code_challenge": _base64(challenge),
            "code_challenge_method": "S256",
        }
        address = _endpoint(document, "authorization_endpoint")
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"

    async def finish(
        self, browser: str | None, redirect_uri: str, *, state: str, code: str, issuer: str | None
    ) -> dict[str, Any]:
        """The verified claims of the person whom the issuer sent back, who must be in the browser that began.

        Raises 401 `sign_in_expired`, `issuer_clock` or `invalid_id_token`, 502 `issuer_refused` when the issuer does
        not know this client as it is configured, 503 `issuer_unavailable`.
        """
        try:
            jwt.decode(state, self._derived("state", browser or ""), [ALGORITHM], options={"require": ["exp"]})
        except jwt.InvalidTokenError as error:
            raise _expired() from error
        document = await self._issuer.document()
        told = document.get("authorization_response_iss_parameter_supported") is True
        if issuer != self._issuer.issuer and (told or issuer is not None):
            # An answer of another issuer (RFC 9207).
            raise _expired()
        verifier = self._derived("verifier", browser or "", state)
        tokens = await self._exchange(document, code, redirect_uri, verifier)
        try:
            claims = await self._issuer.verify_id_token(
                str(tokens.get("id_token")),
                client_id=self._client_id,
                nonce=self._derived("nonce", browser or "", state),
            )
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
            log.warning("the issuer's clock and this one's differ", error=str(error))
            detail = "The clocks of this service and of the issuer differ too much."
            raise unauthenticated(detail, code="issuer_clock") from error
        except jwt.InvalidTokenError as error:
            log.warning("the issuer's ID token is not good", error=str(error))
            raise unauthenticated("The issuer's answer is not good.", code="invalid_id_token") from error
        if any(claims.get(name) for name in NAMING):
            return claims
        return await self._more_about(claims, document, str(tokens.get("access_token")))

    async def _exchange(self, document: dict[str, Any], code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": self._client_id,
        }
        headers = {"Accept": "application/json"}
        if self._client_secret:
            if "client_secret_basic" in document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
                pair = f"{quote_plus(self._client_id)}:{quote_plus(self._client_secret)}"
                headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
            else:
                form["client_secret"] = self._client_secret
        try:
            status, answer = await ask(_endpoint(document, "token_endpoint"), form=form, headers=headers)
        except UNREADABLE as error:
            log.warning("the issuer's token endpoint can't be asked", error=repr(error))
            raise _away() from error
        if status == 200:
            return answer
        if status >= 500:
            raise _away()
        refusal = answer.get("error")
        if refusal == "invalid_grant":
            raise _expired()
        log.error(
            "the issuer refuses this client: see OIDC_CLIENT_ID and OIDC_CLIENT_SECRET", refusal=str(refusal)[:100]
        )
        raise Problem(502, "issuer_refused", "The issuer does not accept this service as it is configured.")

    async def _more_about(self, claims: dict[str, Any], document: dict[str, Any], token: str) -> dict[str, Any]:
        """Claims with those of the userinfo endpoint, where an issuer keeps names and email apart from the ID token."""
        if not document.get("userinfo_endpoint"):
            return claims
        try:
            address = _endpoint(document, "userinfo_endpoint")
            status, found = await ask(address, headers={"Authorization": f"Bearer {token}"})
        except UNREADABLE as error:
            log.info("the issuer's userinfo can't be read; the person goes without a name", error=repr(error))
            return claims
        # What is said of somebody else must never name this person.
        return found | claims if status == 200 and found.get("sub") == claims["sub"] else claims

    def _derived(self, *parts: str) -> str:
        """43 characters that follow from the parts by this service's key: as many as a code verifier must have."""
        return _base64(hmac.digest(self._key, "|".join(parts).encode("utf-8", "replace"), "sha256"))


def _endpoint(document: dict[str, Any], name: str) -> str:
    address = document.get(name)
    if not isinstance(address, str) or not address.startswith(("https://", "http://")):
        log.error("the issuer's discovery document lacks an address", name=name)
        raise Problem(502, "issuer_refused", "The issuer does not offer to sign people in.")
    return address


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _expired() -> Problem:
    detail = "This sign-in was begun in another browser, took too long, or has ended already; begin again."
    return unauthenticated(detail, code="sign_in_expired")


def _away() -> Problem:
    return unavailable("issuer_unavailable", "The issuer of the sign-in can't be reached for the moment.")
