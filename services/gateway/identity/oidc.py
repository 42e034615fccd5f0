"""Access tokens of an outside OpenID Connect issuer such as Clerk, verified by the keys it publishes."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any, cast
from urllib.error import URLError

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

    async def verify(self, token: str) -> dict[str, Any]:
        """The claims; raises `jwt.InvalidTokenError`, or 503 when the issuer's keys have never been read."""
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS or not isinstance(header.get("kid"), str):
            raise jwt.InvalidTokenError("algorithm or key not accepted")
        key = await self._key(header["kid"])
        if key is None:
            raise jwt.InvalidTokenError("unknown key")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            # A key is for its own algorithm; the token has no say in it.
            [header["alg"]] if key.algorithm_name in (None, header["alg"]) else [],
            issuer=self.issuer,
            audience=self._audience,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "sub"], "verify_aud": self._audience is not None},
        )
        if self._parties and claims.get("azp") not in self._parties:
            raise jwt.InvalidTokenError("authorized party not accepted")
        return claims

    async def _key(self, kid: str) -> jwt.PyJWK | None:
        # Whoever needs a key that is being fetched waits for it; whoever has one goes on with it.
        if self._outdated(kid) or (kid not in self._keys and self._fetching.locked()):
            async with self._fetching:
                if self._outdated(kid):
                    await self._fetch()
        if not self._keys or self._clock() - self._fetched > STALE_S:
            raise unavailable("issuer_unavailable", "The issuer of this token can't be reached for the moment.")
        return self._keys.get(kid)

    def _outdated(self, kid: str) -> bool:
        now = self._clock()
        wanted = kid not in self._keys or now - self._fetched > FRESH_S
        return wanted and now - self._tried > RETRY_S

    async def _fetch(self) -> None:
        self._tried = self._clock()
        try:
            keys = await asyncio.to_thread(_read_keys, self.issuer)
        except (URLError, OSError, ValueError, KeyError, jwt.PyJWTError) as error:
            log.warning("the issuer's keys can't be read; those known stay in use", error=str(error))
            return
        self._keys, self._fetched = keys, self._clock()


def _read_keys(issuer: str) -> dict[str, jwt.PyJWK]:
    document = _read_json(issuer.rstrip("/") + "/.well-known/openid-configuration")
    if document["issuer"] != issuer:
        raise ValueError(f"the discovery document is of another issuer: {document['issuer']!r}")
    keys = jwt.PyJWKSet.from_dict(_read_json(document["jwks_uri"])).keys
    return {key.key_id: key for key in keys if key.key_id and key.public_key_use in (None, "sig")}


def _read_json(url: str) -> dict[str, Any]:
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"not a web address: {url!r}")
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310
        return cast("dict[str, Any]", json.loads(answer.read(LARGEST_DOCUMENT)))
