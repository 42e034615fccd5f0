"""The Python client against a gateway that listens on a real port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from promptgram import ApiError, Promptgram
from services.gateway.context import Parts
from tests.api.conftest import PASSWORD, Person
from tests.api.gateway_content.conftest import outside, studio  # noqa: F401
from tests.api.gateway_people.arranging import add_post


@pytest.fixture
async def ada_client(url: str, ada: Person) -> AsyncIterator[Promptgram]:
    with Promptgram(url) as client:
        await asyncio.to_thread(client.sign_in, ada.username, PASSWORD)
        yield client


async def test_from_words_to_a_conversation(url: str, ada_client: Promptgram, bob: Person, studio: object) -> None:  # noqa: F811
    def live() -> None:
        generation = ada_client.generate("a red fox", n=2, key="fox")
        assert generation.status == "ready"
        assert ada_client.generate("a red fox", n=2, key="fox").id == generation.id
        sources = generation.images[0].sources
        assert sources is not None
        assert ada_client.picture(sources.original)[8:12] == b"WEBP"
        post = ada_client.publish([image.id for image in generation.images], caption="Reynard", key="post")
        assert ada_client.publish([image.id for image in generation.images], caption="Reynard", key="post") == post
        with Promptgram(url) as other:
            other.sign_in("bob", PASSWORD)
            other.follow("ada")
            other.like(post.id)
            comment = other.comment(post.id, "Lovely.")
            ada_client.comment(post.id, "Thanks.", reply_to=comment.id)
            assert [one.post.id for one in other.feed("following")] == [post.id]
        assert [one.text for one in ada_client.comments(post.id)] == ["Lovely.", "Thanks."]
        assert ada_client.post(post.id).counts.likes == 1
        assert {one.kind for one in ada_client.notifications()} == {"like", "comment", "follow"}
        assert [one.username for one in ada_client.followers("ada")] == ["bob"]
        ada_client.delete_post(post.id)
        with pytest.raises(ApiError) as error:
            ada_client.post(post.id)
        assert (error.value.status, error.value.code) == (404, "not_found")

    await asyncio.to_thread(live)


async def test_every_page_is_followed(ada_client: Promptgram, parts: Parts, ada: Person) -> None:
    made = [await add_post(parts, ada.id) for _ in range(105)]
    found = await asyncio.to_thread(lambda: [post.id for post in ada_client.posts_of("ada")])
    assert found == made[::-1]


async def test_an_expired_token_is_exchanged(ada_client: Promptgram) -> None:
    ada_client._token = "expired"
    assert (await asyncio.to_thread(ada_client.me)).username == "ada"


@pytest.mark.parametrize(("status", "code"), [(429, "rate_limited"), (503, "unavailable")])
async def test_what_passes_is_waited_out(status: int, code: str) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if len(asked) == 1:
            return httpx.Response(status, json={"code": code, "detail": "Later."}, headers={"Retry-After": "1"})
        return httpx.Response(200, json={"models": [], "default": "x"})

    client = Promptgram("http://any.test")
    client._http = httpx.Client(base_url="http://any.test", transport=httpx.MockTransport(answer))
    assert (await asyncio.to_thread(client.models)).default == "x"
    assert len(asked) == 2


async def test_a_lost_answer_is_asked_for_again_with_the_same_key() -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            raise httpx.ReadError("the connection broke")
        author = {"id": "a", "username": "ada", "display_name": "Ada"}
        comment = {"id": "c", "post_id": "p", "author": author, "text": "Hi", "reply_to": None}
        return httpx.Response(201, json=comment | {"created_at": "2026-11-25T08:00:00Z"})

    client = Promptgram("http://any.test")
    client._http = httpx.Client(base_url="http://any.test", transport=httpx.MockTransport(answer))
    await asyncio.to_thread(client.comment, "p", "Hi")
    assert len(keys) == 2
    assert keys[0] == keys[1]
