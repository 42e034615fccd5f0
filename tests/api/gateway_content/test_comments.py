"""Comments with one level of replies, and what is told of them and of remixes."""

from __future__ import annotations

import asyncio

import httpx

from services.gateway.context import Parts
from tests.api.conftest import MakePerson, Person, problem
from tests.api.gateway_content.conftest import MakePictures
from tests.api.gateway_content.test_posts import publish
from tests.api.gateway_people.arranging import add_post


async def test_comments_and_replies(ada: Person, bob: Person, client: httpx.AsyncClient, painted: MakePictures) -> None:
    made = await publish(ada, await painted(ada), visibility="public")
    path = f"/v1/posts/{made['id']}/comments"
    first = await bob.http.post(path, json={"text": " Lovely "})
    assert (first.status_code, first.json()["text"]) == (201, "Lovely")
    reply = await ada.http.post(path, json={"text": "Thanks", "reply_to": first.json()["id"]})
    assert reply.json()["reply_to"] == first.json()["id"]
    for body, code in (
        ({"text": "deeper", "reply_to": reply.json()["id"]}, "reply_to_reply"),
        ({"text": "lost", "reply_to": "nothing"}, "unknown_comment"),
        ({"text": ""}, "invalid_request"),
        ({"text": "x" * 1001}, "invalid_request"),
    ):
        answer = await bob.http.post(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    page = (await client.get(path, params={"limit": 1})).json()
    rest = (await client.get(path, params={"cursor": page["next_cursor"]})).json()
    assert [item["text"] for item in page["items"] + rest["items"]] == ["Lovely", "Thanks"]
    assert (await client.post(path, json={"text": "hi"})).status_code == 401
    assert (await ada.http.get(f"/v1/posts/{made['id']}")).json()["counts"]["comments"] == 2
    assert (await bob.http.delete(f"/v1/comments/{reply.json()['id']}")).status_code == 403
    assert (await ada.http.delete(f"/v1/comments/{first.json()['id']}")).status_code == 204
    assert (await client.get(path)).json()["items"] == []
    assert (await ada.http.get(f"/v1/posts/{made['id']}")).json()["counts"]["comments"] == 0
    assert (await ada.http.delete(f"/v1/comments/{first.json()['id']}")).status_code == 404


async def test_no_reply_outlives_its_comment(ada: Person, bob: Person, client: httpx.AsyncClient, parts: Parts) -> None:
    post_id = await add_post(parts, ada.id)
    path = f"/v1/posts/{post_id}/comments"
    for number in range(6):
        root = (await ada.http.post(path, json={"text": "Root"})).json()["id"]

        async def reply(after_s: float, root: str = root) -> httpx.Response:
            await asyncio.sleep(after_s)
            return await bob.http.post(path, json={"text": "Me too", "reply_to": root})

        replies = [reply(0.004 * (number + step)) for step in range(3)]
        deleted, *answers = await asyncio.gather(ada.http.delete(f"/v1/comments/{root}"), *replies)
        assert deleted.status_code == 204
        for answer in answers:
            if answer.status_code != 201:
                problem(answer, 422, "unknown_comment")
        assert (await client.get(path)).json()["items"] == []
    assert (await client.get(f"/v1/posts/{post_id}")).json()["counts"]["comments"] == 0


async def test_a_comment_that_one_can_not_see_is_neither_answered_nor_reported(
    ada: Person, bob: Person, make_person: MakePerson, parts: Parts
) -> None:
    eve = await make_person("eve")
    path = f"/v1/posts/{await add_post(parts, ada.id)}/comments"
    said = (await eve.http.post(path, json={"text": "Hello"})).json()["id"]
    await eve.http.put("/v1/users/bob/block")
    answer = await bob.http.post(path, json={"text": "You", "reply_to": said})
    problem(answer, 422, "unknown_comment")
    report = {"target": {"kind": "comment", "id": said}, "reason": "spam"}
    problem(await bob.http.post("/v1/reports", json=report), 404, "not_found")
    assert (await ada.http.post("/v1/reports", json=report)).status_code == 201


async def test_a_remix_is_told_while_others_may_see_one(ada: Person, bob: Person, painted: MakePictures) -> None:
    [source] = await painted(ada)
    await publish(ada, [source], visibility="public")
    remixes = [
        await publish(bob, await painted(bob, source_image_id=source), visibility=visibility)
        for visibility in ("private", "public")
    ]

    async def told() -> list[str]:
        return [entry["text"] for entry in (await ada.http.get("/v1/notifications")).json()["items"]]

    assert await told() == ["Bob remixed your post"]
    await bob.http.patch(f"/v1/posts/{remixes[0]['id']}", json={"visibility": "public"})
    await bob.http.delete(f"/v1/posts/{remixes[1]['id']}")
    assert await told() == ["Bob remixed your post"]
    await bob.http.patch(f"/v1/posts/{remixes[0]['id']}", json={"visibility": "private"})
    assert await told() == []
