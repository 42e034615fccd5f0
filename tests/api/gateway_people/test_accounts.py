"""Making an account, signing in, staying signed in, signing out."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from services.gateway.context import Parts
from services.gateway.identity.signing_in import COOKIE
from tests.api.conftest import PASSWORD, MakePerson, Person, client_of, problem

ADA = {"username": "Ada_L", "email": "Ada@Example.org", "password": PASSWORD, "display_name": "Ada Lovelace"}


async def test_an_account_is_made_and_signed_in(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/accounts", json=ADA)
    assert answer.status_code == 201
    body = answer.json()
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 900
    user = body["user"]
    assert (user["username"], user["display_name"], user["email"]) == ("ada_l", "Ada Lovelace", "ada@example.org")
    assert (user["role"], user["counts"]) == ("person", {"posts": 0, "followers": 0, "following": 0})
    assert PASSWORD not in answer.text
    assert "hash" not in answer.text

    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/v1/sessions", "Secure"))

    me = await client.get("/v1/me", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert me.json() == user


async def test_the_cookie_is_not_secure_over_plain_http(app: FastAPI) -> None:
    async with client_of(app) as client:
        answer = await client.post("http://localhost/v1/accounts", json=ADA)
    assert "Secure" not in answer.headers["set-cookie"]


async def test_names_and_emails_are_unique_whatever_their_case(client: httpx.AsyncClient) -> None:
    await client.post("/v1/accounts", json=ADA)
    same_name = {**ADA, "username": "ADA_l", "email": "other@example.org"}
    problem(await client.post("/v1/accounts", json=same_name), 409, "username_taken")
    same_email = {**ADA, "username": "other", "email": "aDA@example.ORG"}
    problem(await client.post("/v1/accounts", json=same_email), 409, "email_taken")


async def test_one_of_many_at_once_gets_the_name(client: httpx.AsyncClient, parts: Parts) -> None:
    bodies = [ADA | {"email": f"ada{number}@example.org"} for number in range(8)]
    answers = await asyncio.gather(*(client.post("/v1/accounts", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert await parts.mongo.database["accounts"].count_documents({}) == 1


BAD_FIELDS: list[tuple[str, object]] = [
    ("username", "ab"),
    ("username", "a" * 31),
    ("username", "ada lovelace"),
    ("username", "ada\n"),
    ("username", "аda"),  # a Cyrillic а
    ("username", None),
    ("username", 12345),
    ("email", "nobody"),
    ("email", "a@b@c.org"),
    ("email", "ada\u0000@example.org"),
    ("password", "short"),
    ("password", "x" * 257),
    ("password", "with\u0000null and more"),
    ("display_name", "   "),
    ("display_name", "\u200b"),
    ("display_name", "x" * 61),
    ("display_name", "two\nlines"),
    ("display_name", "nul\u0000"),
    ("display_name", "evil \u202etxt.exe"),
    ("admin", True),
]


async def test_bad_fields_are_named(client: httpx.AsyncClient) -> None:
    for field, value in BAD_FIELDS:
        body = problem(await client.post("/v1/accounts", json=ADA | {field: value}), 422, "invalid_request")
        assert [error["loc"] for error in body["errors"]] == [["body", field]], (field, value)
        assert all(error["msg"] for error in body["errors"])


BAD_BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"username": "\\ud800abc", "email": "a@example.org", "password": "long enough"}',
    b'{"\\ud800": 1}',
    b'{"username": ' + b"9" * 5000 + b"}",
]


async def test_bodies_that_are_no_account_are_refused_in_words(client: httpx.AsyncClient) -> None:
    for raw in BAD_BODIES:
        answer = await client.post("/v1/accounts", content=raw, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), raw[:50]
        problem(answer, answer.status_code, "bad_request" if answer.status_code == 400 else "invalid_request")


async def test_reserved_names_are_refused(client: httpx.AsyncClient) -> None:
    problem(await client.post("/v1/accounts", json=ADA | {"username": "Admin"}), 422, "username_reserved")


async def test_signing_in_by_name_or_email(client: httpx.AsyncClient) -> None:
    made = await client.post("/v1/accounts", json=ADA)
    for login in ("ada_l", "ADA_L", "ada@example.org", " Ada@Example.org "):
        answer = await client.post("/v1/sessions", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 200, login
        assert answer.json()["user"]["id"] == made.json()["user"]["id"]


async def test_wrong_password_and_unknown_person_look_the_same(client: httpx.AsyncClient) -> None:
    await client.post("/v1/accounts", json=ADA)
    wrong = await client.post("/v1/sessions", json={"login": "ada_l", "password": "not the password"})
    unknown = await client.post("/v1/sessions", json={"login": "nobody", "password": "not the password"})
    bodies = [problem(answer, 401, "bad_credentials") for answer in (wrong, unknown)]
    assert bodies[0].keys() == bodies[1].keys()
    assert bodies[0]["detail"] == bodies[1]["detail"]


async def test_as_much_hashing_is_done_for_nobody(
    client: httpx.AsyncClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []
    real = parts.passwords.matches

    async def matches(known: str | None, password: str) -> bool:
        checked.append(known)
        return await real(known, password)

    monkeypatch.setattr(parts.passwords, "matches", matches)
    await client.post("/v1/sessions", json={"login": "nobody", "password": "whatever it is"})
    assert checked == [None]


async def test_an_old_hash_is_renewed_when_its_owner_signs_in(client: httpx.AsyncClient, parts: Parts) -> None:
    from argon2 import PasswordHasher

    await client.post("/v1/accounts", json=ADA)
    accounts = parts.mongo.database["accounts"]
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    await accounts.update_one({}, {"$set": {"password_hash": weak}})
    for _ in range(2):
        answer = await client.post("/v1/sessions", json={"login": "ada_l", "password": PASSWORD})
        assert answer.status_code == 200
    account = await accounts.find_one({})
    assert account["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_refreshing_rotates_and_reuse_ends_the_family(client: httpx.AsyncClient) -> None:
    await client.post("/v1/accounts", json=ADA)
    first = client.cookies[COOKIE]
    answer = await client.post("/v1/sessions/refresh")
    assert answer.status_code == 200
    assert answer.json()["user"]["username"] == "ada_l"
    second = client.cookies[COOKIE]
    assert second != first

    client.cookies.clear()
    stolen = await client.post("/v1/sessions/refresh", headers={"Cookie": f"{COOKIE}={first}"})
    problem(stolen, 401, "invalid_refresh_token")
    after = await client.post("/v1/sessions/refresh", headers={"Cookie": f"{COOKIE}={second}"})
    problem(after, 401, "invalid_refresh_token")


async def test_reuse_ends_no_other_family(client: httpx.AsyncClient) -> None:
    await client.post("/v1/accounts", json=ADA)
    stolen = client.cookies[COOKIE]
    await client.post("/v1/sessions/refresh")
    client.cookies.clear()
    await client.post("/v1/sessions", json={"login": "ada_l", "password": PASSWORD})
    other = client.cookies[COOKIE]
    client.cookies.clear()
    await client.post("/v1/sessions/refresh", headers={"Cookie": f"{COOKIE}={stolen}"})
    answer = await client.post("/v1/sessions/refresh", headers={"Cookie": f"{COOKIE}={other}"})
    assert answer.status_code == 200


async def test_of_many_refreshes_at_once_one_wins(client: httpx.AsyncClient, app: FastAPI) -> None:
    await client.post("/v1/accounts", json=ADA)
    cookie = {"Cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
    async with client_of(app) as other:
        answers = await asyncio.gather(*(other.post("/v1/sessions/refresh", headers=cookie) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 5


async def test_made_up_refresh_tokens_end_nothing(client: httpx.AsyncClient) -> None:
    await client.post("/v1/accounts", json=ADA)
    good = client.cookies[COOKIE]
    client.cookies.clear()
    family = good.split(".")[0]
    for made_up in (f"{family}.x.y", f"{family}", "", "é", good[:-1] + ("a" if good[-1] != "a" else "b")):
        headers = {"Cookie": f"{COOKIE}={made_up}".encode()}
        assert (await client.post("/v1/sessions/refresh", headers=headers)).status_code == 401
        client.cookies.clear()
    answer = await client.post("/v1/sessions/refresh", headers={"Cookie": f"{COOKIE}={good}"})
    assert answer.status_code == 200


async def test_tokens_are_not_in_the_database(client: httpx.AsyncClient, parts: Parts) -> None:
    answer = await client.post("/v1/accounts", json=ADA, headers={"Idempotency-Key": "k1"})
    secrets = [PASSWORD, answer.json()["access_token"], client.cookies[COOKIE], client.cookies[COOKIE].split(".")[1]]
    stored = ""
    for name in await parts.mongo.database.list_collection_names():
        stored += repr(await parts.mongo.database[name].find({}).to_list())
    assert "ada_l" in stored
    assert not [secret for secret in secrets if secret in stored]


async def test_signing_out(ada: Person) -> None:
    assert (await ada.http.delete("/v1/sessions/current")).status_code == 204
    assert (await ada.http.post("/v1/sessions/refresh")).status_code == 401


async def test_signing_out_with_the_cookie_alone(ada: Person) -> None:
    token = ada.http.cookies[COOKIE]
    del ada.http.headers["Authorization"]
    assert (await ada.http.delete("/v1/sessions/current")).status_code == 204
    answer = await ada.http.post("/v1/sessions/refresh", headers={"Cookie": f"{COOKIE}={token}"})
    assert answer.status_code == 401
    problem(await ada.http.delete("/v1/sessions/current"), 401, "unauthenticated")


async def test_one_sees_where_one_is_signed_in_and_ends_it(ada: Person, bob: Person, client: httpx.AsyncClient) -> None:
    phone = await client.post(
        "/v1/sessions", json={"login": "ada", "password": PASSWORD}, headers={"User-Agent": "A phone " + "x" * 999}
    )
    assert phone.status_code == 200
    items = (await ada.http.get("/v1/me/sessions")).json()["items"]
    assert [item["current"] for item in items] == [False, True]
    assert items[0]["agent"].startswith("A phone")
    assert len(items[0]["agent"]) == 300
    path = f"/v1/me/sessions/{items[0]['id']}"
    problem(await bob.http.delete(path), 404, "not_found")
    assert (await ada.http.delete(path)).status_code == 204
    problem(await ada.http.delete(path), 404, "not_found")
    assert (await client.post("/v1/sessions/refresh")).status_code == 401
    await client.post("/v1/sessions", json={"login": "ada", "password": PASSWORD})
    assert (await ada.http.delete("/v1/me/sessions")).status_code == 204
    assert (await client.post("/v1/sessions/refresh")).status_code == 401
    assert (await ada.http.post("/v1/sessions/refresh")).status_code == 200


async def test_a_bad_token_is_refused_even_where_none_is_needed(client: httpx.AsyncClient, ada: Person) -> None:
    for header in ("Bearer nonsense", "Bearer ", "Basic YTpi", "bearer a.b.c", "Token x"):
        answer = await client.get("/v1/users/ada", headers={"Authorization": header})
        problem(answer, 401, "invalid_token")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_tokens_of_others_are_refused(client: httpx.AsyncClient, ada: Person) -> None:
    import jwt

    good = jwt.decode(ada.http.headers["Authorization"].removeprefix("Bearer "), options={"verify_signature": False})
    forged = [
        jwt.encode(good, "another secret that is long enough", "HS256"),
        jwt.encode(good, None, "none"),
        jwt.encode(good | {"exp": 1}, "tests-only-" + "x" * 32, "HS256"),
        jwt.encode(good | {"iss": "elsewhere"}, "tests-only-" + "x" * 32, "HS256"),
        jwt.encode({"sub": good["sub"]}, "tests-only-" + "x" * 32, "HS256"),
    ]
    for token in forged:
        problem(await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}), 401, "invalid_token")


async def test_no_token_where_one_is_needed(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/me")
    problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_changing_the_password_ends_other_sign_ins(ada: Person, client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"login": "ada", "password": PASSWORD})
    change = {"password": PASSWORD, "new_password": "another password"}
    problem(await ada.http.put("/v1/me/password", json=change | {"password": "wrong one"}), 401, "bad_credentials")
    assert (await ada.http.put("/v1/me/password", json=change)).status_code == 204
    assert (await client.post("/v1/sessions/refresh")).status_code == 401
    assert (await ada.http.post("/v1/sessions/refresh")).status_code == 200
    old = await client.post("/v1/sessions", json={"login": "ada", "password": PASSWORD})
    problem(old, 401, "bad_credentials")


async def test_people_made_at_once_are_all_there(make_person: MakePerson, parts: Parts) -> None:
    people = await asyncio.gather(*(make_person(f"person_{number}") for number in range(20)))
    assert len({person.id for person in people}) == 20
    assert await parts.mongo.database["accounts"].count_documents({}) == 20
