"""Every surface that shows posts × everything that hides one. The table says what is shown; the test asks the API.

`y` shown, `-` hidden. A surface that answers for one post alone shows it with 200 and hides it with 404.
"""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO

import httpx
import pytest
from fastapi import FastAPI

from services.gateway.context import Parts
from services.gateway.posting import decisions
from services.gateway.store.comments import Comments
from services.gateway.visibility import Surface
from shared.bus import Bus
from shared.events import Decision, DecisionMade, Target, utcnow
from shared.ids import new_id
from shared.mongo import Document
from shared.queries import FeedItem, FeedItems, FeedPage, Hit, Hits, Reason, SearchPosts, SimilarPosts
from tests.api.conftest import Person, client_of
from tests.api.gateway_people.arranging import add_image, add_post, eventually

HIDING = (
    "nothing", "blocked", "blocked_by", "muted_person", "muted_word", "private", "followers", "unlisted", "deleted",
    "unrated", "erased",
)  # fmt: skip
TABLE = """
               nothing blocked blocked_by muted_person muted_word private followers unlisted deleted unrated erased
feed                 y       -          -            -          -       -         -        -       -       -      -
explore              y       -          -            -          -       -         -        -       -       -      -
search               y       -          -            -          -       -         -        -       -       -      -
similar              y       -          -            -          -       -         -        -       -       -      -
remixes              y       -          -            -          -       -         -        -       -       -      -
profile              y       -          -            y          y       -         -        -       -       -      -
bookmarks            y       -          -            y          y       -         -        y       -       -      -
likes                y       -          -            y          y       -         -        y       -       -      -
notifications        y       -          -            -          -       -         -        y       -       -      -
post                 y       -          -            y          y       -         -        y       -       -      -
comments             y       -          -            y          y       -         -        y       -       -      -
share                y       y          y            y          y       -         -        y       -       -      -
media                y       y          y            y          y       -         -        y       -       -      -
export               -       -          -            -          -       -         -        -       -       -      -
"""
# A share page and a picture's address are public: they are asked for without a token, so nobody's blocks apply there.
SHOWN: dict[str, dict[str, bool]] = {
    surface: dict(zip(HIDING, (mark == "y" for mark in marks), strict=True))
    for surface, *marks in (line.split() for line in TABLE.splitlines()[2:])
}


def test_every_surface_has_a_row() -> None:
    assert set(SHOWN) == set(Surface.__args__)  # type: ignore[attr-defined]


