"""Publishing, changing and deleting posts, and what is around them."""

from __future__ import annotations

import httpx

from services.gateway.context import Parts
from services.gateway.people.counters import PEOPLE
from services.gateway.recounting import recount
from tests.api.conftest import Person, problem
from tests.api.gateway_content.conftest import MakePictures


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
    assert (post["caption"], post["images"][0]["alt"], post["tags"]) == ("New", "Mine", ["a-b"])
    assert post["edited_at"] is not None
    assert (await ada.http.patch(path, json={"caption": "x"}, headers={"If-Match": tag})).status_code == 412
    theirs = (await bob.http.get(path)).json()
    assert theirs["prompt"] is None
    reset = (await ada.http.patch(path, json={"alt": {image_id: None}})).json()
    assert reset["images"][0]["alt"] == "A picture prompted by Ada"
    assert (await bob.http.patch(path, json={"caption": "mine now"})).status_code == 403
    assert (await bob.http.delete(path)).status_code == 403
    assert (await ada.http.patch(path, json={"caption": "x", "likes": 5})).status_code == 422


async def test_a_hidden_prompt_is_not_told_by_its_tags(
    ada: Person, client: httpx.AsyncClient, painted: MakePictures
) -> None:
    hidden = await publish(ada, await painted(ada), visibility="public", show_prompt=False)
    assert hidden["tags"] == []
    chosen = await publish(ada, await painted(ada), visibility="public", show_prompt=False, tags=["fox"])
    assert chosen["tags"] == ["fox"]
    made = await publish(ada, await painted(ada), visibility="public")
    path = f"/v1/posts/{made['id']}"
    await ada.http.patch(path, json={"tags": ["red", "fox", "mine"]})
    await ada.http.patch(path, json={"show_prompt": False})
    assert (await client.get(path)).json()["tags"] == ["mine"]
    # What its author says themselves stays.
    for change in ({"tags": ["fox"]}, {"show_prompt": False}, {"show_prompt": True}):
        assert (await ada.http.patch(path, json=change)).json()["tags"] == ["fox"]
    kept = await ada.http.patch(path, json={"show_prompt": False, "tags": ["fox", "mine"]})
    assert kept.json()["tags"] == ["fox", "mine"]


async def test_a_new_post_follows_its_authors_preferences(ada: Person, painted: MakePictures) -> None:
    wish = {"preferences": {"default_visibility": "followers", "show_prompt": False}}
    assert (await ada.http.patch("/v1/me", json=wish)).status_code == 200
    made = await publish(ada, await painted(ada))
    assert (made["visibility"], made["show_prompt"], made["tags"]) == ("followers", False, [])
    told = await publish(ada, await painted(ada), visibility="unlisted", show_prompt=True)
    assert (told["visibility"], told["show_prompt"]) == ("unlisted", True)


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


async def test_only_a_picture_that_one_may_see_is_started_from(ada: Person, bob: Person, painted: MakePictures) -> None:
    [draft], [closed] = await painted(ada), await painted(ada)
    await publish(ada, [closed], visibility="private")
    for image_id in (draft, closed, "nothing"):
        wish = {"prompt": "the same", "source_image_id": image_id}
        problem(await bob.http.post("/v1/generations", json=wish), 422, "unknown_source_image")
    assert await painted(ada, source_image_id=draft)


async def test_a_profile_counts_the_posts_that_its_viewer_may_see(
    ada: Person, bob: Person, client: httpx.AsyncClient, painted: MakePictures, parts: Parts
) -> None:
    for visibility in ("public", "followers", "private", "unlisted"):
        await publish(ada, await painted(ada), visibility=visibility)
    page = "/v1/users/ada"
    await bob.http.put(f"{page}/follow")

    async def shown() -> list[int]:
        return [
            (await http.get(path)).json()["counts"]["posts"]
            for http, path in ((client, page), (bob.http, page), (ada.http, page), (ada.http, "/v1/me"))
        ]

    assert await shown() == [1, 2, 2, 2]
    await bob.http.delete(f"{page}/follow")
    assert await shown() == [1, 1, 2, 2]
    # An account from before posts for followers had a counter of their own.
    old = {"$unset": {"counts.posts_for_followers": ""}, "$inc": {"counts.posts": 1}}
    await parts.mongo.database["accounts"].update_one({"_id": ada.id}, old)
    assert await recount(parts, PEOPLE, [ada.id], noted=[ada.id]) == 2
    assert await shown() == [1, 1, 2, 2]
