"""One's taste over the API: as the feed tells it, with the posts that one may see."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from services.gateway.context import Parts
from shared.bus import Bus
from shared.events import utcnow
from shared.queries import ForgetTaste, Forgotten, ReadTaste, SteerTaste, TasteFound, TasteInterest, TasteLess
from tests.api.conftest import Person
from tests.api.gateway_content.conftest import MakePictures
from tests.api.gateway_content.test_finding import several
from tests.api.gateway_content.test_posts import publish


class Feed:
    """A feed that has learned what it was told to have learned."""

    def __init__(self, bus: Bus) -> None:
        self.asked: list[ReadTaste | SteerTaste | ForgetTaste] = []
        self.found = TasteFound(personalised=True, exploration=0.15)

        @bus.answer(ReadTaste)
        async def read(query: ReadTaste) -> TasteFound:
            self.asked.append(query)
            return self.found

        @bus.answer(SteerTaste)
        async def steer(query: SteerTaste) -> TasteFound:
            self.asked.append(query)
            return TasteFound(personalised=bool(query.personalised), exploration=query.exploration or 0.0)

        @bus.answer(ForgetTaste)
        async def forget(query: ForgetTaste) -> Forgotten:
            self.asked.append(query)
            return Forgotten(found=query.id in (None, "interest-1"))


@pytest.fixture
async def feed(outside: Callable[[str], Bus]) -> Feed:
    bus = outside("feed")
    feed = Feed(bus)
    await bus.start()
    return feed


async def test_interests_come_with_at_most_three_posts_that_one_may_see(
    ada: Person, bob: Person, painted: MakePictures, feed: Feed
) -> None:
    posts = await several(ada, painted, 4)
    private = str((await publish(ada, await painted(ada), visibility="private"))["id"])
    now = utcnow()
    feed.found = TasteFound(
        personalised=True,
        exploration=0.4,
        interests=(
            TasteInterest(id="interest-1", label="foxes", weight=1.0, post_ids=(private, "gone", *posts)),
            TasteInterest(id="interest-2", label="bread", weight=0.2, post_ids=(private,)),
        ),
        less=(TasteLess(id="less-1", label="cats", since=now, fades_at=now),),
    )
    answer = (await bob.http.get("/v1/me/taste")).json()
    assert (answer["personalised"], answer["exploration"]) == (True, 0.4)
    foxes, bread = answer["interests"]
    assert (foxes["id"], foxes["label"], foxes["weight"]) == ("interest-1", "foxes", 1.0)
    assert [post["id"] for post in foxes["posts"]] == posts[:3]
    assert foxes["posts"][0]["author"]["username"] == "ada"
    assert bread["posts"] == []
    assert answer["less"][0].keys() == {"id", "label", "since", "fades_at"}
    assert feed.asked == [ReadTaste(viewer_id=bob.id)]
    await bob.http.put("/v1/users/ada/block")
    assert (await bob.http.get("/v1/me/taste")).json()["interests"][0]["posts"] == []


async def test_the_export_tells_what_was_learned(bob: Person, feed: Feed) -> None:
    feed.found = TasteFound(
        personalised=True,
        exploration=0.4,
        interests=(TasteInterest(id="interest-1", label="foxes", weight=1.0, post_ids=()),),
    )
    with zipfile.ZipFile(io.BytesIO((await bob.http.get("/v1/me/export")).content)) as bundle:
        assert TasteFound.model_validate_json(bundle.read("taste.json")) == feed.found
    assert feed.asked == [ReadTaste(viewer_id=bob.id)]


async def test_what_is_given_is_changed(bob: Person, feed: Feed) -> None:
    answer = await bob.http.patch("/v1/me/taste", json={"personalised": True, "exploration": 1})
    assert (answer.status_code, answer.json()["exploration"]) == (200, 1.0)
    await bob.http.patch("/v1/me/taste", json={"exploration": 0})
    assert feed.asked[-1] == SteerTaste(viewer_id=bob.id, exploration=0.0)
    asked = len(feed.asked)
    for bad in ('{"exploration": 1.01}', '{"exploration": -1}', '{"exploration": NaN}', '{"exploration": "0.5"}',
                '{"personalised": 1}', '{"interests": []}', "[]", ""):  # fmt: skip
        refused = await bob.http.patch("/v1/me/taste", content=bad, headers={"Content-Type": "application/json"})
        assert refused.status_code == 422, bad
    assert len(feed.asked) == asked
    tag = (await bob.http.get("/v1/me/taste")).headers["ETag"]
    for known, status in (('"older"', 412), (tag, 200)):
        changed = await bob.http.patch("/v1/me/taste", json={"personalised": True}, headers={"If-Match": known})
        assert changed.status_code == status


async def test_one_thing_or_everything_is_forgotten(bob: Person, feed: Feed) -> None:
    assert (await bob.http.delete("/v1/me/taste/interest-1")).status_code == 204
    assert (await bob.http.delete("/v1/me/taste/interest-9")).json()["code"] == "not_found"
    assert (await bob.http.delete("/v1/me/taste")).status_code == 204
    assert feed.asked[-1] == ForgetTaste(viewer_id=bob.id)


async def test_without_the_feed_service_it_says_so(bob: Person, parts: Parts) -> None:
    for method in ("GET", "DELETE"):
        answer = await bob.http.request(method, "/v1/me/taste")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["Retry-After"]
