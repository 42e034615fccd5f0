"""The one place that decides what a viewer may see. Every surface passes what it found through here, last.

It reads of a post: `author_id`, `visibility`, `moderation` ("allow", or it is hidden; absent means not yet rated),
`caption`, `tags`, `show_prompt`, and of each of `images`: `alt`, `prompt`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Literal

from services.gateway.context import Parts
from services.gateway.identity.auth import Viewer
from services.gateway.people import muted_words
from services.gateway.store.relations import Standing
from shared.events import utcnow
from shared.mongo import Document

Surface = Literal[
    "feed",
    "explore",
    "search",
    "similar",
    "remixes",
    "profile",
    "bookmarks",
    "likes",
    "notifications",
    "post",
    "comments",
    "share",
    "media",
    "export",
]
BY_LINK: frozenset[Surface] = frozenset({"post", "comments", "share", "media", "bookmarks", "likes", "notifications"})
"""Where an unlisted post is shown: to whoever has its link, or kept it."""

OPENED: frozenset[Surface] = BY_LINK - {"notifications"} | {"profile", "export"}
"""Where muting does not apply: the viewer went there on purpose."""


async def visible_posts(parts: Parts, viewer: Viewer | None, posts: list[Document], surface: Surface) -> list[Document]:
    """Those of `posts` that the viewer may see on this surface, in their order, each with its `author`'s account."""
    authors = {post["author_id"] for post in posts}
    if not authors:
        return []
    if viewer is None:
        people = _unsuspended(await parts.accounts.many(authors), None)
        return [
            post | {"author": people[post["author_id"]]}
            for post in posts
            if post["author_id"] in people and _open_to_all(post, surface)
        ]
    people, standing = await asyncio.gather(
        parts.accounts.many(authors), parts.relations.standing(viewer.user_id, authors)
    )
    people = _unsuspended(people, viewer)
    words = muted_words.pattern(viewer.muted_words, utcnow()) if surface not in OPENED else None
    return [
        post | {"author": people[post["author_id"]]}
        for post in posts
        if post["author_id"] in people
        and (
            _own(post, surface)
            if post["author_id"] == viewer.user_id
            else _anothers(post, viewer, standing, words, surface)
        )
    ]


async def may_see_post(parts: Parts, viewer: Viewer | None, post: Document, surface: Surface = "post") -> bool:
    """Whether one post may be seen; answer 404 when not."""
    return bool(await visible_posts(parts, viewer, [post], surface))


async def visible_people(
    parts: Parts, viewer: Viewer | None, people: list[Document], surface: Literal["list", "profile", "notifications"]
) -> list[Document]:
    """Those accounts that the viewer may see, in their order, each with the viewer's `standing` to all of them.

    Nobody sees an erased account or one that blocked them, and a suspended one is seen by its owner and moderators.
    Whom the viewer blocked shows on their own profile only, where the block can be lifted; whom the viewer muted is
    kept out of notifications.
    """
    seen = _unsuspended({person["_id"]: person for person in people}, viewer)
    people = [person for person in people if person["_id"] in seen and person.get("erased_at") is None]
    if viewer is None or not people:
        return people
    standing = await parts.relations.standing(viewer.user_id, [person["_id"] for person in people])
    hidden = set(standing.blocked_by)
    if surface != "profile":
        hidden |= standing.blocks
    if surface == "notifications":
        hidden |= standing.mutes
    return [person | {"standing": standing} for person in people if person["_id"] not in hidden]


def _unsuspended(people: Mapping[str, Document], viewer: Viewer | None) -> dict[str, Document]:
    """Those who are not suspended, as far as that concerns the viewer."""
    if viewer and viewer.moderates:
        return dict(people)
    return {
        person_id: person
        for person_id, person in people.items()
        if not person.get("suspension") or (viewer and person_id == viewer.user_id)
    }


def _rated_fine(post: Document) -> bool:
    return post.get("moderation") == "allow"


def _open_to_all(post: Document, surface: Surface) -> bool:
    visibilities = ("public", "unlisted") if surface in BY_LINK else ("public",)
    return _rated_fine(post) and post["visibility"] in visibilities


def _own(post: Document, surface: Surface) -> bool:
    """One's own post, also while it is held; in lists that others share, only what is meant for them."""
    if surface in BY_LINK or surface in ("profile", "export", "search"):
        return True
    return _rated_fine(post) and post["visibility"] in ("public", "followers")


def _anothers(
    post: Document, viewer: Viewer, standing: Standing, words: re.Pattern[str] | None, surface: Surface
) -> bool:
    author = post["author_id"]
    if surface == "export" or author in standing.blocks | standing.blocked_by:
        return False
    if surface not in OPENED and (author in standing.mutes or (words and words.search(_words_of(post)))):
        return False
    if viewer.moderates and surface in ("post", "media"):
        return bool(post["visibility"] != "private")
    if _rated_fine(post) and post["visibility"] == "followers":
        return author in standing.follows
    return _open_to_all(post, surface)


def _words_of(post: Document) -> str:
    texts = [post.get("caption") or "", *(post.get("tags") or ())]
    for image in post.get("images") or ():
        texts += [image.get("alt") or "", (image.get("prompt") or "") if post.get("show_prompt") else ""]
    return muted_words.fold("\n".join(texts))
