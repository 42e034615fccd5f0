"""A person whom moderators suspended: seen by nobody, writing nothing, until it is lifted."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from services.gateway.context import Parts
from services.gateway.identity.auth import WHILE_SUSPENDED
from services.gateway.identity.grant import grant
from services.gateway.posting import decisions
from shared.events import Decision, DecisionMade, Target
from shared.ids import new_id
from tests.api.conftest import PASSWORD, MakePerson, Person, client_of, problem
from tests.api.gateway_people.arranging import add_image, add_post
from tests.api.gateway_people.test_authorization import EXPECTED, arrange, request_of


async def decide(parts: Parts, kind: str, target_id: str, owner: Person, verdict: str = "block") -> str:
    decision = Decision.model_validate({"id": new_id(), "stage": kind, "verdict": verdict, "reason": "Threats."})
    target = Target.model_validate({"kind": kind, "id": target_id})
    event = DecisionMade(decision_id=decision.id, target=target, owner_id=owner.id, decision=decision)
    await decisions.apply(parts, event)
    return decision.id


async def test_who_is_suspended_is_out_of_sight_until_it_is_lifted(
    ada: Person, bob: Person, make_person: MakePerson, client: httpx.AsyncClient, parts: Parts
) -> None:
    moderator = await make_person("mo_mia")
    await grant(parts.settings, "mo_mia", "moderator")
    image_id = await add_image(parts, ada.id, data=b"picture")
    post_id, judged = await add_post(parts, ada.id, image_id=image_id), await add_post(parts, ada.id)
    hidden_since, waiting = await add_post(parts, ada.id), await add_post(parts, ada.id)
    await parts.posts.change(waiting, 1, {"stops": {"words": None}, "moderation": "pending"})
    bobs = await add_post(parts, bob.id)
    await ada.http.post(f"/v1/posts/{bobs}/comments", json={"text": "You wait"})
    await ada.http.put("/v1/users/bob/follow")
    await parts.pictures.open((await parts.images.get(image_id) or {})["hash"])
    picture = (await client.get(f"/v1/posts/{post_id}")).json()["images"][0]["sources"]["original"]
    await decide(parts, "post", judged, ada)

    async def seen(http: httpx.AsyncClient) -> list[int]:
        paths = ("/v1/users/ada", "/v1/users/ada/posts", f"/v1/posts/{post_id}", f"/p/{post_id}", picture)
        return [(await http.get(path)).status_code for path in paths]

    async def heard() -> list[int]:
        paths = (f"/v1/posts/{bobs}/comments", "/v1/users/bob/followers")
        return [len((await client.get(path)).json()["items"]) for path in paths]

    before = await seen(client)
    assert (set(before), await heard()) == ({200}, [1, 1])
    suspension = await decide(parts, "user", ada.id, ada)
    for http in (client, bob.http):
        assert (await seen(http))[:3] == [404, 404, 404]
        assert (await seen(http))[4] == 404
    assert await heard() == [0, 0]
    # Its owner and moderators still see it.
    for http in (ada.http, moderator.http):
        assert (await seen(http))[:3] == [200, 200, 200]
    told = problem(await ada.http.post(f"/v1/posts/{bobs}/comments", json={"text": "Again"}), 403, "suspended")
    assert "Threats." in told["detail"]
    assert suspension in told["detail"]
    assert (await ada.http.get("/v1/me")).json()["suspension"]["reason"] == "Threats."
    latest = (await ada.http.get("/v1/me/decisions")).json()["items"][0]
    assert (latest["id"], latest["decision"]["stage"], latest["can_appeal"]) == (suspension, "user", True)

    # Another verdict brings neither the person nor the bytes back, and the lifting not what else was hidden.
    await decide(parts, "post", hidden_since, ada)
    for kind, target_id in (("post", post_id), ("image", image_id), ("post", waiting)):
        await decide(parts, kind, target_id, ada, "allow")
    assert (await seen(client))[:3] == [404, 404, 404]
    assert (await seen(client))[4] == 404
    await decide(parts, "user", ada.id, ada, "hold")
    await decide(parts, "user", ada.id, ada, "allow")
    assert (await seen(client), await heard()) == (before, [1, 1])
    for other, status in ((judged, 404), (hidden_since, 404), (waiting, 200)):
        assert (await client.get(f"/v1/posts/{other}")).status_code == status
    assert (await ada.http.post(f"/v1/posts/{bobs}/comments", json={"text": "Sorry"})).status_code == 201


@pytest.mark.timeout(300)
async def test_who_is_suspended_reads_leaves_and_appeals_and_does_nothing_else(
    app: FastAPI, parts: Parts, make_person: MakePerson, neighbours: None
) -> None:
    owner = await make_person("owner")
    await decide(parts, "user", owner.id, owner)
    wrong: list[str] = []
    for number, (operation, expected) in enumerate(EXPECTED.items()):
        method, path = operation.split()
        needs_token = expected["anonymous"] == 401 and not path.startswith("/v1/sessions")
        kept = method != "GET" and needs_token and (method, path) not in WHILE_SUSPENDED
        scene = await arrange(parts, owner)
        async with client_of(app) as http:
            # Some end the session that they are asked in.
            again = await http.post("/v1/sessions", json={"login": "owner", "password": PASSWORD})
            http.headers["Authorization"] = f"Bearer {again.json()['access_token']}"
            http.cookies.clear()
            sent = request_of(operation, scene, number)
            answer: httpx.Response = await http.request(method, path.format(**scene.parameters), **sent)
        # Pages for everybody don't look who asks.
        status = 403 if kept else 404 if path in ("/p/{post_id}", "/oembed") else expected["owner"]
        if answer.status_code != status or ("suspended" in answer.text) != kept:
            wrong.append(f"{operation}: {answer.status_code}, not {status}: {answer.text[:150]}")
    assert not wrong, "\n".join(wrong)
    assert {tuple(operation.split()) for operation in EXPECTED} >= WHILE_SUSPENDED
