"""The client: one person, or nobody, at one server."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from uuid import uuid4

import httpx

from promptgram.errors import ApiError, retry_after_s
from promptgram.shapes import (
    Card,
    Comment,
    FeedEntry,
    Generation,
    Models,
    NotificationGroup,
    Person,
    Post,
    SearchEntry,
    Shape,
    Visibility,
)

S = TypeVar("S", bound=Shape)
FeedMode = Literal["for_you", "following", "explore"]
ATTEMPTS = 6
LONGEST_PAUSE_S = 70
WAIT_S = 30
"""The longest that the server lets a request for pictures wait."""
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')


class Promptgram:
    """A client for one server. It may be used by several threads; close it, or use it in a `with` statement.

    Every creating request carries an `Idempotency-Key`, so a request whose answer was lost is sent again and has its
    effect once. 429 and 503 are waited out for as long as their `Retry-After` says, up to about a minute each time.
    An access token that has expired is exchanged for a new one.

    Raises:
        ApiError: The server said no.
        httpx.TransportError: The server could not be reached, several times in a row.
    """

    def __init__(self, url: str, *, access_token: str | None = None, timeout_s: float = 60) -> None:
        self._http = httpx.Client(base_url=url, timeout=timeout_s)
        self._token = access_token

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back; the sign-in stays."""
        self._http.close()

    # Accounts

    def sign_up(
        self, username: str, email: str, password: str, *, display_name: str | None = None, key: str | None = None
    ) -> Person:
        """Make an account and act as it. `ApiError` `username_taken` or `email_taken`."""
        body = {"username": username, "email": email, "password": password, "display_name": display_name}
        return self._signed_in(self._create("/v1/accounts", _given(body), key=key))

    def sign_in(self, login: str, password: str) -> Person:
        """Act as the owner of an account. `ApiError` `bad_credentials`."""
        return self._signed_in(self._ask("POST", "/v1/sessions", json={"login": login, "password": password}))

    def sign_out(self) -> None:
        """End the sign-in."""
        self._ask("DELETE", "/v1/sessions/current")
        self._token = None

    def me(self) -> Person:
        """One's own account."""
        return Person.model_validate(self._ask("GET", "/v1/me").json())

    def change_me(self, **changes: Any) -> Person:
        """Change `display_name`, `bio`, `avatar_image_id` or `preferences`."""
        return Person.model_validate(self._ask("PATCH", "/v1/me", json=changes).json())

    def export(self) -> bytes:
        """Everything that one made, as a zip archive."""
        return self._ask("GET", "/v1/me/export").content

    def erase_me(self, password: str) -> None:
        """Have the account and everything that is its erased."""
        self._ask("DELETE", "/v1/me", json={"password": password})
        self._token = None

    # People

    def person(self, username: str) -> Person:
        """A profile."""
        return Person.model_validate(self._ask("GET", f"/v1/users/{username}").json())

    def posts_of(self, username: str) -> Iterator[Post]:
        """Somebody's posts, newest first."""
        return self._pages(f"/v1/users/{username}/posts", Post)

    def followers(self, username: str) -> Iterator[Card]:
        """Who follows somebody."""
        return self._pages(f"/v1/users/{username}/followers", Card)

    def following(self, username: str) -> Iterator[Card]:
        """Whom somebody follows."""
        return self._pages(f"/v1/users/{username}/following", Card)

    def follow(self, username: str, *, on: bool = True) -> None:
        """Follow somebody, or no longer."""
        self._set(f"/v1/users/{username}/follow", on)

    def block(self, username: str, *, on: bool = True) -> None:
        """Block somebody, or no longer."""
        self._set(f"/v1/users/{username}/block", on)

    def mute(self, username: str, *, on: bool = True) -> None:
        """Mute somebody, or no longer."""
        self._set(f"/v1/users/{username}/mute", on)

    # Generating

    def generate(
        self, prompt: str, *, key: str | None = None, patience_s: float = 600, **parameters: Any
    ) -> Generation:
        """Have pictures painted and wait until it has ended: ready, blocked, failed or canceled.

        `parameters` are `n`, `aspect`, `model`, `seed`, `negative_prompt`, `style`, `source_image_id`, `strength`.

        Raises `TimeoutError` after `patience_s`; the generation goes on.
        """
        ends = time.monotonic() + patience_s
        body = {"prompt": prompt, **parameters}
        answer = self._create("/v1/generations", body, key=key, headers={"Prefer": f"wait={WAIT_S}"})
        generation = Generation.model_validate(answer.json())
        while not generation.ended:
            if time.monotonic() > ends:
                raise TimeoutError(f"generation {generation.id} is still {generation.status}")
            time.sleep(0.5)
            generation = self.generation(generation.id)
        return generation

    def models(self) -> Models:
        """What can be asked for."""
        return Models.model_validate(self._ask("GET", "/v1/models").json())

    def generation(self, generation_id: str) -> Generation:
        """One's own generation as it stands."""
        return Generation.model_validate(self._ask("GET", f"/v1/generations/{generation_id}").json())

    def generations(self) -> Iterator[Generation]:
        """One's own generations, newest first."""
        return self._pages("/v1/me/generations", Generation)

    def picture(self, path: str) -> bytes:
        """The bytes behind one of a picture's `sources`."""
        return self._ask("GET", path).content

    # Posts

    def publish(
        self,
        image_ids: list[str],
        *,
        caption: str = "",
        visibility: Visibility | None = None,
        tags: list[str] | None = None,
        alt: Mapping[str, str] | None = None,
        show_prompt: bool | None = None,
        key: str | None = None,
    ) -> Post:
        """Publish one to ten of one's own ready pictures; what is left out is as one's preferences say."""
        body = {"image_ids": image_ids, "caption": caption}
        more = _given(
            {"visibility": visibility, "show_prompt": show_prompt, "tags": tags, "alt": dict(alt) if alt else None}
        )
        return Post.model_validate(self._create("/v1/posts", body | more, key=key).json())

    def post(self, post_id: str) -> Post:
        """One post."""
        return Post.model_validate(self._ask("GET", f"/v1/posts/{post_id}").json())

    def change_post(self, post_id: str, **changes: Any) -> Post:
        """Change `caption`, `alt`, `visibility`, `show_prompt` or `tags`."""
        return Post.model_validate(self._ask("PATCH", f"/v1/posts/{post_id}", json=changes).json())

    def delete_post(self, post_id: str) -> None:
        """Delete one's own post."""
        self._ask("DELETE", f"/v1/posts/{post_id}")

    def like(self, post_id: str, *, on: bool = True) -> None:
        """Like a post, or no longer."""
        self._set(f"/v1/posts/{post_id}/like", on)

    def bookmark(self, post_id: str, *, on: bool = True) -> None:
        """Keep a post, or no longer."""
        self._set(f"/v1/posts/{post_id}/bookmark", on)

    def comment(self, post_id: str, text: str, *, reply_to: str | None = None, key: str | None = None) -> Comment:
        """Say something about a post, or reply to a comment on it."""
        body = _given({"text": text, "reply_to": reply_to})
        return Comment.model_validate(self._create(f"/v1/posts/{post_id}/comments", body, key=key).json())

    def comments(self, post_id: str) -> Iterator[Comment]:
        """What people said about a post."""
        return self._pages(f"/v1/posts/{post_id}/comments", Comment)

    # Finding

    def feed(self, mode: FeedMode = "explore") -> Iterator[FeedEntry]:
        """What to look at next; it has no natural end, so take as many as are wanted."""
        return self._pages("/v1/feed", FeedEntry, mode=mode)

    def search(self, q: str, **filters: str) -> Iterator[SearchEntry]:
        """Posts by meaning; `filters` are `aspect`, `model`, `after`, `before`, `sort`."""
        return self._pages("/v1/search", SearchEntry, q=q, **filters)

    def notifications(self) -> Iterator[NotificationGroup]:
        """What others did that concerns oneself, the latest first."""
        return self._pages("/v1/notifications", NotificationGroup)

    # The wire

    def _signed_in(self, answer: httpx.Response) -> Person:
        body = answer.json()
        self._token = body["access_token"]
        return Person.model_validate(body["user"])

    def _create(
        self, path: str, body: dict[str, Any], *, key: str | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return self._ask("POST", path, json=body, headers={"Idempotency-Key": key or str(uuid4())} | (headers or {}))

    def _set(self, path: str, on: bool) -> None:
        self._ask("PUT" if on else "DELETE", path)

    def _pages(self, path: str, shape: type[S], **query: str) -> Iterator[S]:
        answer = self._ask("GET", path, params={"limit": "100", **query})
        while True:
            yield from (shape.model_validate(item) for item in answer.json()["items"])
            following = _NEXT.search(answer.headers.get("Link", ""))
            if following is None:
                return
            # Only the path: behind a proxy the server may know itself by another name.
            answer = self._ask("GET", httpx.URL(following[1]).raw_path.decode())

    def _ask(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        repeatable = method != "POST" or "Idempotency-Key" in (headers or {})
        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS or not repeatable
            sent = (headers or {}) | ({"Authorization": f"Bearer {self._token}"} if self._token else {})
            try:
                answer = self._http.request(method, path, json=json, params=params, headers=sent)
            except httpx.TransportError:
                if last:
                    raise
                time.sleep(min(2**attempt * 0.25, 8))
                continue
            if answer.is_success:
                return answer
            if answer.status_code == 401 and self._token and attempt == 1 and self._refresh():
                continue
            pause_s = retry_after_s(answer) or 1
            in_progress = answer.status_code == 409 and "idempotency_in_progress" in answer.text
            if last or pause_s > LONGEST_PAUSE_S or not (answer.status_code in (429, 502, 503, 504) or in_progress):
                break
            time.sleep(pause_s)
        raise ApiError(answer)

    def _refresh(self) -> bool:
        """Exchange the refresh cookie for a new access token; False when the sign-in has ended."""
        answer = self._http.post("/v1/sessions/refresh")
        if not answer.is_success:
            return False
        self._token = answer.json()["access_token"]
        return True


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
