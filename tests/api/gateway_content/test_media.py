"""Who may fetch a picture, in which form, and what a shared link shows."""

from __future__ import annotations

import asyncio
import io
import signal

import httpx
import pytest
from PIL import Image

from shared.events import DecisionMade, Target
from tests.api.conftest import Person
from tests.api.gateway_content.conftest import MakePictures, Studio, refusal, until
from tests.api.gateway_content.test_posts import publish
from tests.servers import Server


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


async def test_a_picture_is_open_when_one_of_its_posts_opens_while_another_closes(
    ada: Person, client: httpx.AsyncClient, painted: MakePictures
) -> None:
    [image_id] = await painted(ada)
    opening, closing = [await publish(ada, [image_id], visibility=each) for each in ("private", "public")]
    source = closing["images"][0]["sources"]["original"]  # type: ignore[index]
    for _ in range(6):
        changes = [
            ada.http.patch(f"/v1/posts/{post['id']}", json={"visibility": visibility})
            for post, visibility in ((opening, "public"), (closing, "private"))
        ]
        assert [answer.status_code for answer in await asyncio.gather(*changes)] == [200, 200]
        assert (await client.get(source)).status_code == 200
        opening, closing = closing, opening
    for _ in range(3):
        changes = [
            ada.http.patch(f"/v1/posts/{post['id']}", json={"visibility": "private"}) for post in (opening, closing)
        ]
        await asyncio.gather(*changes)
        assert (await client.get(source)).status_code == 404
        await ada.http.patch(f"/v1/posts/{closing['id']}", json={"visibility": "public"})
        assert (await client.get(source)).status_code == 200


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
    for bad in (
        "/media/../secrets/640.webp",
        "/media/xyz/640.webp",
        f"{path}.gif",
        path.replace("original", "12345") + ".webp",
    ):
        assert (await client.get(bad)).status_code == 404


@pytest.mark.parametrize("extension", ["png", "webp", "jpg"])
async def test_a_file_to_keep_tells_the_prompt_only_while_its_author_does(
    ada: Person, client: httpx.AsyncClient, painted: MakePictures, extension: str
) -> None:
    made = await publish(ada, await painted(ada), visibility="public")
    shown = str(made["images"][0]["sources"]["original"]).replace(".webp", f".{extension}")  # type: ignore[index]
    kept = await client.get(f"{shown}?download=1")
    assert kept.headers["Content-Disposition"].startswith('attachment; filename="promptgram-')
    assert kept.headers["Cache-Control"] == "private, no-cache"
    told = Image.open(io.BytesIO(kept.content)).getxmp()["xmpmeta"]["RDF"]["Description"]
    assert told["AIPromptInformation"] == "a red fox under a green tree"
    assert told["AIPromptWriterName"] == "Ada"
    # What is only shown tells nothing: it may lie in caches when the author hides the prompt.
    assert b"a red fox" not in (await client.get(shown)).content
    for hidden in ({"show_prompt": False}, {"show_prompt": True, "visibility": "unlisted"}):
        await ada.http.patch(f"/v1/posts/{made['id']}", json=hidden)
        kept = await client.get(f"{shown}?download=1")
        assert b"a red fox" not in kept.content
        assert b"trainedAlgorithmicMedia" in kept.content


async def test_an_address_without_a_form_gives_what_the_client_reads(
    ada: Person, client: httpx.AsyncClient, painted: MakePictures
) -> None:
    made = await publish(ada, await painted(ada), visibility="public")
    path = str(made["images"][0]["sources"]["original"]).removesuffix(".webp")  # type: ignore[index]
    for accept, kind in (("image/avif,image/webp,*/*;q=0.8", "webp"), ("image/avif", "avif"), ("*/*", "jpeg")):
        answer = await client.get(path, headers={"Accept": accept})
        assert answer.headers["Content-Type"] == f"image/{kind}"
        assert answer.headers["Vary"] == "Accept"
        located = await client.get(answer.headers["Content-Location"])
        assert located.content == answer.content
        tag = {"Accept": accept, "If-None-Match": answer.headers["ETag"]}
        again = await client.get(path, headers=tag)
        assert (again.status_code, again.headers["Vary"]) == (304, "Accept")
    await ada.http.patch(f"/v1/posts/{made['id']}", json={"visibility": "private"})
    assert (await client.get(path, headers={"Accept": "image/webp"})).status_code == 404


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
