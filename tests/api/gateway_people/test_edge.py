"""What holds for every route: problems, headers, sizes, idempotency, limits, and the documents about the API."""

from __future__ import annotations

import asyncio
import gzip

import httpx
import pytest
from asgi_lifespan import LifespanManager
from fastapi import FastAPI
from pymongo.errors import AutoReconnect, DuplicateKeyError

from services.gateway.context import Parts
from services.gateway.identity.signing_in import COOKIE
from services.gateway.main import create_app
from services.gateway.settings import GatewaySettings
from services.gateway.store.idempotency import Claim
from shared.bus import Unanswered
from shared.events import every_event
from tests.api.conftest import PASSWORD, Person, client_of, problem


def account(name: str) -> dict[str, str]:
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD}


async def test_every_failure_is_a_problem_and_tells_nothing_of_the_inside(
    client: httpx.AsyncClient, app: FastAPI, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem(await client.get("/v1/nothing"), 404, "not_found")
    problem(await client.get("/v1/users/nobody"), 404, "not_found")
    answer = await client.delete("/v1/accounts")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"
    # The web app takes every GET that no route took, but not where the API has an address; and `Allow` is complete.
    answer = await client.get("/v1/accounts")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"
    answer = await client.options("/v1/me")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, PATCH"
    failures = [
        (RuntimeError("password of the database: hunter2"), 500, "internal"),
        (DuplicateKeyError("E11000 duplicate key in hunter2"), 500, "internal"),
        (AutoReconnect("hunter2:27017: connection refused"), 503, "unavailable"),
        (Unanswered("nobody answers qry.hunter2"), 503, "unavailable"),
    ]
    for failure, status, code in failures:

        async def fail(*_: object, failure: Exception = failure) -> None:
            raise failure

        monkeypatch.setattr(parts.accounts, "by_username", fail)
        answer = await client.get("/v1/users/ada")
        problem(answer, status, code)
        assert "hunter2" not in answer.text
        assert ("Retry-After" in answer.headers) == (status == 503)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_trace_ids_are_those_of_the_caller(client: httpx.AsyncClient) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = await client.get("/v1/users/nobody", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert answer.json()["trace_id"] == trace


async def test_large_bodies_are_refused(client: httpx.AsyncClient) -> None:
    json_type = {"Content-Type": "application/json"}
    large = b'{"username": "' + b"a" * 1_000_000 + b'"}'
    problem(await client.post("/v1/accounts", content=large, headers=json_type), 413, "body_too_large")

    async def pieces():
        for _ in range(100):
            yield b"a" * 20_000

    problem(await client.post("/v1/accounts", content=pieces(), headers=json_type), 413, "body_too_large")
    lie = json_type | {"Content-Length": "many"}
    problem(await client.post("/v1/accounts", content=b"{}", headers=lie), 413, "body_too_large")


async def test_answers_carry_the_security_headers(ada: Person, client: httpx.AsyncClient) -> None:
    for answer in (await ada.http.get("/v1/me"), await client.get("/"), await client.get("/docs")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe-eval" not in answer.headers["Content-Security-Policy"]
        assert "max-age" in answer.headers["Strict-Transport-Security"]
        assert answer.headers["Referrer-Policy"]
    me = await ada.http.get("/v1/me")
    assert me.headers["Cache-Control"].startswith("private")
    assert "Authorization" in me.headers["Vary"]
    assert me.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_the_documents_about_the_api(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    page = await client.get("/docs")
    assert page.status_code == 200
    assert "http" not in page.text.replace("https://gateway.test", "")
    for path in ("/docs/ui/swagger-ui-bundle.js", "/docs/ui/swagger-ui.css", "/docs/start.js"):
        assert path in page.text or "css" in path
        assert (await client.get(path)).status_code == 200
    events = (await client.get("/asyncapi")).json()
    assert events["asyncapi"].startswith("3.")
    assert {channel["address"] for channel in events["channels"].values()} == {kind.subject for kind in every_event()}
    assert events["operations"]["gateway.says.PostPublished"]["action"] == "send"
    assert events["operations"]["feed.hears.PostPublished"]["action"] == "receive"
    for operation in events["operations"].values():
        assert operation["channel"]["$ref"].split("/")[-1] in events["channels"]


async def test_health(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).json() == {"status": "ok"}
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]) == (200, {"database": "ok", "broker": "ok"})


async def test_the_web_app_is_served_where_no_route_is(
    client: httpx.AsyncClient, gateway_settings: GatewaySettings
) -> None:
    missing = await client.get("/")
    assert missing.status_code == 503
    assert "npm" in missing.text
    dist = gateway_settings.web_dist
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html>the app")
    (dist / "assets" / "app-1a2b.js").write_text("start()")
    (dist.parent / "secret.txt").write_text("hunter2")
    for path in ("/", "/explore", "/u/ada", "/settings/profile"):
        page = await client.get(path)
        assert (page.status_code, page.text) == (200, "<!doctype html>the app")
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    asset = await client.get("/assets/app-1a2b.js")
    assert "immutable" in asset.headers["Cache-Control"]
    for path in ("/assets/gone.js", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/v1/x", "/%00"):
        answer = await client.get(path)
        assert answer.status_code in (200, 404)
        assert "hunter2" not in answer.text
        assert answer.status_code == 404 or answer.text == "<!doctype html>the app"


async def test_the_web_app_is_sent_as_compressed_as_the_browser_takes_it(
    client: httpx.AsyncClient, gateway_settings: GatewaySettings
) -> None:
    assets = gateway_settings.web_dist / "assets"
    assets.mkdir(parents=True)
    (assets.parent / "index.html").write_text("<!doctype html>the app")
    (assets / "app.js").write_bytes(b"start()")
    (assets / "app.js.gz").write_bytes(gzip.compress(b"start()"))
    for accepted, encoding in (("br, gzip;q=0.5", "gzip"), ("identity", None), ("br", None)):
        answer = await client.get("/assets/app.js", headers={"Accept-Encoding": accepted})
        assert answer.text == "start()"
        assert answer.headers.get("Content-Encoding") == encoding
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert answer.headers["Vary"] == "Accept-Encoding"


async def test_other_origins_call_only_when_configured(gateway_settings: GatewaySettings) -> None:
    for origins, expected in (((), None), (("https://app.example.org",), "https://app.example.org")):
        app = create_app(gateway_settings.model_copy(update={"cors_origins": origins}))
        async with LifespanManager(app, startup_timeout=30, shutdown_timeout=30), client_of(app) as client:
            for origin in ("https://app.example.org", "https://evil.example"):
                answer = await client.get("/v1/users/nobody", headers={"Origin": origin})
                allowed = answer.headers.get("Access-Control-Allow-Origin")
                assert allowed == (expected if origin == expected else None)


async def test_a_repeated_create_is_one_and_answers_alike(client: httpx.AsyncClient, parts: Parts) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = await client.post("/v1/accounts", json=account("ada"), headers=key)
    again = await client.post("/v1/accounts", json=account("ada"), headers=key)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["set-cookie"] == first.headers["set-cookie"]
    assert await parts.mongo.database["accounts"].count_documents({}) == 1

    other = await client.post("/v1/accounts", json=account("bob"), headers=key)
    problem(other, 422, "idempotency_key_reused")
    without = await client.post("/v1/accounts", json=account("ada"))
    problem(without, 409, "username_taken")

    taken = [await client.post("/v1/accounts", json=account("ada"), headers={"Idempotency-Key": "k-2"}) for _ in "12"]
    for answer in taken:
        problem(answer, 409, "username_taken")
    assert taken[1].headers["Idempotency-Replayed"] == "true"
    for bad in ("", "x" * 256, "with space"):
        answer = await client.post("/v1/accounts", json=account("eve"), headers={"Idempotency-Key": bad})
        problem(answer, 422, "invalid_request")


async def test_keys_belong_to_their_person_and_route(ada: Person, bob: Person, parts: Parts) -> None:
    key = {"Idempotency-Key": "same"}
    body = {"target": {"kind": "user", "id": ada.id}, "reason": "spam"}
    other = {"target": {"kind": "user", "id": bob.id}, "reason": "spam"}
    mine = await ada.http.post("/v1/reports", json=other, headers=key)
    theirs = await bob.http.post("/v1/reports", json=body, headers=key)
    assert mine.status_code == theirs.status_code == 201
    assert "Idempotency-Replayed" not in theirs.headers


async def test_the_same_request_many_times_at_once_has_one_effect(client: httpx.AsyncClient, parts: Parts) -> None:
    key = {"Idempotency-Key": "at-once"}
    answers = await asyncio.gather(*(client.post("/v1/accounts", json=account("ada"), headers=key) for _ in range(8)))
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in made}) == 1
    assert [answer.headers.get("Idempotency-Replayed") for answer in made].count(None) == 1
    for answer in answers:
        if answer not in made:
            problem(answer, 409, "idempotency_in_progress")
            assert answer.headers["Retry-After"] == "1"
    assert await parts.mongo.database["accounts"].count_documents({}) == 1


async def test_a_repeat_after_a_crash_finds_what_was_made(
    client: httpx.AsyncClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"Idempotency-Key": "crash"}

    async def die(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as crash:
        # The account is committed, its answer is not kept, and nobody lets go of the record in an orderly way.
        crash.setattr(parts.idempotency, "store", die)
        crash.setattr(parts.idempotency, "release", die)
        assert (await client.post("/v1/accounts", json=account("ada"), headers=key)).status_code == 500
    problem(await client.post("/v1/accounts", json=account("ada"), headers=key), 409, "idempotency_in_progress")
    await parts.mongo.database["idempotency"].update_one({}, {"$set": {"locked_until": (await _created(parts))}})
    again = await client.post("/v1/accounts", json=account("ada"), headers=key)
    assert again.status_code == 201
    [stored] = await parts.mongo.database["accounts"].find({}).to_list()
    assert again.json()["user"]["id"] == stored["_id"]
    replayed = await client.post("/v1/accounts", json=account("ada"), headers=key)
    assert replayed.content == again.content


async def _created(parts: Parts) -> object:
    record = await parts.mongo.database["idempotency"].find_one({})
    assert record is not None
    return record["created_at"]


async def test_a_failure_here_is_not_kept(
    client: httpx.AsyncClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"Idempotency-Key": "later"}

    async def down(*_: object) -> Claim:
        raise AutoReconnect

    with monkeypatch.context() as outage:
        outage.setattr(parts.mongo, "transaction", down)
        answer = await client.post("/v1/accounts", json=account("ada"), headers=key)
        problem(answer, 503, "unavailable")
    assert (await client.post("/v1/accounts", json=account("ada"), headers=key)).status_code == 201


async def test_cookies_of_others_are_of_no_use_across_sites(ada: Person) -> None:
    assert COOKIE in ada.http.cookies
    assert (await ada.http.get("/v1/me", headers={"Authorization": ""})).status_code == 401