class Scene:
    """Ada looks; Bob's post is looked for. `parent` is a post of Ada's that Bob's is a remix of."""

    def __init__(self, app: FastAPI, parts: Parts, ada: Person, bob: Person) -> None:
        self.app, self.parts, self.ada, self.bob = app, parts, ada, bob
        self.parent = self.post_id = self.name = ""

    async def arrange(self) -> None:
        image_id = await add_image(self.parts, self.bob.id, data=b"RIFF????WEBP")
        image = await self.parts.images.get(image_id)
        assert image is not None
        self.name = image["hash"]
        await self.parts.pictures.open(self.name)
        self.parent = await add_post(self.parts, self.ada.id)
        self.post_id = await add_post(
            self.parts, self.bob.id, image_id=image_id, caption="A secret garden", parent_id=self.parent,
            root_id=self.parent,
        )  # fmt: skip
        for kind in ("like", "bookmark"):
            assert (await self.ada.http.put(f"/v1/posts/{self.post_id}/{kind}")).status_code == 204
        comment: Document = {
            "_id": new_id(), "post_id": self.post_id, "post_author_id": self.bob.id, "author_id": self.ada.id,
            "text": "Hello", "reply_to": None, "moderation": "allow", "decision": None, "created_at": utcnow(),
        }  # fmt: skip
        comments: Comments = self.parts.comments
        await self.parts.mongo.write([comments.insertion(comment)])
        reply = {"text": "Thanks", "reply_to": comment["_id"]}
        assert (await self.bob.http.post(f"/v1/posts/{self.post_id}/comments", json=reply)).status_code == 201

    async def hide(self, how: str) -> None:
        """Bring about what the column says."""
        ada, bob, post = self.ada.http, self.bob.http, f"/v1/posts/{self.post_id}"
        acts: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
            "blocked": lambda: ada.put(f"/v1/users/{self.bob.username}/block"),
            "blocked_by": lambda: bob.put(f"/v1/users/{self.ada.username}/block"),
            "muted_person": lambda: ada.put(f"/v1/users/{self.bob.username}/mute"),
            "muted_word": lambda: ada.patch("/v1/me", json={"preferences": {"muted_words": [{"word": "Secret"}]}}),
            "private": lambda: bob.patch(post, json={"visibility": "private"}),
            "followers": lambda: bob.patch(post, json={"visibility": "followers"}),
            "unlisted": lambda: bob.patch(post, json={"visibility": "unlisted"}),
            "deleted": lambda: bob.delete(post),
            "erased": lambda: bob.request("DELETE", "/v1/me", json={"password": self.bob.password}),
        }
        if how == "unrated":
            decision = Decision(id=new_id(), stage="image", verdict="hold", reason="Somebody has to look.")
            await decisions.apply(
                self.parts,
                DecisionMade(
                    decision_id=decision.id, owner_id=self.bob.id, decision=decision,
                    target=Target(kind="post", id=self.post_id),
                ),
            )  # fmt: skip
        elif how != "nothing":
            answer = await acts[how]()
            assert answer.is_success, answer.text

    async def shown(self) -> dict[str, bool]:
        """What each surface tells Ada, or, where it asks for no token, anybody."""
        ada, one = self.ada.http, f"/v1/posts/{self.post_id}"
        async with client_of(self.app) as anybody:
            return {
                "feed": await self._listed("/v1/feed?mode=for_you"),
                "explore": await self._listed("/v1/feed?mode=explore"),
                "search": await self._listed("/v1/search?q=garden"),
                "similar": await self._listed(f"/v1/posts/{self.parent}/similar"),
                "remixes": await self._listed(f"/v1/posts/{self.parent}/remixes"),
                "profile": await self._listed(f"/v1/users/{self.bob.username}/posts"),
                "bookmarks": await self._listed("/v1/me/bookmarks"),
                "likes": await self._listed("/v1/me/likes"),
                "notifications": await self._listed("/v1/notifications"),
                "post": await _opens(ada, one),
                "comments": await _opens(ada, f"{one}/comments"),
                "share": await _opens(anybody, f"/p/{self.post_id}"),
                "media": await _opens(anybody, f"/media/{self.name}/original.webp"),
                "export": await self._exported(),
            }

    async def _listed(self, path: str) -> bool:
        answer = await self.ada.http.get(path)
        if answer.status_code == 404:
            return False
        assert answer.status_code == 200, answer.text
        # Remixes name their parent, so only this post's own id counts.
        return f'"id":"{self.post_id}"' in answer.text

    async def _exported(self) -> bool:
        answer = await self.ada.http.get("/v1/me/export")
        with zipfile.ZipFile(BytesIO(answer.content)) as bundle:
            return self.post_id in bundle.read("posts.json").decode()


async def _opens(http: httpx.AsyncClient, path: str) -> bool:
    answer = await http.get(path)
    assert answer.status_code in (200, 404), answer.text
    return answer.status_code == 200


@pytest.fixture
async def telling(parts: Parts) -> AsyncIterator[list[str]]:
    """Search and feed that have not heard of anything yet: they go on telling these posts, whatever happened."""
    told: list[str] = []
    search, feed = Bus(parts.settings, "search"), Bus(parts.settings, "feed")

    async def hits(_: SearchPosts | SimilarPosts) -> Hits:
        return Hits(hits=tuple(Hit(post_id=post_id, score=1) for post_id in told))

    search.answer(SearchPosts)(hits)
    search.answer(SimilarPosts)(hits)

    @feed.answer(FeedPage)
    async def page(_: FeedPage) -> FeedItems:
        reason = Reason(code="fresh", text="New")
        return FeedItems(
            items=tuple(FeedItem(post_id=post_id, reasons=(reason,), feed_context="x") for post_id in told)
        )

    for bus in (search, feed):
        await bus.start()
    yield told
    for bus in (search, feed):
        await bus.stop()


@pytest.mark.parametrize("how", HIDING)
async def test_each_surface_shows_what_the_table_says(
    app: FastAPI, parts: Parts, ada: Person, bob: Person, telling: list[str], how: str
) -> None:
    scene = Scene(app, parts, ada, bob)
    await scene.arrange()
    telling.append(scene.post_id)
    await scene.hide(how)
    expected = {surface: row[how] for surface, row in SHOWN.items()}

    async def agreed() -> bool:
        return await scene.shown() == expected

    # Bytes of an erased account go a moment after everything else.
    if how == "erased":
        await eventually(agreed)
    assert await scene.shown() == expected
