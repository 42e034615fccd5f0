"""An erased person is gone within a minute from every store, index, media path and page."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.stack import Stack
from tests.system.remains import Place, found_in_stores

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("stack"), pytest.mark.timeout(300)]

log = logging.getLogger(__name__)
MINUTE_S = 60
WORD = "zorvelquist"
"""Stands in everything that the erased person writes, and nowhere else."""

PASSWORD = "correct horse battery"


@dataclass
class Member:
    """Somebody signed in at the stack."""

    http: httpx.Client
    name: str
    id: str = ""

    def ask(self, method: str, path: str, status: int, **options: Any) -> Any:
        """The answer's JSON, or None when it has none."""
        answer = self.http.request(method, path, **options)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def paint(self, prompt: str, **parameters: Any) -> Any:
        """A generation that has ended."""
        body = {"prompt": prompt, **parameters}
        return self.ask("POST", "/v1/generations", 201, json=body, headers={"Prefer": "wait=30"})

    def publish(self, generation: Any, **fields: Any) -> Any:
        ids = [image["id"] for image in generation["images"]]
        return self.ask("POST", "/v1/posts", 201, json={"image_ids": ids, "visibility": "public", **fields})


@dataclass
class Life:
    """What somebody left behind: strings by what they are, and every address that led to it."""

    traces: dict[str, set[str]] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)

    def leave(self, what: str, *strings: str) -> None:
        self.traces.setdefault(what, set()).update(strings)


@pytest.fixture
def member(stack: Stack) -> Iterator[Callable[[str], Member]]:
    clients: list[httpx.Client] = []

    def make(name: str) -> Member:
        clients.append(httpx.Client(base_url=stack.url, timeout=60))
        made = Member(clients[-1], name)
        body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        answer = made.ask("POST", "/v1/accounts", 201, json=body)
        made.http.headers["Authorization"] = f"Bearer {answer['access_token']}"
        made.id = answer["user"]["id"]
        return made

    yield make
    for client in clients:
        client.close()


