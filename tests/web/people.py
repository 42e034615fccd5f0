"""People of the page's tests: they may act by the API as well as by a window."""

from __future__ import annotations

import secrets
from typing import Any

import httpx
from playwright.sync_api import BrowserContext

PASSWORD = "correct horse battery"


def unique(name: str) -> str:
    """A username that nobody has yet."""
    return f"{name}_{secrets.token_hex(3)}"


class Person:
    """Somebody with an account, who may act by the API as well as by a window."""

    def __init__(self, url: str, name: str, display_name: str | None = None) -> None:
        self.name = name
        self.posts: list[str] = []
        self.api = httpx.Client(base_url=url, timeout=60)
        body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        if display_name:
            body["display_name"] = display_name
        session = self._ok(self.api.post("/v1/accounts", json=body))
        self.api.headers["Authorization"] = f"Bearer {session['access_token']}"

    def paint(self, prompt: str, n: int = 1) -> dict[str, Any]:
        """A finished generation."""
        return self._ok(
            self.api.post("/v1/generations", json={"prompt": prompt, "n": n}, headers={"Prefer": "wait=30"})
        )

    def publish(self, prompt: str, n: int = 1, **fields: Any) -> str:
        """The id of a public post with pictures of a prompt."""
        images = [image["id"] for image in self.paint(prompt, n)["images"] if image["status"] == "ready"]
        post = self._ok(self.api.post("/v1/posts", json={"image_ids": images, "visibility": "public"} | fields))
        self.posts.append(post["id"])
        return self.posts[-1]

    @staticmethod
    def _ok(answer: httpx.Response) -> dict[str, Any]:
        assert answer.is_success, answer.text
        return dict(answer.json())


def let_in(context: BrowserContext, person: Person) -> None:
    """Have every page of a window begin signed in as somebody."""
    context.request.post("/v1/sessions", data={"login": person.name, "password": PASSWORD})
    context.add_init_script("localStorage.setItem('promptgram.signed_in', 'somebody')")
