"""Reports, decisions, appeals, and what moderators do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.gateway.context import Parts
from services.gateway.identity.grant import grant
from shared.bus import Bus
from shared.events import ContentReported, Decision, DecisionAppealed, Target, utcnow
from shared.ids import new_id
from shared.queries import Decide, Decided, ModerationQueue, QueueEntries, QueueEntry, Undo, Undone
from tests.api.conftest import Person, problem
from tests.api.gateway_people.arranging import add_image, add_post, spoken


async def decided(
    parts: Parts, user_id: str, verdict: str = "block", minutes_ago: int = 0, target: Target | None = None
) -> str:
    decision = Decision(
        id=new_id(), stage="prompt", verdict=verdict, category="violence", rule="gore-1", reason="Too much blood."
    )
    at = utcnow() - timedelta(minutes=minutes_ago)
    await parts.decisions.record(user_id, target or Target(kind="prompt", id=new_id()), decision, at)
    return decision.id


async def test_reporting_what_one_sees(ada: Person, bob: Person, parts: Parts) -> None:
    post_id = await add_post(parts, ada.id)
    image_id = (await parts.posts.get(post_id))["images"][0]["image_id"]
    for kind, target_id in (("post", post_id), ("image", image_id), ("user", ada.id), ("profile", ada.id)):
        body = {"target": {"kind": kind, "id": target_id}, "reason": "harassment", "text": "Look at this"}
        answer = await bob.http.post("/v1/reports", json=body)
        assert answer.status_code == 201, answer.text
        report = answer.json()
        assert {name: report[name] for name in body} == body
        assert (await bob.http.post("/v1/reports", json=body)).json() == report
    said = await spoken(parts, ContentReported)
    assert [(event.target.kind, event.owner_id, event.reporter_id) for event in said] == [
        (kind, ada.id, bob.id) for kind in ("post", "image", "user", "profile")
    ]


async def test_what_can_not_be_reported(ada: Person, bob: Person, parts: Parts) -> None:
    private = await add_post(parts, ada.id, visibility="private")
    draft = await add_image(parts, ada.id)
    for kind, target_id in (
        ("post", private), ("post", new_id()), ("post", "\u0000"), ("image", draft), ("comment", new_id()),
    ):  # fmt: skip
        body = {"target": {"kind": kind, "id": target_id}, "reason": "spam"}
        problem(await bob.http.post("/v1/reports", json=body), 404, "not_found")
    for body in (
        {"target": {"kind": "planet", "id": "x"}, "reason": "spam"},
        {"target": {"kind": "post", "id": private}, "reason": ""},
        {"target": {"kind": "post", "id": private}, "reason": "spam", "text": "x" * 1001},
        {"target": private, "reason": "spam"},
    ):
        problem(await bob.http.post("/v1/reports", json=body), 422, "invalid_request")
    assert await spoken(parts, ContentReported) == []


async def test_the_same_report_at_once_is_one(ada: Person, bob: Person, parts: Parts) -> None:
    body = {"target": {"kind": "user", "id": ada.id}, "reason": "spam"}
    answers = await asyncio.gather(*(bob.http.post("/v1/reports", json=body) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await spoken(parts, ContentReported)) == 1


async def test_own_decisions_latest_first(ada: Person, bob: Person, parts: Parts) -> None:
    ids = [await decided(parts, ada.id, minutes_ago=minutes) for minutes in (3, 2, 1)]
    await decided(parts, bob.id)
    first = await ada.http.get("/v1/me/decisions", params={"limit": 2})
    newest = await decided(parts, ada.id)
    second = await ada.http.get(first.links["next"]["url"])
    assert [entry["id"] for entry in first.json()["items"] + second.json()["items"]] == ids[::-1]
    assert newest not in second.text
    entry = first.json()["items"][0]
    assert (entry["decision"]["category"], entry["decision"]["rule"], entry["decision"]["stage"]) == (
        "violence", "gore-1", "prompt",
    )  # fmt: skip
    assert entry["can_appeal"] is True
    assert "appeal" in entry["what_next"]
    assert "score" not in first.text


async def test_appealing_once(ada: Person, bob: Person, parts: Parts) -> None:
    decision_id = await decided(parts, ada.id)
    path = f"/v1/decisions/{decision_id}/appeal"
    problem(await ada.http.post(path, json={"text": " "}), 422, "invalid_request")
    problem(await bob.http.post(path, json={"text": "not mine"}), 404, "not_found")
    problem(await ada.http.post(f"/v1/decisions/{new_id()}/appeal", json={"text": "x"}), 404, "not_found")
    answers = await asyncio.gather(*(ada.http.post(path, json={"text": "It is a tomato."}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    problem(await ada.http.post(path, json={"text": "again"}), 409, "already_appealed")
    [entry] = (await ada.http.get("/v1/me/decisions")).json()["items"]
    assert entry["appeal"]["text"] == "It is a tomato."
    assert entry["can_appeal"] is False
    said = await spoken(parts, DecisionAppealed)
    assert [(event.decision_id, event.user_id, event.text) for event in said] == [
        (decision_id, ada.id, "It is a tomato.")
    ]
    allowed = await decided(parts, ada.id, verdict="allow")
    answer = await ada.http.post(f"/v1/decisions/{allowed}/appeal", json={"text": "why"})
    problem(answer, 409, "nothing_to_appeal")


async def test_what_can_be_done_is_said_of_the_decision_that_stands(ada: Person, parts: Parts) -> None:
    person, profile = Target(kind="user", id=ada.id), Target(kind="profile", id=ada.id)
    first = await decided(parts, ada.id, minutes_ago=9, target=person)
    await decided(parts, ada.id, minutes_ago=1, target=profile)

    async def told(decision_id: str) -> tuple[bool, str]:
        entries = {entry["id"]: entry for entry in (await ada.http.get("/v1/me/decisions")).json()["items"]}
        return entries[decision_id]["can_appeal"], entries[decision_id]["what_next"]

    assert (await told(first))[0] is True
    assert (await ada.http.post(f"/v1/decisions/{first}/appeal", json={"text": "Not me."})).status_code == 201
    assert "with the moderators" in (await told(first))[1]
    upheld = await decided(parts, ada.id, minutes_ago=7, target=person)
    assert await told(first) == (False, "A later decision took its place: look there for what you can do.")
    assert (await told(upheld))[0] is True
    allowed = await decided(parts, ada.id, "allow", minutes_ago=5, target=person)
    assert await told(upheld) == (False, "Nothing needs to be done: a later decision allows it.")
    problem(await ada.http.post(f"/v1/decisions/{upheld}/appeal", json={"text": "?"}), 409, "nothing_to_appeal")
    assert "it is allowed" in (await told(allowed))[1]
    await decided(parts, ada.id, "hold", minutes_ago=3, target=person)
    assert "took its place" in (await told(allowed))[1]


async def test_moderators_get_the_pictures_that_nobody_else_may_see(ada: Person, bob: Person, parts: Parts) -> None:
    image_id = await add_image(parts, bob.id, data=b"held")
    post_id = await add_post(parts, bob.id, image_id=image_id, visibility="private", moderation="hold")
    bus = Bus(parts.settings, "moderation")
    hidden: set[str] = set()

    @bus.answer(ModerationQueue)
    async def queue(query: ModerationQueue) -> QueueEntries:
        things = (("image", image_id), ("post", post_id), ("prompt", "g1"))
        return QueueEntries(
            items=tuple(
                QueueEntry(
                    case_id=f"{kind}:{name}", target_kind=kind, target_id=name, owner_id=bob.id, state="open",
                    priority=1, opened_at=utcnow(), quarantined=kind in hidden,
                )
                for kind, name in things
            )
        )  # fmt: skip

    await bus.start()
    await grant(parts.settings, "ada", "moderator")
    image, post, prompt = (await ada.http.get("/v1/moderation/queue")).json()["items"]
    assert prompt["pictures"] == []
    assert image["pictures"] == post["pictures"]
    (sources,) = image["pictures"]
    assert (await ada.http.get(sources["original"])).content == b"held"
    assert (await ada.http.get(sources["original"].partition("?")[0])).status_code == 404
    hidden |= {"image", "post"}
    quarantined = (await ada.http.get("/v1/moderation/queue")).json()["items"]
    assert [case["pictures"] for case in quarantined] == [[], [], []]
    await bus.stop()


@pytest.fixture
async def moderation(parts: Parts) -> AsyncIterator[list[Decide]]:
    """A moderation service with one case; gives what it was asked to decide."""
    asked: list[Decide] = []
    bus = Bus(parts.settings, "moderation")

    @bus.answer(ModerationQueue)
    async def queue(query: ModerationQueue) -> QueueEntries:
        entry = QueueEntry(
            case_id="c1", target_kind="post", target_id="p1", owner_id="u1", state=query.state, priority=3,
            opened_at=utcnow(),
        )  # fmt: skip
        return QueueEntries(items=(entry,), next_cursor=None if query.cursor else "further")

    @bus.answer(Decide)
    async def decide(query: Decide) -> Decided:
        asked.append(query)
        return Decided(decision_id="d1" if query.target.id == "p1" or query.owner_id else None)

    @bus.answer(Undo)
    async def undo(query: Undo) -> Undone:
        return Undone(decision_id="d2" if query.decision_id == "d1" else None)

    await bus.start()
    yield asked
    await bus.stop()


async def test_moderators_work_on_the_queue(ada: Person, bob: Person, parts: Parts, moderation: list[Decide]) -> None:
    verdict = {"target": {"kind": "post", "id": "p1"}, "verdict": "block", "reason": "gore"}
    for person in (ada, bob):
        problem(await person.http.get("/v1/moderation/queue"), 403, "forbidden")
        problem(await person.http.post("/v1/moderation/decisions", json=verdict), 403, "forbidden")
    assert await grant(parts.settings, "ADA", "moderator")
    assert not await grant(parts.settings, "nobody", "moderator")
    first = await ada.http.get("/v1/moderation/queue")
    assert [entry["case_id"] for entry in first.json()["items"]] == ["c1"]
    second = await ada.http.get(first.links["next"]["url"])
    assert second.json()["next_cursor"] is None
    answer = await ada.http.post("/v1/moderation/decisions", json=verdict, headers={"Idempotency-Key": "v1"})
    assert (answer.status_code, answer.json()) == (201, {"decision_id": "d1"})
    again = await ada.http.post("/v1/moderation/decisions", json=verdict, headers={"Idempotency-Key": "v1"})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert [(query.actor_id, query.verdict) for query in moderation] == [(ada.id, "block")]
    undone = await ada.http.post("/v1/moderation/decisions/d1/undo")
    assert (undone.status_code, undone.json()) == (201, {"decision_id": "d2"})
    problem(await ada.http.post("/v1/moderation/decisions/d0/undo"), 409, "not_undone")
    problem(await bob.http.post("/v1/moderation/decisions/d1/undo"), 403, "forbidden")
    unknown = verdict | {"target": {"kind": "post", "id": "p2"}}
    problem(await ada.http.post("/v1/moderation/decisions", json=unknown), 404, "not_found")
    assert await grant(parts.settings, "ada", "person")
    problem(await ada.http.get("/v1/moderation/queue"), 403, "forbidden")


async def test_moderators_decide_on_what_nobody_reported(
    ada: Person, bob: Person, parts: Parts, moderation: list[Decide]
) -> None:
    await grant(parts.settings, "ada", "moderator")
    image_id = await add_image(parts, bob.id)
    private = await add_post(parts, bob.id, image_id=image_id, visibility="private")
    said = await bob.http.post(f"/v1/posts/{private}/comments", json={"text": "To myself"})
    things = {"image": image_id, "post": private, "comment": said.json()["id"], "profile": bob.id, "user": bob.id}
    for kind, target_id in things.items():
        verdict = {"target": {"kind": kind, "id": target_id}, "verdict": "hold", "reason": "Seen by chance."}
        assert (await ada.http.post("/v1/moderation/decisions", json=verdict)).status_code == 201, kind
        verdict["target"] = {"kind": kind, "id": new_id()}
        problem(await ada.http.post("/v1/moderation/decisions", json=verdict), 404, "not_found")
    known = [query for query in moderation if query.owner_id]
    assert [(query.target.kind, query.target.id, query.owner_id) for query in known] == [
        (kind, target_id, bob.id) for kind, target_id in things.items()
    ]


async def test_of_a_prompt_that_was_painted_the_pictures_are_judged(
    ada: Person, bob: Person, parts: Parts, moderation: list[Decide]
) -> None:
    await grant(parts.settings, "bob", "moderator")
    generation_id = (await ada.http.post("/v1/generations", json={"prompt": "a fox"})).json()["id"]
    body = {"target": {"kind": "prompt", "id": generation_id}, "verdict": "block", "reason": "no"}
    assert (await bob.http.post("/v1/moderation/decisions", json=body)).status_code == 201
    await parts.mongo.database["generations"].update_one({"_id": generation_id}, {"$set": {"images.0.status": "ready"}})
    problem(await bob.http.post("/v1/moderation/decisions", json=body), 409, "painted")
    assert (await bob.http.post("/v1/moderation/decisions", json=body | {"verdict": "allow"})).status_code == 201


async def test_without_moderation_its_routes_say_so(ada: Person, parts: Parts) -> None:
    await grant(parts.settings, "ada", "operator")
    answer = await ada.http.get("/v1/moderation/queue")
    problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
