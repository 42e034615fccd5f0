"""An outside OpenID Connect issuer such as Clerk: what it says of itself, and its tokens, verified by its keys."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import structlog

from services.gateway.errors import unavailable

log = structlog.get_logger(__name__)

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures only: with a shared-secret algorithm the issuer's public key would be the secret."""

FRESH_S = 600.0
STALE_S = 24 * 3600.0
RETRY_S = 10.0
"""An unknown key, or a failure, has the keys fetched again at most this often."""

LEEWAY_S = 10
TIMEOUT_S = 5.0
LARGEST_DOCUMENT = 1_000_000
UNREADABLE = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, KeyError, TypeError)
"""What asking the issuer may raise: it is away, or answers with something else than it should."""


class Issuer:
    """One issuer. Its keys are cached, fetched again when a token names a new one, and kept while it is away."""

    def __init__(
        self,
        issuer: str,
        *,
        audience: str | None = None,
        authorized_parties: tuple[str, ...] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.issuer = issuer
        self._audience = audience
        self._parties = authorized_parties
        self._clock = clock
        self._document: dict[str, Any] = {}
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = self._tried = -STALE_S
        self._fetching = asyncio.Lock()

    def issued(self, token: str) -> bool:
        """Whether the token says that it comes from here; nothing is verified yet."""
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.InvalidTokenError:
            return False
        return bool(claims.get("iss") == self.issuer)

    async def document(self) -> dict[str, Any]:
        """Its discovery document; raises 503 when it has never been read."""
        await self._renew(None)
        return self._document

    async def verify(self, token: str) -> dict[str, Any]:
        """The claims of an access token; raises `jwt.InvalidTokenError`, or 503 when no keys have ever been read."""
        claims = await self._verified(token, self._audience)
        if self._parties and claims.get("azp") not in self._parties:
            raise jwt.InvalidTokenError("authorized party not accepted")
        return claims

    async def verify_id_token(self, token: str, *, client_id: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that was made for this client and this one sign-in; raises as `verify` does."""
        claims = await self._verified(token, client_id)
        if claims.get("azp", client_id) != client_id:
            raise jwt.InvalidTokenError("made for another client")
        if not hmac.compare_digest(str(claims.get("nonce")).encode("utf-8", "replace"), nonce.encode()):
            raise jwt.InvalidTokenError("made for another sign-in")
        return claims

    async def _verified(self, token: str, audience: str | None) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS or not isinstance(header.get("kid"), str):
            raise jwt.InvalidTokenError("algorithm or key not accepted")
        await self._renew(header["kid"])
        key = self._keys.get(header["kid"])
        if key is None:
            raise jwt.InvalidTokenError("unknown key")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            # A key is for its own algorithm; the token has no say in it.
            [header["alg"]] if key.algorithm_name in (None, header["alg"]) else [],
            issuer=self.issuer,
            audience=audience,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "sub"], "verify_aud": audience is not None},
        )
        return claims

    async def _renew(self, kid: str | None) -> None:
        """Read document and keys again where they are old, or where a token names a key that is not among them."""
        # Whoever needs what is being fetched waits for it; whoever has it goes on.
        if self._outdated(kid) or (not self._has(kid) and self._fetching.locked()):
            async with self._fetching:
                if self._outdated(kid):
                    await self._fetch()
        if not self._keys or self._clock() - self._fetched > STALE_S:
            raise unavailable("issuer_unavailable", "The issuer of the sign-in can't be reached for the moment.")

    def _has(self, kid: str | None) -> bool:
        return bool(self._keys) if kid is None else kid in self._keys

    def _outdated(self, kid: str | None) -> bool:
        now = self._clock()
        wanted = not self._has(kid) or now - self._fetched > FRESH_S
        return wanted and now - self._tried > RETRY_S

    async def _fetch(self) -> None:
        self._tried = self._clock()
        try:
            document = await _read(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if document["issuer"] != self.issuer:
                raise ValueError(f"the discovery document is of another issuer: {document['issuer']!r}")
            keys = jwt.PyJWKSet.from_dict(await _read(document["jwks_uri"])).keys
        except (*UNREADABLE, jwt.PyJWTError) as error:
            log.warning("the issuer's keys can't be read; those known stay in use", error=repr(error))
            return
        self._document = document
        self._keys = {key.key_id: key for key in keys if key.key_id and key.public_key_use in (None, "sig")}
        self._fetched = self._clock()


async def _read(url: str) -> dict[str, Any]:
    status, found = await ask(url)
    if status != 200:
        raise ValueError(f"{url} answered {status}")
    return found


async def ask(
    url: str, *, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Status and JSON object that the issuer answers with, to a POST where there is a form; raises `UNREADABLE`."""
    if not str(url).startswith(("https://", "http://")):
        raise ValueError(f"not a web address: {url!r}")
    body = bytearray()
    method = "GET" if form is None else "POST"
    async with (
        asyncio.timeout(TIMEOUT_S),
        # A form holds secrets: it goes to the address that was configured, and nowhere else.
        httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=form is None) as client,
        client.stream(method, url, data=form, headers=headers) as answer,
    ):
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > LARGEST_DOCUMENT:
                raise ValueError(f"{url} answers with more than {LARGEST_DOCUMENT} bytes")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError(f"{url} does not answer with a JSON object")
    return answer.status_code, found
