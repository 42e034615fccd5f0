"""Publishing, changing and deleting posts, and what is around them."""

from __future__ import annotations

import asyncio
import io
import signal

import httpx
from PIL import Image

from services.gateway import counters
from services.gateway.context import Parts
from shared.events import DecisionMade, Target
from tests.api.conftest import MakePerson, Person
from tests.api.gateway_content.conftest import MakePictures, Studio, refusal, until
from tests.servers import Server


async def publish(person: Person, image_ids: list[str], **more: object) -> dict[str, object]:
    answer = await person.http.post("/v1/posts", json={"image_ids": image_ids, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, object] = answer.json()
    return made


async def test_a_post_says_what_it_is(ada: Person, client: httpx.AsyncClient, painted: MakePictures) -> None:
    image_ids = await painted(ada, "a red fox under a green tree", n=2, seed=5)
    answer = await ada.http.post(
        "/v1/posts",
        json={"image_ids": image_ids, "caption": "Foxes!", "alt": {image_ids[1]: "The second"}, "visibility": "public"},
    )
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/posts/{made['id']}"
    assert made["author"]["username"] == "ada"
    assert made["tags"] == ["red", "fox", "green", "tree"]
    assert (made["prompt"], made["model"], made["seed"]) == ("a red fox under a green tree", "pocket", 5)
    assert made["images"][0]["alt"] == "a red fox under a green tree — prompted by Ada"
    assert made["images"][1]["alt"] == "The second"
    assert made["counts"] == {"likes": 0, "comments": 0, "remixes": 0, "bookmarks": 0}
    assert made["viewer"] == {"liked": False, "bookmarked": False}
    assert (made["parent_id"], made["root_id"], made["edited_at"]) == (None, None, None)
    read = await client.get(f"/v1/posts/{made['id']}")
    assert read.json() == made
    again = await client.get(f"/v1/posts/{made['id']}", headers={"If-None-Match": read.headers["ETag"]})
    assert again.status_code == 304
    assert "sig=" not in made["images"][0]["sources"]["original"]


async def test_only_ready_pictures_of_ones_own_are_published(ada: Person, bob: Person, painted: MakePictures) -> None:
    [mine] = await painted(ada)
    [bobs] = await painted(bob)
    for image_ids, code in (
        ([bobs], "picture_not_ready"),
        ([mine, "nothing"], "picture_not_ready"),
        ([mine, mine], "duplicate_picture"),
        ([], "invalid_request"),
        ([mine] * 11, "invalid_request"),
    ):
        answer = await ada.http.post("/v1/posts", json={"image_ids": image_ids, "visibility": "public"})
        assert (answer.status_code, answer.json()["code"]) == (422, code), image_ids
    for more in ({"caption": "x" * 2201}, {"tags": ["two words"]}, {"visibility": "all"}, {"alt": {bobs: "no"}}):
        answer = await ada.http.post("/v1/posts", json={"image_ids": [mine], **more})
        assert answer.status_code == 422, more
    assert (await ada.http.get("/v1/users/ada/posts")).json()["items"] == []


async def test_publishing_twice_with_one_key_makes_one_post(ada: Person, painted: MakePictures) -> None:
    image_ids = await painted(ada)
    body = {"image_ids": image_ids, "visibility": "public"}
    answers = [await ada.http.post("/v1/posts", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len((await ada.http.get("/v1/users/ada/posts")).json()["items"]) == 1


async def test_visibility_decides_who_sees_post_and_picture(
    ada: Person, bob: Person, client: httpx.AsyncClient, painted: MakePictures
) -> None:
    await bob.http.put("/v1/users/ada/follow")
    [image_id] = await painted(ada)
    seen = {}
    for visibility in ("public", "followers", "unlisted", "private"):
        made = await publish(ada, [image_id], visibility=visibility)
        path, source = f"/v1/posts/{made['id']}", made["images"][0]["sources"]["original"]  # type: ignore[index]
        answers = [await person.get(path) for person in (ada.http, bob.http, client)]
        plain = await client.get(str(source).partition("?")[0])
        shared = await client.get(f"/p/{made['id']}")
        seen[visibility] = ([answer.status_code for answer in answers], plain.status_code, shared.status_code)
        assert (await client.get(str(source))).status_code == 200
        await ada.http.delete(path)
    assert seen == {
        "public": ([200, 200, 200], 200, 200),
        "followers": ([200, 200, 404], 404, 404),
        "unlisted": ([200, 200, 200], 200, 200),
        "private": ([200, 404, 404], 404, 404),
    }


async def test_closing_a_post_closes_its_picture_unless_another_shows_it(
    ada: Person, client: httpx.AsyncClient, painted: MakePictures
) -> None:
    [image_id] = await painted(ada)
    first = await publish(ada, [image_id], visibility="public")
    second = await publish(ada, [image_id], visibility="unlisted")
    source = first["images"][0]["sources"]["original"]  # type: ignore[index]
    await ada.http.patch(f"/v1/posts/{first['id']}", json={"visibility": "private"})
    assert (await client.get(source)).status_code == 200
    await ada.http.delete(f"/v1/posts/{second['id']}")
    assert (await client.get(source)).status_code == 404
    await ada.http.patch(f"/v1/posts/{first['id']}", json={"visibility": "public"})
    assert (await client.get(source)).status_code == 200


async def test_words_are_changed_with_an_edited_mark(ada: Person, bob: Person, painted: MakePictures) -> None:
    [image_id] = await painted(ada)
    made = await publish(ada, [image_id], visibility="public", tags=["Fox", "#fox", "a-b"])
    assert made["tags"] == ["fox", "a-b"]
    path = f"/v1/posts/{made['id']}"
    tag = (await ada.http.get(path)).headers["ETag"]
    changed = await ada.http.patch(
        path, json={"caption": "New", "alt": {image_id: "Mine"}, "show_prompt": False}, headers={"If-Match": tag}
    )
    post = changed.json()
    assert (post["caption"], post["images"][0]["alt"], post["tags"]) == ("New", "Mine", ["fox", "a-b"])
    assert post["edited_at"] is not None
    assert (await ada.http.patch(path, json={"caption": "x"}, headers={"If-Match": tag})).status_code == 412
    theirs = (await bob.http.get(path)).json()
    assert theirs["prompt"] is None
    reset = (await ada.http.patch(path, json={"alt": {image_id: None}})).json()
    assert reset["images"][0]["alt"] == "A picture prompted by Ada"
    assert (await bob.http.patch(path, json={"caption": "mine now"})).status_code == 403
    assert (await bob.http.delete(path)).status_code == 403
    assert (await ada.http.patch(path, json={"caption": "x", "likes": 5})).status_code == 422


async def test_deleting_takes_everything_along(
    ada: Person, bob: Person, client: httpx.AsyncClient, parts: Parts, painted: MakePictures
) -> None:
    image_ids = await painted(ada)
    made = await publish(ada, image_ids, visibility="public")
    path = f"/v1/posts/{made['id']}"
    await bob.http.put(f"{path}/like")
    await bob.http.post(f"{path}/comments", json={"text": "Nice"})
    assert (await ada.http.delete(path)).status_code == 204
    assert (await ada.http.get(path)).status_code == 404
    assert (await client.get(made["images"][0]["sources"]["original"])).status_code == 404  # type: ignore[index]
    assert await parts.comments.count(str(made["id"])) == 0
    assert await parts.reactions.count("like", str(made["id"])) == 0
    assert (await bob.http.get("/v1/me/likes")).json()["items"] == []
    # The picture is a draft again.
    assert (await ada.http.post("/v1/posts", json={"image_ids": image_ids})).status_code == 201


async def test_likes_at_once_are_counted_exactly(
    ada: Person, make_person: MakePerson, parts: Parts, painted: MakePictures
) -> None:
    made = await publish(ada, await painted(ada), visibility="public")
    fans = [await make_person() for _ in range(6)]
    path = f"/v1/posts/{made['id']}"

    async def fickle(fan: Person) -> None:
        """Likes often, takes it back once, and ends up liking."""
        await asyncio.gather(*(fan.http.put(f"{path}/like") for _ in range(3)))
        await fan.http.delete(f"{path}/like")
        answers = await asyncio.gather(*(fan.http.put(f"{path}/like") for _ in range(2)))
        assert {answer.status_code for answer in answers} == {204}

    await asyncio.gather(*(fickle(fan) for fan in fans))
    post = (await fans[0].http.get(path)).json()
    assert post["counts"]["likes"] == 6
    assert post["viewer"] == {"liked": True, "bookmarked": False}
    assert await counters.reconcile(parts, [str(made["id"])]) == 0
    page = (await fans[0].http.get("/v1/me/likes")).json()
    assert [item["id"] for item in page["items"]] == [made["id"]]
    await fans[0].http.delete(f"{path}/like")
    assert (await fans[0].http.get("/v1/me/likes")).json()["items"] == []


async def test_drift_is_found_and_corrected(ada: Person, parts: Parts, painted: MakePictures) -> None:
    made = await publish(ada, await painted(ada), visibility="public")
    post_id = str(made["id"])
    await ada.http.put(f"/v1/posts/{post_id}/like")
    await parts.posts.count(post_id, "likes", 4)
    assert await counters.reconcile(parts, [post_id]) == 4
    assert (await ada.http.get(f"/v1/posts/{post_id}")).json()["counts"]["likes"] == 1


async def test_bookmarks_are_private_and_listed_latest_first(ada: Person, bob: Person, painted: MakePictures) -> None:
    posts = [await publish(ada, await painted(ada), visibility="public") for _ in range(3)]
    for post in posts:
        assert (await bob.http.put(f"/v1/posts/{post['id']}/bookmark")).status_code == 204
    first = await bob.http.get("/v1/me/bookmarks", params={"limit": 2})
    assert [item["id"] for item in first.json()["items"]] == [posts[2]["id"], posts[1]["id"]]
    second = await bob.http.get("/v1/me/bookmarks", params={"limit": 2, "cursor": first.json()["next_cursor"]})
    assert [item["id"] for item in second.json()["items"]] == [posts[0]["id"]]
    assert second.json()["next_cursor"] is None
    assert (await bob.http.get("/v1/notifications")).json()["items"] == []


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


async def test_a_blocked_person_meets_nothing(ada: Person, bob: Person, painted: MakePictures) -> None:
    made = await publish(ada, await painted(ada), visibility="public")
    path = f"/v1/posts/{made['id']}"
    said = await bob.http.post(f"{path}/comments", json={"text": "Hi"})
    assert said.status_code == 201
    await ada.http.put("/v1/users/bob/block")
    for answer in (
        await bob.http.get(path),
        await bob.http.put(f"{path}/like"),
        await bob.http.post(f"{path}/comments", json={"text": "Let me in"}),
        await bob.http.get(f"{path}/comments"),
        await bob.http.get("/v1/users/ada/posts"),
    ):
        assert answer.status_code == 404
    assert (await ada.http.get(f"{path}/comments")).json()["items"] == []
    again = await bob.http.post("/v1/generations", json={"prompt": "x", "source_image_id": made["images"][0]["id"]})  # type: ignore[index]
    assert again.json()["code"] == "unknown_source_image"


async def test_remixes_are_credited_along_the_chain(
    ada: Person, bob: Person, client: httpx.AsyncClient, painted: MakePictures
) -> None:
    [original_id] = await painted(ada)
    original = await publish(ada, [original_id], visibility="public")
    [remix_id] = await painted(bob, "a blue fox", source_image_id=original_id)
    remix = await publish(bob, [remix_id], visibility="public")
    assert (remix["parent_id"], remix["root_id"]) == (original["id"], original["id"])
    [third_id] = await painted(ada, "a green fox", source_image_id=remix_id)
    third = await publish(ada, [third_id], visibility="public")
    assert (third["parent_id"], third["root_id"]) == (remix["id"], original["id"])
    listed = (await client.get(f"/v1/posts/{original['id']}/remixes")).json()["items"]
    assert [item["id"] for item in listed] == [remix["id"]]
    assert (await client.get(f"/v1/posts/{original['id']}")).json()["counts"]["remixes"] == 1
    await bob.http.patch(f"/v1/posts/{remix['id']}", json={"visibility": "private"})
    assert (await client.get(f"/v1/posts/{original['id']}")).json()["counts"]["remixes"] == 0
    assert (await client.get(f"/v1/posts/{original['id']}/remixes")).json()["items"] == []


async def test_moderation_hides_a_post_and_brings_it_back(
    ada: Person, client: httpx.AsyncClient, studio: Studio, painted: MakePictures
) -> None:
    [image_id] = await painted(ada)
    made = await publish(ada, [image_id], visibility="public")
    path, source = f"/v1/posts/{made['id']}", made["images"][0]["sources"]["original"]  # type: ignore[index]

    async def decide(verdict: str) -> None:
        decision = refusal("image", verdict)
        target = Target(kind="image", id=image_id)
        await studio.bus.emit(DecisionMade(decision_id=decision.id, target=target, owner_id=ada.id, decision=decision))

    async def seen(status: int) -> None:
        async def check() -> bool:
            return (await client.get(path)).status_code == status

        await until(check)

    await decide("block")
    await seen(404)
    assert (await client.get(source)).status_code == 404
    own = (await ada.http.get(path)).json()
    assert own["moderation"] == "block"
    assert (await ada.http.get(own["images"][0]["sources"]["original"])).status_code == 200
    assert (await ada.http.post("/v1/posts", json={"image_ids": [image_id]})).json()["code"] == "picture_not_ready"
    await decide("allow")
    await seen(200)
    assert (await client.get(source)).status_code == 200


async def test_the_share_page_shows_and_escapes(ada: Person, client: httpx.AsyncClient, painted: MakePictures) -> None:
    made = await publish(ada, await painted(ada), visibility="public", caption='"><script>alert(1)</script>')
    page = await client.get(f"/p/{made['id']}")
    assert page.headers["content-type"].startswith("text/html")
    assert "<script>alert" not in page.text
    assert 'property="og:image" content="https://gateway.test/media/' in page.text
    assert 'name="twitter:card" content="summary_large_image"' in page.text
    told = (await client.get("/oembed", params={"url": f"https://gateway.test/p/{made['id']}"})).json()
    assert (told["type"], told["author_name"], told["width"]) == ("photo", "Ada", 256)
    assert (await client.get("/p/nothing")).status_code == 404


async def test_media_in_every_form(ada: Person, client: httpx.AsyncClient, painted: MakePictures) -> None:
    made = await publish(ada, await painted(ada), visibility="public")
    path = str(made["images"][0]["sources"]["original"]).removesuffix(".webp")  # type: ignore[index]
    for extension, kind in (("webp", "WEBP"), ("jpg", "JPEG"), ("png", "PNG"), ("avif", "AVIF")):
        answer = await client.get(f"{path}.{extension}")
        assert Image.open(io.BytesIO(answer.content)).format == kind
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    cached = await client.get(
        f"{path}.png", headers={"If-None-Match": (await client.get(f"{path}.png")).headers["ETag"]}
    )
    assert cached.status_code == 304
    kept = await client.get(f"{path}.png?download=1")
    assert kept.headers["Content-Disposition"].startswith('attachment; filename="promptgram-')
    assert b"trainedAlgorithmicMedia" in kept.content
    assert b"a red fox under a green tree" in kept.content
    await ada.http.patch(f"/v1/posts/{made['id']}", json={"show_prompt": False})
    assert b"a red fox" not in (await client.get(f"{path}.png?download=1")).content
    for bad in (
        "/media/../secrets/640.webp",
        "/media/xyz/640.webp",
        f"{path}.gif",
        path.replace("original", "12345") + ".webp",
    ):
        assert (await client.get(bad)).status_code in (404, 422)


async def test_a_signature_is_for_one_picture_and_a_while(
    ada: Person, client: httpx.AsyncClient, painted: MakePictures
) -> None:
    one, other = [
        (await publish(ada, [image_id], visibility="private"))["images"][0]["sources"]["original"]  # type: ignore[index]
        for image_id in await painted(ada, n=2)
    ]
    answer = await client.get(one)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"].startswith("private")
    forged = other.partition("?")[0] + "?" + one.partition("?")[2]
    assert (await client.get(forged)).status_code == 404
    assert (await client.get(one.replace("exp=", "exp=9"))).status_code == 404


async def test_media_is_served_while_the_database_is_away(
    ada: Person, client: httpx.AsyncClient, painted: MakePictures, database: Server
) -> None:
    made = await publish(ada, await painted(ada), visibility="public")
    database.stop(signal.SIGKILL)
    try:
        assert (await client.get(made["images"][0]["sources"]["original"])).status_code == 200  # type: ignore[index]
        answer = await client.get(f"/v1/posts/{made['id']}")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert "Retry-After" in answer.headers
    finally:
        database.start()
