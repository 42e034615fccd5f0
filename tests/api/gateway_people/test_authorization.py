"""Every operation of the OpenAPI document, asked by everybody: the table says what each of them gets.

A route without a row fails the test, and so does a row without a route.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from services.gateway.context import Parts
from services.gateway.generating import flow, steps
from services.gateway.store.comments import Comments
from shared.events import Decision, PictureRequest, Target, utcnow
from shared.ids import new_id
from shared.mongo import Document
from tests.api.conftest import PASSWORD, MakePerson, Person, client_of
from tests.api.gateway_people.arranging import add_image, add_post

ACTORS = ("anonymous", "owner", "other", "blocked", "moderator", "operator")
TABLE = """
                                                anonymous owner other blocked moderator operator
POST   /v1/accounts                                   201   201   201     201       201      201
POST   /v1/sessions                                   200   200   200     200       200      200
POST   /v1/sessions/refresh                           401   401   401     401       401      401
DELETE /v1/sessions/current                           401   204   204     204       204      204
GET    /v1/sessions/issuer                            200   200   200     200       200      200
POST   /v1/sessions/issuer                            404   404   404     404       404      404
POST   /v1/sessions/issuer/code                       404   404   404     404       404      404
GET    /v1/me                                         401   200   200     200       200      200
PATCH  /v1/me                                         401   200   200     200       200      200
DELETE /v1/me                                         401   401   401     401       401      401
PUT    /v1/me/password                                401   204   204     204       204      204
GET    /v1/me/sessions                                401   200   200     200       200      200
DELETE /v1/me/sessions                                401   204   204     204       204      204
DELETE /v1/me/sessions/{session_id}                   401   204   404     404       404      404
GET    /v1/me/export                                  401   200   200     200       200      200
GET    /v1/me/blocks                                  401   200   200     200       200      200
GET    /v1/me/mutes                                   401   200   200     200       200      200
GET    /v1/me/quota                                   401   200   200     200       200      200
GET    /v1/me/generations                             401   200   200     200       200      200
GET    /v1/me/prompts                                 401   200   200     200       200      200
DELETE /v1/me/prompts/{prompt_id}                     401   204   404     404       404      404
GET    /v1/me/likes                                   401   200   200     200       200      200
GET    /v1/me/bookmarks                               401   200   200     200       200      200
GET    /v1/me/decisions                               401   200   200     200       200      200
GET    /v1/me/taste                                   401   200   200     200       200      200
PATCH  /v1/me/taste                                   401   200   200     200       200      200
DELETE /v1/me/taste                                   401   204   204     204       204      204
DELETE /v1/me/taste/{taste_id}                        401   204   404     404       404      404
GET    /v1/users/{username}                           200   200   200     404       200      200
GET    /v1/users/{username}/posts                     200   200   200     404       200      200
GET    /v1/users/{username}/followers                 200   200   200     404       200      200
GET    /v1/users/{username}/following                 200   200   200     404       200      200
PUT    /v1/users/{username}/follow                    401   409   204     404       204      204
DELETE /v1/users/{username}/follow                    401   409   204     204       204      204
PUT    /v1/users/{username}/block                     401   409   204     204       204      204
DELETE /v1/users/{username}/block                     401   409   204     204       204      204
PUT    /v1/users/{username}/mute                      401   409   204     404       204      204
DELETE /v1/users/{username}/mute                      401   409   204     204       204      204
POST   /v1/generations                                401   202   202     202       202      202
POST   /v1/generations/intent                         401   202   202     202       202      202
GET    /v1/generations/{generation_id}                401   200   404     404       404      404
DELETE /v1/generations/{generation_id}                401   202   404     404       404      404
GET    /v1/generations/{generation_id}/events         401   200   404     404       404      404
POST   /v1/generations/{generation_id}/retry          401   202   404     404       404      404
GET    /v1/models                                     200   200   200     200       200      200
GET    /v1/status                                     200   200   200     200       200      200
POST   /v1/posts                                      401   201   422     422       422      422
GET    /v1/posts/{post_id}                            200   200   200     404       200      200
PATCH  /v1/posts/{post_id}                            401   200   403     404       403      403
DELETE /v1/posts/{post_id}                            401   204   403     404       403      403
PUT    /v1/posts/{post_id}/like                       401   204   204     404       204      204
DELETE /v1/posts/{post_id}/like                       401   204   204     204       204      204
PUT    /v1/posts/{post_id}/bookmark                   401   204   204     404       204      204
DELETE /v1/posts/{post_id}/bookmark                   401   204   204     204       204      204
POST   /v1/posts/{post_id}/shares                     401   204   204     404       204      204
GET    /v1/posts/{post_id}/similar                    200   200   200     404       200      200
GET    /v1/posts/{post_id}/remixes                    200   200   200     404       200      200
GET    /v1/posts/{post_id}/comments                   200   200   200     404       200      200
POST   /v1/posts/{post_id}/comments                   401   201   201     404       201      201
DELETE /v1/comments/{comment_id}                      401   204   403     404       204      204
GET    /v1/feed                                       200   200   200     200       200      200
POST   /v1/feed/interactions                          401   202   202     202       202      202
GET    /v1/search                                     200   200   200     200       200      200
GET    /v1/notifications                              401   200   200     200       200      200
POST   /v1/notifications/read                         401   204   204     204       204      204
POST   /v1/reports                                    401   201   201     404       201      201
POST   /v1/decisions/{id}/appeal                      401   201   404     404       404      404
GET    /v1/moderation/queue                           401   403   403     403       200      200
POST   /v1/moderation/decisions                       401   403   403     403       201      201
POST   /v1/moderation/decisions/{decision_id}/undo    401   403   403     403       201      201
GET    /media/{name}/{width}.{extension}              200   200   200     200       200      200
GET    /media/{name}/{width}                          200   200   200     200       200      200
GET    /p/{post_id}                                   200   200   200     200       200      200
GET    /oembed                                        200   200   200     200       200      200
"""
EXPECTED: dict[str, dict[str, int]] = {
    f"{method} {path}": dict(zip(ACTORS, map(int, statuses), strict=True))
    for method, path, *statuses in (line.split() for line in TABLE.splitlines()[2:])
}


def test_every_operation_has_a_row(app: FastAPI) -> None:
    document = app.openapi()
    operations = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert operations == set(EXPECTED)


def test_the_document_says_where_a_token_is_needed(app: FastAPI) -> None:
    for path, item in app.openapi()["paths"].items():
        for method, operation in item.items():
            closed = operation.get("security", [{}]) and {} not in operation.get("security", [{}])
            by_token_or_cookie = (method, path) == ("delete", "/v1/sessions/current")
            answers = EXPECTED[f"{method.upper()} {path}"]["anonymous"]
            assert closed == (answers == 401 and not path.endswith("refresh") and not by_token_or_cookie), path


@dataclass
class Scene:
    """Everything that the operations name, all of it the owner's, made anew for each request."""

    parameters: dict[str, str]
    post_id: str
    image_id: str


