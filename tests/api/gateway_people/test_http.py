"""What HTTP asks of every address, whatever stands behind it."""

from __future__ import annotations

import asyncio

import httpx

from services.gateway.context import Parts
from services.gateway.identity.signing_in import COOKIE
from services.gateway.settings import GatewaySettings
from tests.api.conftest import Person, problem
from tests.api.gateway_content.conftest import until
from tests.api.gateway_people.arranging import add_post


async def test_what_can_not_be_an_id_is_nobodys_id(ada: Person, client: httpx.AsyncClient) -> None:
    name = "0" * 32
    for path in (
        f"/v1/users/{'a' * 31}",
        f"/v1/users/{'a' * 31}/followers",
        f"/v1/users/{'a' * 31}/posts",
        f"/v1/users/{'a' * 31}/followers?limit=0",
        f"/media/{'a' * 65}/320.webp",
        f"/media/{name}/96.webp",
        f"/media/{name}/320.gif",
        f"/media/{name}/96",
    ):
        assert "errors" not in problem(await client.get(path), 404, "not_found"), path
    problem(await ada.http.put(f"/v1/users/{'a' * 31}/follow"), 404, "not_found")
    problem(await ada.http.delete(f"/v1/me/taste/{'a' * 101}"), 404, "not_found")
    problem(await client.get("/v1/users/ada/followers?limit=0"), 422, "invalid_request")
    problem(await client.put(f"/v1/users/{'a' * 31}/follow"), 401, "unauthenticated")


async def test_head_is_get_without_its_body(ada: Person, url: str, gateway_settings: GatewaySettings) -> None:
    gateway_settings.web_dist.mkdir(parents=True)
    (gateway_settings.web_dist / "index.html").write_text("<!doctype html>the app")
    async with httpx.AsyncClient(base_url=url, headers=ada.http.headers) as http:
        for path in ("/v1/me", "/v1/users/ada", "/v1/users/nobody", "/v1/feed", "/p/nothing", "/", "/docs", "/livez"):
            get, head = await http.get(path), await http.head(path)
            assert (head.status_code, head.content) == (get.status_code, b""), path
            told = [[answer.headers.get(name) for name in HEAD_HEADERS] for answer in (get, head)]
            assert told[0] == told[1]
        tag = (await http.head("/v1/me")).headers["ETag"]
        assert (await http.head("/v1/me", headers={"If-None-Match": tag})).status_code == 304
        refused = await http.head("/v1/accounts")
        assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")


HEAD_HEADERS = ("Content-Length", "Content-Type", "Cache-Control", "ETag", "Link", "WWW-Authenticate")


async def test_head_of_a_stream_does_not_wait_for_its_end(ada: Person, parts: Parts, url: str) -> None:
    path = (await ada.http.post("/v1/generations", json={"prompt": "a fox"})).headers["Location"] + "/events"
    async with httpx.AsyncClient(base_url=url, headers=ada.http.headers) as http:
        head = await http.head(path)
        assert head.headers["Content-Type"].startswith("text/event-stream")
        assert (await http.get("/v1/me")).status_code == 200
        await until(lambda: asyncio.sleep(0, not parts.watchers._queues))


async def test_single_things_are_sent_again_only_when_they_changed(ada: Person, neighbours: None) -> None:
    made = (await ada.http.post("/v1/generations", json={"prompt": "a fox"})).headers["Location"]
    for path in ("/v1/me", "/v1/users/ada", made, "/v1/models", "/v1/me/taste"):
        tag = (await ada.http.get(path)).headers["ETag"]
        again = await ada.http.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag), path


async def test_conditions_name_one_state_several_or_any(
    ada: Person, parts: Parts, url: str, gateway_settings: GatewaySettings
) -> None:
    post = f"/v1/posts/{await add_post(parts, ada.id)}"
    tag = (await ada.http.get(post)).headers["ETag"]
    for older in ({"If-Match": '"x"'}, {"If-Match": '"x", "y"'}):
        problem(await ada.http.patch(post, json={"caption": "new"}, headers=older), 412, "changed_meanwhile")
        problem(await ada.http.delete(post, headers=older), 412, "changed_meanwhile")
    for known in ([("If-Match", f'"x", {tag}')], [("If-Match", '"x"'), ("If-Match", tag)], [("If-Match", "*")]):
        assert (await ada.http.patch(post, json={}, headers=known)).status_code == 200
    assert (await ada.http.delete(post, headers={"If-Match": tag})).status_code == 204

    gateway_settings.web_dist.mkdir(parents=True)
    (gateway_settings.web_dist / "index.html").write_text("<!doctype html>the app")
    page = await ada.http.get("/")
    again = await ada.http.get("/", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["Cache-Control"]) == (304, b"", "no-cache")