def live(one: Member, other: Member) -> Life:
    """Everything that a person can do, and everything that another can do with it."""
    life = Life()
    life.leave("account", one.id)
    life.leave("name", one.name)
    life.leave("words", WORD)

    fox = one.paint(f"a red fox called {WORD}", n=2)
    draft = one.paint(f"a blue owl called {WORD}")
    refused = one.paint(f"a naked woman called {WORD}")
    assert refused["status"] == "blocked"
    post = one.publish(fox, caption=f"My {WORD}", alt={fox["images"][0]["id"]: f"A fox, {WORD}"}, tags=["fox", WORD])
    hidden = one.publish(draft, visibility="followers", show_prompt=False)
    theirs = other.publish(other.paint("a green tree on a white background"))
    remix = one.publish(one.paint(f"{WORD} as a yellow duck", source_image_id=theirs["images"][0]["id"]))
    built_on = other.publish(other.paint("a black cat", source_image_id=fox["images"][0]["id"]))
    assert built_on["parent_id"] == post["id"]

    one.ask("PATCH", "/v1/me", 200, json={
        "display_name": f"The {WORD}", "bio": f"I am {WORD}", "avatar_image_id": draft["images"][0]["id"],
        "preferences": {"muted_words": [{"word": WORD}]},
    })  # fmt: skip
    one.ask("PATCH", f"/v1/posts/{post['id']}", 200, json={"caption": f"Mine, {WORD}"})
    for fan, liked in ((one, theirs), (other, post)):
        for act in ("like", "bookmark"):
            fan.ask("PUT", f"/v1/posts/{liked['id']}/{act}", 204)
        fan.ask("POST", f"/v1/posts/{liked['id']}/shares", 204)
    comment = one.ask("POST", f"/v1/posts/{theirs['id']}/comments", 201, json={"text": f"{WORD} was here"})
    other.ask("POST", f"/v1/posts/{theirs['id']}/comments", 201, json={"text": "Hello", "reply_to": comment["id"]})
    asked = other.ask("POST", f"/v1/posts/{post['id']}/comments", 201, json={"text": "How?"})
    reply = one.ask(
        "POST", f"/v1/posts/{post['id']}/comments", 201, json={"text": f"By {WORD}", "reply_to": asked["id"]}
    )
    one.ask("PUT", f"/v1/users/{other.name}/follow", 204)
    other.ask("PUT", f"/v1/users/{one.name}/follow", 204)
    one.ask("PUT", f"/v1/users/{other.name}/mute", 204)
    for kind, target, reporter in (
        ("post", theirs["id"], one), ("comment", asked["id"], one), ("post", post["id"], other),
        ("comment", comment["id"], other), ("user", one.id, other),
    ):  # fmt: skip
        text = f"Rude to {WORD}" if reporter is one else "Rude"
        body = {"target": {"kind": kind, "id": target}, "reason": "harassment", "text": text}
        reporter.ask("POST", "/v1/reports", 201, json=body)
    shown = eventually(lambda: one.ask("GET", "/v1/feed?mode=explore&limit=20", 200)["items"])
    seen = [
        {"post_id": item["post"]["id"], "event": event, "feed_context": item["feed_context"]}
        for item in shown
        for event in ("seen", "opened", "less")
    ]
    one.ask("POST", "/v1/feed/interactions", 202, json={"items": seen[:50]})
    one.ask("PATCH", "/v1/me/taste", 200, json={"exploration": 0.4})
    decision = eventually(lambda: one.ask("GET", "/v1/me/decisions", 200)["items"])[0]
    one.ask("POST", f"/v1/decisions/{decision['id']}/appeal", 201, json={"text": f"It is only {WORD}"})
    other.ask("GET", f"/v1/search?q={WORD}", 200)
    eventually(lambda: post["id"] in ids_of(other.ask("GET", f"/v1/search?q={WORD}", 200)))
    eventually(lambda: post["id"] in ids_of(other.ask("GET", "/v1/feed?mode=following", 200)))

    made = (fox, draft, refused, *one.ask("GET", "/v1/me/generations", 200)["items"])
    life.leave("generation", *(generation["id"] for generation in made))
    pictures = [image for generation in made for image in generation["images"]]
    life.leave("picture", *(image["id"] for image in pictures))
    media = [path for image in pictures if image["status"] == "ready" for path in addresses(image["sources"])]
    life.leave("bytes", *(path.split("/")[2] for path in media))
    life.leave("post", *(each["id"] for each in (post, hidden, remix)))
    life.leave("comment", comment["id"], reply["id"])
    life.paths |= set(media)
    for path in ("/v1/posts/{}", "/v1/posts/{}/comments", "/v1/posts/{}/similar", "/v1/posts/{}/remixes", "/p/{}"):
        life.paths |= {path.format(each) for each in life.traces["post"]}
    life.paths |= {f"/v1/users/{one.name}{page}" for page in ("", "/posts", "/followers", "/following")}
    assert one.http.get(media[0]).status_code == 200
    return life


def addresses(sources: Any) -> list[str]:
    return [*sources["webp"].values(), *sources["jpeg"].values(), sources["original"]]


def ids_of(page: Any) -> list[str]:
    return [item["post"]["id"] for item in page["items"]]


def eventually(look: Callable[[], Any], *, patience_s: float = 30) -> Any:
    deadline = time.monotonic() + patience_s
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return found


PAGES = (
    "/v1/feed?mode=for_you&limit=100", "/v1/feed?mode=following&limit=100", "/v1/feed?mode=explore&limit=100",
    f"/v1/search?q={WORD}&limit=100", "/v1/search?q=fox&limit=100", "/v1/me/likes?limit=100",
    "/v1/me/bookmarks?limit=100", "/v1/notifications?limit=100", "/v1/me", "/v1/me/taste", "/v1/me/reports",
    "/v1/me/decisions",
)  # fmt: skip


NAMED = re.compile(r'"(parent_id|root_id)":"[^"]*"|"id":"interest-[^"]*"')
"""What others made or liked keeps the name of the post that is gone."""