async def arrange(parts: Parts, owner: Person) -> Scene:
    image_id = await add_image(parts, owner.id, data=b"RIFF????WEBP")
    image = await parts.images.get(image_id)
    assert image is not None
    await parts.pictures.open(image["hash"])
    post_id = await add_post(parts, owner.id, image_id=image_id)
    comment_id, decision_id = new_id(), new_id()
    comment: Document = {
        "_id": comment_id, "post_id": post_id, "post_author_id": owner.id, "author_id": owner.id, "text": "Hello",
        "reply_to": None, "moderation": "allow", "decision": None, "created_at": utcnow(),
    }  # fmt: skip
    comments: Comments = parts.comments
    await parts.mongo.write([comments.insertion(comment)])
    decision = Decision(id=decision_id, stage="prompt", verdict="block", reason="No.")
    await parts.decisions.record(owner.id, Target(kind="prompt", id=new_id()), decision, utcnow())
    generation_id = await failed_generation(parts, owner)
    session = await parts.sessions.start(owner.id, "")
    parameters = {
        "username": owner.username, "post_id": post_id, "comment_id": comment_id, "generation_id": generation_id,
        "prompt_id": generation_id, "session_id": session.family_id, "id": decision_id,
        "decision_id": decision_id, "taste_id": f"interest-{owner.id}",
        "name": image["hash"], "width": "original", "extension": "webp",
    }  # fmt: skip
    return Scene(parameters, post_id, image_id)