async def test_a_broken_address_is_no_share_link(client: httpx.AsyncClient) -> None:
    for broken in ("http://[::1", "http://[x]/p/1", "p/1", "//", "\ud800".encode("utf-8", "surrogatepass")):
        problem(await client.get("/oembed", params={"url": broken}), 404, "not_found")


async def test_what_is_personal_is_private(ada: Person) -> None:
    made = (await ada.http.post("/v1/generations", json={"prompt": "a fox"})).headers["Location"]
    for path in ("/v1/me", "/v1/me/prompts", "/v1/me/export", made):
        assert "private" in (await ada.http.get(path)).headers["Cache-Control"], path
    assert "private" in (await ada.http.head(f"{made}/events")).headers["Cache-Control"]


async def test_a_cookie_that_is_none_of_ours_is_no_sign_in(client: httpx.AsyncClient) -> None:
    for value in ("x", "x" * 4000):
        cookie = {"Cookie": f"{COOKIE}={value}"}
        problem(await client.post("/v1/sessions/refresh", headers=cookie), 401, "invalid_refresh_token")
        problem(await client.delete("/v1/sessions/current", headers=cookie), 401, "unauthenticated")


async def test_how_long_a_text_may_be_is_told_in_characters(ada: Person) -> None:
    for path, words in (
        ("/v1/search?q=" + "x" * 501, "at most 500 characters"),
        ("/v1/me/prompts?q=" + "x" * 201, "at most 200 characters"),
    ):
        [error] = problem(await ada.http.get(path), 422, "invalid_request")["errors"]
        assert words in error["msg"]
    [error] = problem(await ada.http.post("/v1/generations", json={"prompt": " "}), 422, "invalid_request")["errors"]
    assert "at least 1 character" in error["msg"]
    [error] = problem(await ada.http.post("/v1/posts", json={"image_ids": []}), 422, "invalid_request")["errors"]
    assert "at least 1 item" in error["msg"]


async def test_a_body_that_is_not_called_json_is_told_so(ada: Person) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await ada.http.patch("/v1/me", content=b'{"bio": "x"}', headers={"Content-Type": kind})
        assert "application/json" in problem(answer, 415, "unsupported_media_type")["detail"]
    for kind in ("application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"):
        answer = await ada.http.patch("/v1/me", content=b'{"bio": "x"}', headers={"Content-Type": kind})
        assert answer.status_code == 200, answer.text
    problem(await ada.http.patch("/v1/me"), 422, "invalid_request")
    problem(await ada.http.patch("/v1/me", json=[]), 422, "invalid_request")


async def test_json_is_utf_8(ada: Person) -> None:
    body = '{"bio": "été"}'
    for encoding, status in (("utf-8", 200), ("utf-16", 400), ("utf-16-le", 400), ("utf-32", 400)):
        headers = {"Content-Type": "application/json"}
        answer = await ada.http.patch("/v1/me", content=body.encode(encoding), headers=headers)
        assert answer.status_code == status, encoding
    problem(answer, 400, "bad_request")


async def test_what_looks_like_the_api_is_no_page(client: httpx.AsyncClient, gateway_settings: GatewaySettings) -> None:
    gateway_settings.web_dist.mkdir(parents=True)
    (gateway_settings.web_dist / "index.html").write_text("<!doctype html>the app")
    for path in ("/V1/me", "/v2/me", "/v1", "//v1/status", "/Media/x", "/docs/nothing"):
        problem(await client.get(f"https://gateway.test{path}"), 404, "not_found")
    for path in ("/", "/explore", "/u/v1", "/vases"):
        assert (await client.get(path)).status_code == 200
