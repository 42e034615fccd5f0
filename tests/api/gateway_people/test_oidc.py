"""Signing in with the tokens of an outside issuer, against one that runs as a process of its own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time

import httpx
import jwt
import pytest
from fastapi import FastAPI

from services.gateway.context import Parts
from services.gateway.identity import oidc
from services.gateway.settings import GatewaySettings
from tests.api.conftest import Person, client_of, problem

PARTY = "https://app.example.org"


@pytest.fixture
def gateway_settings(gateway_settings: GatewaySettings, issuer: str) -> GatewaySettings:
    change = {"oidc_issuer": issuer, "oidc_audience": "promptgram", "oidc_authorized_parties": (PARTY,)}
    return gateway_settings.model_copy(update=change)


class Outside:
    """Somebody with an account at the issuer."""

    def __init__(self, issuer: str, app: FastAPI) -> None:
        self.issuer, self._app = issuer, app

    async def post(self, path: str, **body: object) -> dict:
        async with httpx.AsyncClient() as client:
            return (await client.post(self.issuer + path, json=body)).json()

    async def token(self, **claims: object) -> str:
        now = int(time.time())
        known = {"iss": self.issuer, "sub": "user_1", "iat": now, "exp": now + 60, "aud": "promptgram", "azp": PARTY}
        return (await self.post("/sign", **known | claims))["token"]

    async def me(self, token: str | None = None, **claims: object) -> httpx.Response:
        token = token or await self.token(**claims)
        async with client_of(self._app) as client:
            return await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
async def outside(issuer: str, app: FastAPI) -> Outside:
    one = Outside(issuer, app)
    await one.post("/mend")
    return one


async def test_the_first_request_makes_the_account(outside: Outside, parts: Parts) -> None:
    claims = {"preferred_username": "Grace.Hopper", "name": "Grace Hopper", "email": "Grace@Navy.example.org"}
    answers = await asyncio.gather(*(outside.me(**claims, email_verified=True) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    me = answers[0].json()
    assert (me["username"], me["display_name"]) == ("grace_hopper", "Grace Hopper")
    assert me["email"] == "grace@navy.example.org"
    assert await parts.mongo.database["accounts"].count_documents({}) == 1
    async with client_of(outside._app) as client:
        erased = await client.request(
            "DELETE", "/v1/me", json={}, headers={"Authorization": f"Bearer {await outside.token()}"}
        )
    assert erased.status_code == 202


async def test_names_and_emails_of_others_stay_theirs(outside: Outside, ada: Person) -> None:
    claims = {"preferred_username": "ada", "email": "ada@example.org", "email_verified": True}
    me = (await outside.me(**claims)).json()
    assert me["username"].startswith("ada_")
    assert me["email"] is None
    assert me["id"] != ada.id
    unverified = (await outside.me(sub="user_2", email="eve@example.org", email_verified=False)).json()
    assert unverified["email"] is None
    for number, name in enumerate(("Admin", "", "\u202e\u0000", "日本", "x" * 500, 7)):
        made = await outside.me(sub=f"strange_{number}", preferred_username=name)
        assert made.status_code == 200, name
        assert 3 <= len(made.json()["username"]) <= 30
        assert made.json()["username"] != "admin"


def signed_with_shared_secret(claims: dict, secret: str, kid: str) -> str:
    """An HS256 token made by hand: the library refuses to make such a one."""
    header = {"alg": "HS256", "typ": "JWT", "kid": kid}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    mac = hmac.new(secret.encode(), b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


async def test_tokens_that_must_not_pass(outside: Outside) -> None:
    now = int(time.time())
    for wrong in (
        {"exp": now - 60},
        {"iat": now + 600},
        {"nbf": now + 600},
        {"aud": "another"},
        {"aud": None},
        {"azp": "https://evil.example"},
        {"azp": None},
        {"sub": None},
        {"_kid": "no-such-key"},
    ):
        problem(await outside.me(**wrong), 401, "invalid_token")
    good = jwt.decode(await outside.token(), options={"verify_signature": False})
    kid = {"kid": jwt.get_unverified_header(await outside.token())["kid"]}
    async with httpx.AsyncClient() as client:
        public = (await client.get(f"{outside.issuer}/jwks")).text
    for forged in (
        jwt.encode(good, None, "none", headers=kid),
        # The public key as a shared secret: the classic confusion of algorithms.
        signed_with_shared_secret(good, public, kid["kid"]),
        jwt.encode(good, "tests-only-" + "x" * 32, "HS256"),
    ):
        problem(await outside.me(forged), 401, "invalid_token")


async def test_keys_rotate_and_outlive_the_issuer(
    outside: Outside, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    assert parts.issuer is not None
    monkeypatch.setattr(parts.issuer, "_clock", lambda: now[0])
    parts.issuer._fetched = parts.issuer._tried = -oidc.STALE_S
    old = await outside.token()
    assert (await outside.me(old)).status_code == 200

    await outside.post("/rotate")
    new = await outside.token()
    problem(await outside.me(new), 401, "invalid_token")
    now[0] += oidc.RETRY_S + 1
    assert (await outside.me(new)).status_code == 200
    problem(await outside.me(old), 401, "invalid_token")

    await outside.post("/break")
    now[0] += oidc.FRESH_S + 1
    assert (await outside.me(new)).status_code == 200
    now[0] += oidc.STALE_S
    answer = await outside.me(new)
    problem(answer, 503, "issuer_unavailable")
    assert answer.headers["Retry-After"]
    await outside.post("/mend")
    now[0] += oidc.RETRY_S + 1
    assert (await outside.me(new)).status_code == 200


async def test_unknown_keys_do_not_hammer_the_issuer(outside: Outside) -> None:
    async with httpx.AsyncClient() as client:
        before = (await client.get(f"{outside.issuer}/reads")).json()["reads"]
        await asyncio.gather(*(outside.me(_kid=f"made-up-{number}") for number in range(10)))
        assert (await client.get(f"{outside.issuer}/reads")).json()["reads"] - before == 1


async def test_accounts_of_ones_own_still_work(outside: Outside, ada: Person) -> None:
    assert (await ada.http.get("/v1/me")).status_code == 200
