"""Notifications: grouped, exact, and only of what still concerns their reader."""

from __future__ import annotations

import asyncio

from services.gateway.context import Parts
from services.gateway.people.telling import notify
from services.gateway.posting import commenting
from services.gateway.store.notifications import Act
from shared.events import Decision, Target, utcnow
from shared.ids import new_id
from tests.api.conftest import MakePerson, Person, problem
from tests.api.gateway_people.arranging import add_post


async def read(person: Person, **params: object) -> dict:
    answer = await person.http.get("/v1/notifications", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_acts_of_one_kind_on_one_post_are_one_entry(ada: Person, make_person: MakePerson, parts: Parts) -> None:
    crowd = [await make_person(f"p{number}_", display_name=f"P{number}") for number in range(5)]
    post_id, other = await add_post(parts, ada.id), await add_post(parts, ada.id)
    texts = []
    for person in crowd:
        for _ in range(2):
            await notify(parts, Act(ada.id, "like", person.id, post_id))
        texts.append((await read(ada))["items"][0]["text"])
    assert texts == [
        "P0 liked your post",
        "P1 and P0 liked your post",
        "P2 and 2 others liked your post",
        "P3 and 3 others liked your post",
        "P4 and 4 others liked your post",
    ]
    await notify(parts, Act(ada.id, "like", crowd[0].id, other))
    await notify(parts, Act(ada.id, "comment", crowd[1].id, post_id, new_id()))
    page = await read(ada)
    assert [(entry["kind"], entry["post"]["id"], entry["count"]) for entry in page["items"]] == [
        ("comment", post_id, 1), ("like", other, 1), ("like", post_id, 5),
    ]  # fmt: skip
    assert [actor["username"] for actor in page["items"][2]["actors"]] == ["p4_", "p3_", "p2_"]
    assert page["unread"] == 3
    assert page["items"][0]["post"]["sources"]["webp"]["320"]


async def test_following_tells_the_followed_and_nobody_tells_themselves(ada: Person, bob: Person, parts: Parts) -> None:
    await bob.http.put("/v1/users/ada/follow")
    await bob.http.delete("/v1/users/ada/follow")
    await bob.http.put("/v1/users/ada/follow")
    await notify(parts, Act(ada.id, "like", ada.id, await add_post(parts, ada.id)))
    items = (await read(ada))["items"]
    assert [(entry["text"], entry["count"], entry["post"]) for entry in items] == [("Bob followed you", 1, None)]


async def test_counts_are_exact_when_many_act_at_once(ada: Person, make_person: MakePerson, parts: Parts) -> None:
    crowd = await asyncio.gather(*(make_person() for _ in range(15)))
    post_id = await add_post(parts, ada.id)
    acts = [notify(parts, Act(ada.id, "like", person.id, post_id)) for person in crowd for _ in range(2)]
    await asyncio.gather(*acts)
    assert [entry["count"] for entry in (await read(ada))["items"]] == [15]


async def test_reading_and_news_afterwards(ada: Person, bob: Person, make_person: MakePerson, parts: Parts) -> None:
    eve = await make_person("eve")
    one, two = await add_post(parts, ada.id), await add_post(parts, ada.id)
    await notify(parts, Act(ada.id, "like", bob.id, one))
    await notify(parts, Act(ada.id, "like", bob.id, two))
    newest = (await read(ada))["items"][0]
    answer = await ada.http.post("/v1/notifications/read", json={"ids": [newest["id"]]})
    assert (answer.status_code, answer.content) == (204, b"")
    assert [entry["read"] for entry in (await read(ada))["items"]] == [True, False]
    assert [entry["post"]["id"] for entry in (await read(ada, unread=True))["items"]] == [one]
    assert (await ada.http.post("/v1/notifications/read")).status_code == 204
    assert (await read(ada))["unread"] == 0
    await notify(parts, Act(ada.id, "like", eve.id, one))
    items = (await read(ada))["items"]
    assert [(entry["post"]["id"], entry["read"], entry["count"]) for entry in items] == [
        (one, False, 2),
        (two, True, 1),
    ]
    early = {"up_to": newest["updated_at"]}
    assert (await ada.http.post("/v1/notifications/read", json=early)).status_code == 204
    assert (await read(ada))["unread"] == 1
    problem(await ada.http.post("/v1/notifications/read", json={"all": True}), 422, "invalid_request")


async def test_marking_reads_nobody_elses(ada: Person, bob: Person, parts: Parts) -> None:
    await notify(parts, Act(ada.id, "like", bob.id, await add_post(parts, ada.id)))
    entry = (await read(ada))["items"][0]
    await bob.http.post("/v1/notifications/read", json={"ids": [entry["id"]]})
    assert (await read(ada))["unread"] == 1


async def test_what_is_not_wanted_is_not_told(ada: Person, bob: Person, make_person: MakePerson, parts: Parts) -> None:
    eve = await make_person("eve")
    post_id = await add_post(parts, ada.id)
    await notify(parts, Act(ada.id, "like", bob.id, post_id))
    await notify(parts, Act(ada.id, "like", eve.id, post_id))
    await ada.http.put("/v1/users/bob/mute")
    assert [entry["text"] for entry in (await read(ada))["items"]] == ["eve liked your post"]
    await notify(parts, Act(ada.id, "remix", bob.id, post_id))
    await ada.http.delete("/v1/users/bob/mute")
    await ada.http.patch("/v1/me", json={"preferences": {"notifications": {"comment": False}}})
    await notify(parts, Act(ada.id, "comment", bob.id, post_id, new_id()))
    assert [(entry["kind"], entry["count"]) for entry in (await read(ada))["items"]] == [("like", 2)]
    await ada.http.put("/v1/users/bob/block")
    assert [(entry["kind"], entry["count"]) for entry in (await read(ada))["items"]] == [("like", 1)]
    await ada.http.put("/v1/users/eve/block")
    assert (await read(ada))["items"] == []


async def test_pages_keep_their_place(ada: Person, bob: Person, parts: Parts) -> None:
    posts = [await add_post(parts, ada.id) for _ in range(5)]
    for post_id in posts:
        await notify(parts, Act(ada.id, "like", bob.id, post_id))
    first = await ada.http.get("/v1/notifications", params={"limit": 2})
    await notify(parts, Act(ada.id, "like", bob.id, await add_post(parts, ada.id)))
    second = await ada.http.get(first.links["next"]["url"])
    third = await ada.http.get(second.links["next"]["url"])
    pages = [[entry["post"]["id"] for entry in page.json()["items"]] for page in (first, second, third)]
    assert pages == [[posts[4], posts[3]], [posts[2], posts[1]], [posts[0]]]
    assert third.json()["next_cursor"] is None


async def test_decisions_are_told_without_an_actor(ada: Person, parts: Parts) -> None:
    await notify(parts, Act(ada.id, "decision", new_id()))
    await notify(parts, Act(ada.id, "decision", new_id()))
    [entry] = (await read(ada))["items"]
    assert (entry["kind"], entry["actors"], entry["count"]) == ("decision", [], 2)
    assert entry["text"] == "Moderation decided about something of yours"
    for verdict, text in (("block", "blocked"), ("allow", "allowed")):
        decision = Decision.model_validate({"id": new_id(), "stage": "comment", "verdict": verdict})
        await parts.decisions.record(ada.id, Target(kind="comment", id="c"), decision, utcnow())
        await notify(parts, Act(ada.id, "decision", decision.id))
        [entry] = (await read(ada))["items"]
        assert entry["text"].startswith(f"Moderation {text} your comment, and decided ")


async def test_what_was_taken_back_is_told_no_more_and_no_news_when_done_again(
    ada: Person, bob: Person, make_person: MakePerson, parts: Parts
) -> None:
    eve = await make_person("eve", display_name="Eve")
    post_id = await add_post(parts, ada.id)
    like, follow = f"/v1/posts/{post_id}/like", "/v1/users/ada/follow"

    async def told() -> list[tuple[str, int, bool]]:
        return [(entry["text"], entry["count"], entry["read"]) for entry in (await read(ada))["items"]]

    for person in (bob, eve):
        await person.http.put(like)
        await person.http.put(follow)
    assert await told() == [("Eve and Bob followed you", 2, False), ("Eve and Bob liked your post", 2, False)]
    await eve.http.delete(like)
    await eve.http.delete(follow)
    assert await told() == [("Bob followed you", 1, False), ("Bob liked your post", 1, False)]
    await bob.http.delete(follow)
    assert (await told(), (await read(ada))["unread"]) == ([("Bob liked your post", 1, False)], 1)
    await ada.http.post("/v1/notifications/read")
    await eve.http.put(like)
    await bob.http.put(follow)
    assert await told() == [("Bob followed you", 1, True), ("Eve and Bob liked your post", 2, True)]


async def test_a_comment_that_is_gone_is_told_no_more(
    ada: Person, bob: Person, make_person: MakePerson, parts: Parts
) -> None:
    eve = await make_person("eve", display_name="Eve")
    post = f"/v1/posts/{await add_post(parts, ada.id)}/comments"

    async def say(person: Person, reply_to: str | None = None) -> str:
        answer = await person.http.post(post, json={"text": "Hello", "reply_to": reply_to})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def told(person: Person) -> list[tuple[str, int, str | None]]:
        return [(entry["text"], entry["count"], entry["comment_id"]) for entry in (await read(person))["items"]]

    first, second = await say(bob), await say(bob)
    reply = await say(eve, second)
    assert await told(ada) == [("Eve and Bob commented on your post", 2, reply)]
    assert await told(bob) == [("Eve replied to your comment", 1, reply)]
    await bob.http.delete(f"/v1/comments/{second}")
    assert (await told(ada), await told(bob)) == ([("Bob commented on your post", 1, first)], [])
    await commenting.rate(parts, first, "block", None)
    assert await told(ada) == []
    await commenting.rate(parts, first, "allow", None)
    assert await told(ada) == [("Bob commented on your post", 1, first)]
