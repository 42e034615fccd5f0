"""The picture that a new one starts from, and the post that is credited for it."""

from __future__ import annotations

from dataclasses import dataclass

from services.gateway.context import Parts
from services.gateway.errors import invalid
from services.gateway.identity.auth import Viewer
from services.gateway.visibility import visible_posts


@dataclass(frozen=True)
class Source:
    """A picture to start from: its id, its name in the object store, and the post it was seen in, if any."""

    image_id: str
    hash: str
    post_id: str | None


async def find_source(parts: Parts, viewer: Viewer, image_id: str) -> Source:
    """A picture that the viewer may see: in a post, or among their own. 422 `unknown_source_image` otherwise."""
    image = await parts.images.get(image_id)
    if image is not None and image["status"] == "ready":
        posts = await visible_posts(parts, viewer, await parts.posts.showing(image_id), "post")
        if posts:
            return Source(image_id, image["hash"], min(post["_id"] for post in posts))
        if image["user_id"] == viewer.user_id:
            # A draft of one's own passes on the post that it was made from itself.
            return Source(image_id, image["hash"], image["source_post_id"])
    raise invalid(["body", "source_image_id"], "There is no such picture.", code="unknown_source_image")
