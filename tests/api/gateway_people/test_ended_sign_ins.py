"""A sign-in that has ended opens nothing any more, whichever way it ended; what it was given before is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from services.gateway.identity.signing_in import COOKIE
from tests.api.conftest import PASSWORD, Person, problem

End = Callable[[Person, httpx.AsyncClient], Awaitable[object]]


async def stolen_refresh_token(_: Person, phone: httpx.AsyncClient) -> None:
    used = phone.cookies[COOKIE]
    await phone.post("/v1/sessions/refresh")
    phone.cookies.clear()
    await phone.post("/v1/sessions/refresh", headers={"Cookie": f"{COOKIE}={used}"})


async def from_the_list(ada: Person, _: httpx.AsyncClient) -> None:
    listed = (await ada.http.get("/v1/me/sessions")).json()["items"]
    [other] = [item["id"] for item in listed if not item["current"]]
    await ada.http.delete(f"/v1/me/sessions/{other}")


def new_password(ada: Person, _: httpx.AsyncClient) -> Awaitable[object]:
    return ada.http.put("/v1/me/password", json={"password": PASSWORD, "new_password": "another password"})


ENDS: dict[str, End] = {
    "signed out": lambda _, phone: phone.delete("/v1/sessions/current"),
    "signed out elsewhere": lambda ada, _: ada.http.delete("/v1/me/sessions"),
    "a stolen refresh token": stolen_refresh_token,
    "ended from the list": from_the_list,
    "a new password": new_password,
}


@pytest.mark.parametrize("end", ENDS)
async def test_its_access_tokens_are_refused(ada: Person, client: httpx.AsyncClient, end: str) -> None:
    signed_in = await client.post("/v1/sessions", json={"login": "ada", "password": PASSWORD})
    token = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
    client.headers.update(token)
    assert (await client.get("/v1/me")).status_code == 200
    await ENDS[end](ada, client)
    problem(await client.get("/v1/me", headers=token), 401, "invalid_token")
    problem(await client.get("/v1/users/ada", headers=token), 401, "invalid_token")
    assert (await ada.http.get("/v1/me")).status_code == 200