def found_on_pages(life: Life, other: Member, stranger: httpx.Client) -> dict[Place, str]:
    """What other people can still get to see of a life, and which of its addresses still answer."""
    seen: dict[Place, str] = {}
    own = [f"/v1/users/{other.name}", f"/v1/users/{other.name}/posts", f"/v1/users/{other.name}/followers"]
    own += [f"/v1/posts/{post['id']}/comments" for post in other.ask("GET", own[1], 200)["items"]]
    for http in (other.http, stranger):
        for path in (*PAGES, *own, f"/v1/users/{other.name}/following"):
            text = NAMED.sub("", http.get(path).text)
            for what, strings in life.traces.items():
                if any(string in text for string in strings):
                    seen[path, what] = text[:600]
        for path in life.paths:
            if (answer := http.get(path)).status_code != 404:
                seen[path, "an answer"] = f"{answer.status_code} {answer.text[:200]}"
    return seen


IDS = {"generation", "picture", "bytes", "post", "comment"}
"""Names of things that are gone: random, and they lead nowhere."""

STAYS: dict[str, tuple[set[str], str]] = {
    "broker.evt.user.erased.v1": ({"account"}, "the erasure itself, for whoever has yet to hear of it; 7 days"),
    "feed.erased": ({"account"}, "so that what is told late of the person is passed over"),
    "moderation.erased": ({"account"}, "the same; 8 days"),
    "index.mark": ({"account", "post"}, "the same; 8 days"),
    "feed.posts": ({"post"}, "a deleted post is known as deleted, or a late event would bring it back"),
    "feed.pages": ({"account", "post"}, "a page that another was served, so that its cursor goes on; 24 hours"),
    "moderation.decisions": (IDS, "no decision is erased, but it no longer tells whose it was or what they wrote"),
    "traces": ({"account", "name"} | IDS, "paths of requests, for operators"),
    "logs": ({"account"} | IDS, "what a warning is about, for operators"),
    # What other people did keeps the name of the thing that they did it with.
    "feed.encounters": ({"post"}, "what others liked"),
    "feed.impressions": ({"post"}, "what others were shown"),
    "feed.draws": ({"post"}, "what others could have been shown; 30 days"),
    "gateway.generations": (IDS, "which picture others started from"),
    "gateway.images": ({"post"}, "the same"),
    "gateway.prompts": ({"picture"}, "the same"),
    "gateway.posts": ({"post"}, "what others remixed"),
    "index.post": ({"post"}, "the same"),
    "moderation.reports": ({"post", "comment"}, "what others reported"),
    **{
        f"broker.evt.{event}.v1": (IDS, "the same, as it was told; 7 days")
        for event in ("prompt.submitted", "prompt.approved", "post.published", "post.changed")
    },
}
"""What may stay of an erased person: for each store what of them, and why."""


def test_nothing_of_an_erased_person_is_left_after_a_minute(stack: Stack, member: Callable[[str], Member]) -> None:
    ada, ben = member("erased_ada"), member("erased_ben")
    life = live(ada, ben)
    before = {store for store, _ in found(stack, life)}
    assert {"gateway.accounts", "feed.posts", "index.post", "object store", "broker.evt.prompt.approved.v1"} <= before
    assert "logs" not in before
    with httpx.Client(base_url=stack.url, timeout=60) as stranger:
        begun = time.monotonic()
        ada.ask("DELETE", "/v1/me", 202, json={"password": PASSWORD})
        while left := found_on_pages(life, ben, stranger) | found(stack, life):
            if time.monotonic() - begun > MINUTE_S:
                lines = [f"{what} in {place}: {example}" for (place, what), example in sorted(left.items())]
                pytest.fail("\n".join(["still there:", *lines]))
            time.sleep(0.2)
    log.info("gone from everywhere after %.1f s", time.monotonic() - begun)


def found(stack: Stack, life: Life) -> dict[Place, str]:
    """What stands in any store, and may not stay."""
    everything = asyncio.run(found_in_stores(stack, life.traces))
    return {place: text for place, text in everything.items() if place[1] not in STAYS.get(place[0], (set(), ""))[0]}