async def failed_generation(parts: Parts, owner: Person) -> str:
    generation_id = new_id()
    request = PictureRequest(prompt="a red fox", model="pocket", seed=1, image_ids=(new_id(),))
    await flow.open_generation(parts, generation_id, owner.id, request, source=None)
    await flow.record(parts, generation_id, lambda one: steps.gave_up(one, 1, "model_error", "It broke."))
    return generation_id


def request_of(operation: str, scene: Scene, number: int) -> dict[str, object]:
    """What is sent besides the path."""
    bodies: dict[str, object] = {
        "POST /v1/accounts": {
            "username": f"new_{number}", "email": f"new_{number}@example.org", "password": PASSWORD,
        },
        "POST /v1/sessions": {"login": "owner", "password": PASSWORD},
        "POST /v1/sessions/issuer/code": {"code": "c", "state": "s"},
        "PATCH /v1/me": {"bio": "Hello"},
        "PATCH /v1/me/taste": {"exploration": 0.5},
        # The password is wrong on purpose: who may do it is known by then, and everybody is still needed.
        "DELETE /v1/me": {"password": "not the password"},
        "PUT /v1/me/password": {"password": PASSWORD, "new_password": PASSWORD},
        "POST /v1/generations": {"prompt": "a red fox"},
        "POST /v1/posts": {"image_ids": [scene.image_id], "visibility": "public", "show_prompt": True},
        "PATCH /v1/posts/{post_id}": {"caption": "Changed"},
        "POST /v1/posts/{post_id}/comments": {"text": "Hello"},
        "POST /v1/feed/interactions": {"items": [{"post_id": scene.post_id, "event": "seen"}]},
        "POST /v1/reports": {"target": {"kind": "post", "id": scene.post_id}, "reason": "spam"},
        "POST /v1/decisions/{id}/appeal": {"text": "Please look again."},
        "POST /v1/moderation/decisions": {
            "target": {"kind": "post", "id": scene.post_id}, "verdict": "block", "reason": "gore",
        },
    }  # fmt: skip
    sent: dict[str, object] = {"json": bodies[operation]} if operation in bodies else {}
    if operation == "GET /oembed":
        sent["params"] = {"url": f"https://gateway.test/p/{scene.post_id}"}
    if operation == "GET /media/{name}/{width}":
        sent["headers"] = {"Accept": "image/webp"}
    if operation == "GET /v1/search":
        sent["params"] = {"q": "fox"}
    return sent


@pytest.mark.timeout(300)
async def test_everybody_gets_what_the_table_says(
    app: FastAPI, parts: Parts, make_person: MakePerson, neighbours: None
) -> None:
    # The names of the roles themselves are reserved.
    names = [f"mo_{actor}" if actor in ("moderator", "operator") else actor for actor in ACTORS[1:]]
    people = dict(zip(ACTORS[1:], await asyncio.gather(*map(make_person, names)), strict=True))
    owner = people["owner"]
    for role in ("moderator", "operator"):
        await parts.accounts.change({"_id": people[role].id}, {"role": role})
    assert (await owner.http.put("/v1/users/blocked/block")).status_code == 204
    relations, accounts = parts.mongo.database["relations"], parts.mongo.database["accounts"]
    kept = await relations.find({}).to_list()
    wrong: list[str] = []
    number = 0
    for operation, expected in EXPECTED.items():
        method, path = operation.split()
        for actor, status in expected.items():
            number += 1
            scene = await arrange(parts, owner)
            headers = {"Authorization": people[actor].http.headers["Authorization"]} if actor in people else {}
            async with client_of(app, headers=headers) as http:
                sent = request_of(operation, scene, number)
                answer: httpx.Response = await http.request(method, path.format(**scene.parameters), **sent)
            if answer.status_code != status:
                wrong.append(f"{operation} by {actor}: {answer.status_code}, not {status}: {answer.text[:150]}")
            if answer.status_code in (403, 404) and scene.parameters["name"] in answer.text:
                wrong.append(f"{operation} by {actor} tells of what may not be seen")
            await relations.delete_many({"_id": {"$nin": [row["_id"] for row in kept]}})
            # Some end the sign-in that all of them are asked in.
            await accounts.update_many({}, {"$unset": {"ended_sessions": ""}})
    assert not wrong, "\n".join(wrong)
