"""What people write is seen by others once moderation has allowed it, and by its author at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.gateway.context import Parts
from services.gateway.posting import appearing, decisions
from shared.bus import Unanswered
from shared.events import Decision, DecisionMade, Target, WordsJudged, WordsStopped, WordsWritten, utcnow
from shared.queries import Judged, JudgeWords, Query
from tests.api.conftest import MakePerson, Person, problem
from tests.api.gateway_people.arranging import add_image, add_post, spoken


class Moderation:
    """Answers as it is told to; away at first."""

    def __init__(self, ask: Callable[..., Awaitable[Any]]) -> None:
        self._ask = ask
        self.says: Judged | None = None

    async def asked(self, query: Query[Any], **options: float) -> Any:
        if not isinstance(query, JudgeWords):
            return await self._ask(query, **options)
        if self.says is None:
            raise Unanswered("nobody is there")
        return self.says


@pytest.fixture
def moderation(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Moderation:
    moderation = Moderation(parts.bus.ask)
    monkeypatch.setattr(parts.bus, "ask", moderation.asked)
    return moderation


def stopped(verdict: str, decision_id: str = "d1") -> Decision:
    return Decision(id=decision_id, stage="comment", verdict=verdict, category="hate", rule="r", reason="It hurts.")


async def judge(parts: Parts, event: WordsWritten, decision: Decision | None = None) -> None:
    """Moderation is back, and says so of what waited."""
    written = event.words
    judged = WordsJudged(
        decision_id="d1", target=written.target, owner_id=written.owner_id, written_at=written.written_at,
        verdict=decision.verdict if decision else "allow", decision=decision,
    )  # fmt: skip
    for _ in range(2):
        await appearing.words_judged(parts, judged)


async def overrule(parts: Parts, target: Target, owner_id: str, decision: Decision) -> None:
    made = DecisionMade(decision_id=decision.id, target=target, owner_id=owner_id, decision=decision)
    await decisions.apply(parts, made)


async def comments(http: httpx.AsyncClient, post_id: str) -> tuple[list[tuple[str, str]], int]:
    """Text and standing of the comments that one sees, and how many the post says there are."""
    listed = (await http.get(f"/v1/posts/{post_id}/comments")).json()["items"]
    counted = (await http.get(f"/v1/posts/{post_id}")).json()["counts"]["comments"]
    return [(one["text"], one["moderation"]) for one in listed], counted


async def told(person: Person) -> list[str]:
    return [one["kind"] for one in (await person.http.get("/v1/notifications")).json()["items"]]


async def test_a_comment_waits_for_moderation(
    ada: Person, bob: Person, client: httpx.AsyncClient, parts: Parts, moderation: Moderation
) -> None:
    post_id = await add_post(parts, ada.id)
    made = await bob.http.post(f"/v1/posts/{post_id}/comments", json={"text": "Well"})
    assert (made.status_code, made.json()["moderation"]) == (201, "pending")
    assert await comments(bob.http, post_id) == ([("Well", "pending")], 0)
    for http in (ada.http, client):
        assert await comments(http, post_id) == ([], 0)
    assert await told(ada) == []

    [written] = await spoken(parts, WordsWritten)
    assert (written.words.text, written.words.owner_id) == ("Well", bob.id)
    await judge(parts, written)
    for http in (ada.http, bob.http, client):
        assert await comments(http, post_id) == ([("Well", "allow")], 1)
    assert await told(ada) == ["comment"]


@pytest.mark.parametrize("verdict", ["hold", "block"])
async def test_a_stopped_comment_is_neither_seen_nor_counted(
    ada: Person, bob: Person, parts: Parts, moderation: Moderation, verdict: str
) -> None:
    post_id = await add_post(parts, ada.id)
    moderation.says = Judged(verdict=verdict, decision=stopped(verdict))
    made = (await bob.http.post(f"/v1/posts/{post_id}/comments", json={"text": "Rude"})).json()
    assert await comments(bob.http, post_id) == ([("Rude", verdict)], 0)
    assert await comments(ada.http, post_id) == ([], 0)
    assert await told(ada) == []
    target = Target(kind="comment", id=made["id"])
    await overrule(parts, target, bob.id, stopped("allow", "d2"))
    assert await comments(ada.http, post_id) == ([("Rude", "allow")], 1)
    await overrule(parts, target, bob.id, stopped("block", "d3"))
    assert await comments(ada.http, post_id) == ([], 0)
    assert (await bob.http.delete(f"/v1/comments/{made['id']}")).status_code == 204
    assert await comments(bob.http, post_id) == ([], 0)


async def test_what_was_decided_meanwhile_stands(
    ada: Person, bob: Person, parts: Parts, moderation: Moderation
) -> None:
    post_id = await add_post(parts, ada.id)
    made = (await bob.http.post(f"/v1/posts/{post_id}/comments", json={"text": "Hm"})).json()
    await overrule(parts, Target(kind="comment", id=made["id"]), bob.id, stopped("block"))
    [written] = await spoken(parts, WordsWritten)
    await judge(parts, written)
    assert await comments(ada.http, post_id) == ([], 0)


async def shown(http: httpx.AsyncClient, post_id: str) -> str | None:
    """How a post stands for one who can see it."""
    answer = await http.get(f"/v1/posts/{post_id}")
    return str(answer.json()["moderation"]) if answer.status_code == 200 else None


async def posts_of(http: httpx.AsyncClient, username: str) -> int:
    return int((await http.get(f"/v1/users/{username}")).json()["counts"]["posts"])


async def test_a_post_waits_with_its_words(ada: Person, bob: Person, parts: Parts, moderation: Moderation) -> None:
    plain = {"image_ids": [await add_image(parts, ada.id)], "visibility": "public"}
    worded = {"image_ids": [await add_image(parts, ada.id)], "visibility": "public", "caption": "Look"}
    silent, waiting = [(await ada.http.post("/v1/posts", json=body)).json() for body in (plain, worded)]
    assert (silent["moderation"], waiting["moderation"]) == ("allow", "pending")
    post_id = waiting["id"]
    assert await shown(bob.http, silent["id"]) == "allow"
    assert await shown(bob.http, post_id) is None
    assert await posts_of(bob.http, "ada") == 1
    [written] = await spoken(parts, WordsWritten)
    assert written.words.text.split() == ["Look"]
    await judge(parts, written)
    assert await shown(bob.http, post_id) == "allow"
    assert await posts_of(bob.http, "ada") == 2

    moderation.says = None
    refused = await ada.http.patch(f"/v1/posts/{post_id}", json={"caption": "Other words"})
    assert problem(refused, 503, "moderation_away")["status"] == 503
    assert refused.headers["Retry-After"]
    assert (await bob.http.get(f"/v1/posts/{post_id}")).json()["caption"] == "Look"
    assert (await ada.http.patch(f"/v1/posts/{post_id}", json={"visibility": "unlisted"})).status_code == 200


@pytest.mark.parametrize("words", [{"caption": "Rude"}, {"tags": ["rude"]}, {"alt": "Rude"}])
async def test_words_that_are_stopped_hide_a_post_until_there_are_better_ones(
    ada: Person, bob: Person, parts: Parts, moderation: Moderation, words: dict[str, Any]
) -> None:
    image_id = await add_image(parts, ada.id)
    moderation.says = Judged(verdict="allow")
    made = (await ada.http.post("/v1/posts", json={"image_ids": [image_id], "visibility": "public"})).json()
    if "alt" in words:
        words = {"alt": {image_id: words["alt"]}}
    moderation.says = Judged(verdict="hold", decision=stopped("hold"))
    changed = await ada.http.patch(f"/v1/posts/{made['id']}", json=words)
    assert (changed.status_code, changed.json()["moderation"]) == (200, "hold")
    assert await shown(bob.http, made["id"]) is None
    assert await posts_of(bob.http, "ada") == 0
    moderation.says = Judged(verdict="allow")
    better = {"caption": "Kind", "tags": ["kind"], "alt": {image_id: "Kind"}}
    assert (await ada.http.patch(f"/v1/posts/{made['id']}", json=better)).json()["moderation"] == "allow"
    assert await shown(bob.http, made["id"]) == "allow"
    assert await posts_of(bob.http, "ada") == 1


@pytest.mark.parametrize("kind", ["post", "image"])
async def test_better_words_do_not_lift_what_moderators_blocked(
    ada: Person, bob: Person, parts: Parts, moderation: Moderation, kind: str
) -> None:
    moderation.says = Judged(verdict="allow")
    images = [await add_image(parts, ada.id) for _ in range(2)]
    made = (await ada.http.post("/v1/posts", json={"image_ids": images, "visibility": "public"})).json()
    post = f"/v1/posts/{made['id']}"
    kinds = {"image": images, "post": [made["id"]]}
    targets = [Target.model_validate({"kind": kind, "id": one}) for one in kinds[kind]]
    for target in targets:
        blocked = stopped("block", f"of {target.id}").model_copy(update={"rule": "moderator", "stage": kind})
        await overrule(parts, target, ada.id, blocked)
    moderation.says = Judged(verdict="hold", decision=stopped("hold"))
    await ada.http.patch(post, json={"caption": "Rude"})
    moderation.says = Judged(verdict="allow")
    answer = await ada.http.patch(post, json={"caption": "Kind"})
    assert (answer.json()["moderation"], await shown(bob.http, made["id"])) == ("block", None)
    # Each is lifted for itself, and only what is fine in all is shown.
    for number, target in enumerate(targets):
        assert await shown(bob.http, made["id"]) is None
        allowed = stopped("allow", f"late {number}").model_copy(update={"stage": kind})
        await overrule(parts, target, ada.id, allowed)
    assert await shown(bob.http, made["id"]) == "allow"


async def test_a_stop_that_is_told_late_hides_no_better_words(
    ada: Person, bob: Person, parts: Parts, moderation: Moderation
) -> None:
    moderation.says = Judged(verdict="hold", decision=stopped("hold"))
    body = {"image_ids": [await add_image(parts, ada.id)], "visibility": "public", "caption": "Rude"}
    made = (await ada.http.post("/v1/posts", json=body)).json()
    moderation.says = Judged(verdict="allow")
    await ada.http.patch(f"/v1/posts/{made['id']}", json={"caption": "Kind"})
    target = Target(kind="post", id=made["id"])
    late = WordsStopped(decision_id="d1", target=target, owner_id=ada.id, decision=stopped("hold"))
    for _ in range(2):
        await decisions.tell_of_words(parts, late)
    assert await shown(bob.http, made["id"]) == "allow"
    [told_of] = (await ada.http.get("/v1/me/decisions")).json()["items"]
    assert (told_of["id"], told_of["decision"]["verdict"]) == ("d1", "hold")
    assert "decision" in await told(ada)


async def test_verdicts_that_arrive_out_of_order_leave_the_last_standing(
    ada: Person, bob: Person, parts: Parts
) -> None:
    post_id = await add_post(parts, ada.id)
    target, now = Target(kind="post", id=post_id), utcnow()
    for verdict, age_s in (("allow", 0), ("block", 60), ("allow", 0)):
        decision = stopped(verdict, f"{age_s} s old").model_copy(update={"rule": "moderator"})
        at = now - timedelta(seconds=age_s)
        await decisions.apply(
            parts,
            DecisionMade(decision_id=decision.id, target=target, owner_id=ada.id, decision=decision, occurred_at=at),
        )
        assert await shown(bob.http, post_id) == "allow"
    assert len((await ada.http.get("/v1/me/decisions")).json()["items"]) == 2


async def test_a_verdict_on_a_post_is_one_on_its_words(
    ada: Person, bob: Person, parts: Parts, moderation: Moderation
) -> None:
    moderation.says = Judged(verdict="hold", decision=stopped("hold"))
    body = {"image_ids": [await add_image(parts, ada.id)], "visibility": "public", "caption": "Odd"}
    made = (await ada.http.post("/v1/posts", json=body)).json()
    assert await shown(bob.http, made["id"]) is None
    target = Target(kind="post", id=made["id"])
    await overrule(parts, target, ada.id, stopped("allow", "late"))
    assert await shown(bob.http, made["id"]) == "allow"
    # Undone, a moderator's block leaves what the policy had said of the words, which better words lift.
    await overrule(parts, target, ada.id, stopped("block", "later").model_copy(update={"rule": "moderator"}))
    await overrule(parts, target, ada.id, stopped("hold", "undone"))
    moderation.says = Judged(verdict="allow")
    answer = await ada.http.patch(f"/v1/posts/{made['id']}", json={"caption": "Kind"})
    assert (answer.json()["moderation"], await shown(bob.http, made["id"])) == ("allow", "allow")


async def test_a_new_name_waits_and_the_old_one_is_seen(
    ada: Person, bob: Person, parts: Parts, moderation: Moderation
) -> None:
    for bio in ("first", "second"):
        mine = (await ada.http.patch("/v1/me", json={"bio": bio})).json()
        assert (mine["display_name"], mine["bio"], mine["profile_held"]) == ("Ada", bio, True)
        assert (await bob.http.get("/v1/users/ada")).json()["bio"] == ""
    first, second = sorted(await spoken(parts, WordsWritten), key=lambda event: event.written_at)
    await judge(parts, first)
    assert (await bob.http.get("/v1/users/ada")).json()["bio"] == ""
    await judge(parts, second)
    assert (await bob.http.get("/v1/users/ada")).json()["bio"] == "second"
    assert (await ada.http.get("/v1/me")).json()["profile_held"] is False

    moderation.says = Judged(verdict="block", decision=stopped("block"))
    await ada.http.patch("/v1/me", json={"display_name": "Slur"})
    seen = (await bob.http.get("/v1/users/ada")).json()
    assert (seen["display_name"], seen["bio"]) == ("Ada", "second")
    moderation.says = Judged(verdict="allow")
    await ada.http.patch("/v1/me", json={"display_name": "Ada L."})
    assert (await bob.http.get("/v1/users/ada")).json()["display_name"] == "Ada L."


async def test_a_name_chosen_at_the_start_waits_too(
    ada: Person, make_person: MakePerson, parts: Parts, moderation: Moderation
) -> None:
    cyd = await make_person("cyd", display_name="Cyd the Great")
    assert (await cyd.http.get("/v1/me")).json()["display_name"] == "Cyd the Great"
    assert (await ada.http.get("/v1/users/cyd")).json()["display_name"] == "cyd"
    [written] = await spoken(parts, WordsWritten)
    await judge(parts, written)
    assert (await ada.http.get("/v1/users/cyd")).json()["display_name"] == "Cyd the Great"
