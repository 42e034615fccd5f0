"""From a typed prompt to a picture in the feed, through every real part, as one trace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from deploy.tools.spans import load_trace, service_edges
from tests.stack import Stack

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("stack"), pytest.mark.timeout(300)]

EDGES_OF_A_GENERATION = {
    ("gateway", "moderation"),
    ("moderation", "generation"),
    ("generation", "moderation"),
    ("moderation", "gateway"),
}
EDGES_OF_A_POST = {("gateway", "search"), ("gateway", "feed")}


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.url, timeout=60) as connection:
        yield connection


def sign_up(client: httpx.Client, name: str) -> dict[str, str]:
    body = {"username": name, "email": f"{name}@example.org", "password": "correct horse battery"}
    answer = client.post("/v1/accounts", json=body)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def eventually(look: Callable[[], Any], *, patience_s: float = 20) -> Any:
    """What `look` returns as soon as it is true."""
    for _ in range(int(patience_s / 0.1)):
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def test_a_prompt_becomes_a_picture_that_is_found_liked_and_fed(stack: Stack, client: httpx.Client) -> None:
    ada, ben = sign_up(client, "journey_ada"), sign_up(client, "journey_ben")
    prompt = "a red fox on a blue background"
    made = client.post("/v1/generations", json={"prompt": prompt, "seed": 7}, headers=ada | {"Prefer": "wait=30"})
    assert made.status_code == 201, made.text
    generation = made.json()
    assert generation["status"] == "ready"
    stages = [entry["stage"] for entry in generation["timeline"]]
    assert stages == ["accepted", "moderated", "queued", "started", "rendered", "checked", "ready"]
    image = generation["images"][0]
    assert image["alt"].startswith(prompt)

    picture = client.get(image["sources"]["original"])
    assert picture.status_code == 200
    assert picture.headers["content-type"] == "image/webp"
    assert len(picture.content) > 500

    posted = client.post("/v1/posts", json={"image_ids": [image["id"]], "visibility": "public"}, headers=ada)
    assert posted.status_code == 201, posted.text
    post_id = posted.json()["id"]

    def among(path: str, headers: dict[str, str]) -> list[str]:
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return [item["post"]["id"] for item in answer.json()["items"]]

    eventually(lambda: post_id in among("/v1/search?q=fox", ben))
    assert "PicturesMissing" not in stack.log
    eventually(lambda: post_id in among("/v1/feed?mode=explore", ben))
    assert client.put("/v1/users/journey_ada/follow", headers=ben).status_code == 204
    eventually(lambda: post_id in among("/v1/feed?mode=following", ben))
    assert client.put(f"/v1/posts/{post_id}/like", headers=ben).status_code == 204
    seen = client.get(f"/v1/posts/{post_id}", headers=ben).json()
    assert seen["counts"]["likes"] == 1
    assert seen["viewer"]["liked"] is True

    traces = stack.data / "traces"
    eventually(lambda: service_edges(load_trace(traces, generation["id"])) >= EDGES_OF_A_GENERATION)
    eventually(lambda: service_edges(load_trace(traces, post_id)) >= EDGES_OF_A_POST)


def test_every_part_tells_that_it_lives_and_is_ready(stack: Stack, client: httpx.Client) -> None:
    ports = stack.ports()
    for part in ("gateway", "moderation", "generation", "search", "feed"):
        for path in ("livez", "readyz"):
            assert httpx.get(f"http://127.0.0.1:{ports[part]}/{path}").status_code == 200, (part, path)
    # A generator that has nothing to do tells of itself every few seconds.
    eventually(lambda: client.get("/v1/status").json()["model"]["state"] == "warm")
    assert client.get("/v1/status").json()["status"] == "ok"


def test_no_secret_and_no_prompt_stands_in_the_log(stack: Stack, client: httpx.Client) -> None:
    headers = sign_up(client, "journey_shy")
    prompt = "a very private unicorn"
    client.post("/v1/generations", json={"prompt": prompt}, headers=headers | {"Prefer": "wait=30"})
    log = stack.log
    assert prompt not in log
    assert "correct horse battery" not in log
    assert headers["Authorization"].removeprefix("Bearer ") not in log
    assert (stack.data / "run" / "secret").read_text() not in log
