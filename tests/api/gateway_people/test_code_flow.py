"""Signing in at an outside issuer with a browser, against an issuer that runs as a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr, ValidationError

from services.gateway.context import Parts
from services.gateway.identity import code_flow, oidc
from services.gateway.settings import GatewaySettings
from tests.api.conftest import BASE_URL, client_of, problem
from tests.issuer import CLIENT
from tests.servers import free_port

RETURN = f"{BASE_URL}/login/return"
SECRET = "kept well: 100 %"


@pytest.fixture
def gateway_settings(gateway_settings: GatewaySettings, issuer: str) -> GatewaySettings:
    change = {"oidc_issuer": issuer, "oidc_client_id": CLIENT, "oidc_name": "Test ID"}
    return gateway_settings.model_copy(update=change)


class Browser:
    """A browser with cookies of its own, that goes between the page and the issuer."""

    def __init__(self, issuer: str, http: httpx.AsyncClient) -> None:
        self._issuer, self.http = issuer, http

    async def steer(self, **settings: Any) -> None:
        """Say what the issuer does from now on; it forgets what it was told before."""
        async with httpx.AsyncClient() as client:
            await client.post(f"{self._issuer}/set", json={"redirect_uri": RETURN} | settings)

    async def depart(self) -> str:
        answer = await self.http.post("/v1/sessions/issuer")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["authorization_url"])

    async def at_the_issuer(self, address: str, name: str = "grace", answer: str = "allow") -> dict[str, str]:
        """Press a button there; the parameters that the page is opened with again."""
        async with httpx.AsyncClient() as client:
            page = await client.get(address)
            assert page.status_code == 200, page.text
            decide = f"{self._issuer}/decide?{urlsplit(address).query}"
            back = (await client.post(decide, data={"name": name, "answer": answer})).headers["Location"]
        assert back.startswith(f"{RETURN}?")
        return dict(parse_qsl(urlsplit(back).query))

    async def arrive(self, **parameters: str) -> httpx.Response:
        return await self.http.post("/v1/sessions/issuer/code", json=parameters)

    async def sign_in(self, name: str = "grace") -> httpx.Response:
        return await self.arrive(**await self.at_the_issuer(await self.depart(), name))


@pytest.fixture
async def browser(issuer: str, app: FastAPI) -> AsyncIterator[Browser]:
    async with client_of(app) as http:
        one = Browser(issuer, http)
        await one.steer()
        yield one


async def test_the_first_sign_in_makes_an_account_and_a_session_of_ours(browser: Browser) -> None:
    assert (await browser.http.get("/v1/sessions/issuer")).json() == {"issuer": {"name": "Test ID"}}
    made = await browser.sign_in()
    assert made.status_code == 201, made.text
    me = made.json()["user"]
    assert (me["username"], me["display_name"], me["email"]) == ("grace", "Grace", "grace@id.example.org")
    assert me["has_password"] is False
    # From here on it is a session like any other: the cookie renews it, it is listed, and it can be ended.
    renewed = await browser.http.post("/v1/sessions/refresh")
    assert renewed.status_code == 200
    bearer = {"Authorization": f"Bearer {renewed.json()['access_token']}"}
    (listed,) = (await browser.http.get("/v1/me/sessions", headers=bearer)).json()["items"]
    assert listed["current"]
    assert (await browser.http.delete("/v1/sessions/current", headers=bearer)).status_code == 204
    problem(await browser.http.post("/v1/sessions/refresh"), 401, "invalid_refresh_token")
    again = await browser.sign_in()
    bearer = {"Authorization": f"Bearer {again.json()['access_token']}"}
    words = {"password": "whatever it is", "new_password": "a password of my own"}
    problem(await browser.http.put("/v1/me/password", json=words, headers=bearer), 409, "no_password")
    assert again.status_code == 200
    assert again.json()["user"]["id"] == me["id"]


async def test_the_person_of_a_token_is_the_person_of_the_page(browser: Browser, issuer: str) -> None:
    me = (await browser.sign_in()).json()["user"]
    async with httpx.AsyncClient() as client:
        claims = {"iss": issuer, "sub": "grace", "iat": 1_700_000_000, "exp": 4_000_000_000}
        token = (await client.post(f"{issuer}/sign", json=claims)).json()["token"]
    answer = await browser.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["id"] == me["id"]


async def test_the_cookie_is_for_the_one_browser_only(browser: Browser, app: FastAPI) -> None:
    begun = await browser.http.post("/v1/sessions/issuer")
    cookie = begun.headers["Set-Cookie"].lower()
    for attribute in ("httponly", "samesite=strict", "secure", "path=/v1/sessions/issuer"):
        assert attribute in cookie
    back = await browser.at_the_issuer(begun.json()["authorization_url"])
    async with client_of(app) as http:
        # Somebody else's browser, sent here with this code: it must not end up in this person's account.
        problem(await Browser("", http).arrive(**back), 401, "sign_in_expired")
        await http.post("/v1/sessions/issuer")
        problem(await Browser("", http).arrive(**back), 401, "sign_in_expired")
    assert (await browser.arrive(**back)).status_code == 201


async def test_two_tabs_and_a_code_used_twice(browser: Browser) -> None:
    first, second = await browser.depart(), await browser.depart()
    assert first != second
    of_second, of_first = await browser.at_the_issuer(second), await browser.at_the_issuer(first)
    mixed = of_first | {"state": of_second["state"]}
    problem(await browser.arrive(**mixed), 401, "sign_in_expired")
    assert (await browser.arrive(**of_second)).status_code == 201
    problem(await browser.arrive(**of_second), 401, "sign_in_expired")


async def test_what_does_not_belong_to_this_sign_in_is_refused(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = await browser.at_the_issuer(await browser.depart())
    for change in ({"state": back["state"] + "x"}, {"state": "\u202e"}, {"iss": "https://evil.example"}, {"code": "c"}):
        problem(await browser.arrive(**back | change), 401, "sign_in_expired")
    without = {name: value for name, value in back.items() if name != "iss"}
    problem(await browser.arrive(**without), 401, "sign_in_expired")
    problem(await browser.arrive(**back | {"extra": "1"}), 422, "invalid_request")
    assert (await browser.arrive(**back)).status_code == 201
    monkeypatch.setattr(code_flow, "LIFE_S", -1)
    late = await browser.at_the_issuer(await browser.depart())
    problem(await browser.arrive(**late), 401, "sign_in_expired")


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"nonce": "another"}, "invalid_id_token"),
        ({"nonce": None}, "invalid_id_token"),
        ({"aud": "another-client"}, "invalid_id_token"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "invalid_id_token"),
        ({"iss": "https://evil.example"}, "invalid_id_token"),
        ({"sub": None}, "invalid_id_token"),
        ({"exp": 1_700_000_000}, "issuer_clock"),
        ({"iat": 4_000_000_000}, "issuer_clock"),
    ],
)
async def test_an_id_token_that_is_not_for_us_signs_nobody_in(
    browser: Browser, parts: Parts, claims: dict[str, Any], code: str
) -> None:
    await browser.steer(claims=claims)
    problem(await browser.sign_in(), 401, code)
    assert await parts.mongo.database["accounts"].count_documents({}) == 0


async def test_an_issuer_that_is_down_or_does_not_know_us(
    browser: Browser, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    await browser.steer(down=True)
    away = await browser.sign_in()
    problem(away, 503, "issuer_unavailable")
    assert away.headers["Retry-After"]
    await browser.steer(secret="which we do not have")
    problem(await browser.sign_in(), 502, "issuer_refused")
    assert parts.issuer is not None
    monkeypatch.setattr(parts.issuer, "issuer", f"http://127.0.0.1:{free_port()}")
    parts.issuer._fetched = parts.issuer._tried = -oidc.STALE_S
    problem(await browser.http.post("/v1/sessions/issuer"), 503, "issuer_unavailable")


async def test_names_that_are_told_apart_from_the_token(browser: Browser) -> None:
    await browser.steer(apart=True)
    me = (await browser.sign_in("ada")).json()["user"]
    assert (me["username"], me["email"]) == ("ada", "ada@id.example.org")


class TestConfidentialClient:
    @pytest.fixture
    def gateway_settings(self, gateway_settings: GatewaySettings) -> GatewaySettings:
        return gateway_settings.model_copy(update={"oidc_client_secret": SecretStr(SECRET), "oidc_name": None})

    @pytest.mark.parametrize("methods", [{}, {"methods": ["client_secret_post"]}], ids=["in the header", "in the form"])
    async def test_a_secret_goes_with_the_exchange(self, browser: Browser, methods: dict[str, Any]) -> None:
        assert (await browser.http.get("/v1/sessions/issuer")).json() == {"issuer": {"name": "127.0.0.1"}}
        await browser.steer(secret=SECRET, **methods)
        assert (await browser.sign_in()).status_code == 201
        await browser.steer(secret="another")
        problem(await browser.sign_in(), 502, "issuer_refused")


def test_a_client_needs_an_issuer() -> None:
    with pytest.raises(ValidationError, match="OIDC_ISSUER"):
        GatewaySettings(auth_secret="x" * 32, oidc_client_id=CLIENT)
