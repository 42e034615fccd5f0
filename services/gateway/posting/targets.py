"""Things that can be reported or decided on, and whose they are."""

from __future__ import annotations

from services.gateway.context import Parts
from services.gateway.errors import not_found
from services.gateway.identity.auth import Viewer
from services.gateway.posting.commenting import visible
from services.gateway.visibility import may_see_post, visible_people
from shared.events import Target
from shared.mongo import Document


async def owner_of_visible(parts: Parts, viewer: Viewer, target: Target) -> str:
    """The id of the person whose thing this is; 404 when there is none that the viewer can see."""
    owner_id = None
    match target.kind:
        case "post":
            owner_id = await _post_owner(parts, viewer, target.id)
        case "comment":
            comment = await parts.comments.get(target.id)
            if comment and await _post_owner(parts, viewer, comment["post_id"]):
                owner_id = next((one["author_id"] for one in await visible(parts, viewer, [comment])), None)
        case "image":
            owner_id = await _image_owner(parts, viewer, target.id)
        case "profile" | "user":
            account = await parts.accounts.get(target.id)
            if account and await visible_people(parts, viewer, [account], "profile"):
                owner_id = account["_id"]
    if owner_id is None:
        raise not_found()
    return owner_id


async def owner_of(parts: Parts, target: Target) -> str | None:
    """The same for a moderator, who may decide on anything there is; None when there is no such thing."""
    owner: str | None
    match target.kind:
        case "prompt":
            owner = _whose(await parts.generations.get(target.id), "user_id")
        case "image":
            owner = _whose(await parts.images.get(target.id), "user_id")
        case "post":
            owner = _whose(await parts.posts.get(target.id), "author_id")
        case "comment":
            owner = _whose(await parts.comments.get(target.id), "author_id")
        case "profile" | "user":
            owner = _whose(await parts.accounts.get(target.id, {"_id": 1}), "_id")
    return owner


async def is_painted(parts: Parts, target: Target) -> bool:
    """Whether this is a prompt of which there are pictures."""
    generation = await parts.generations.get(target.id) if target.kind == "prompt" else None
    return bool(generation and any(image["status"] == "ready" for image in generation["images"]))


def _whose(thing: Document | None, owner: str) -> str | None:
    return thing[owner] if thing else None


async def _post_owner(parts: Parts, viewer: Viewer, post_id: str) -> str | None:
    post = await parts.posts.get(post_id)
    return post["author_id"] if post and await may_see_post(parts, viewer, post) else None


async def _image_owner(parts: Parts, viewer: Viewer, image_id: str) -> str | None:
    image = await parts.images.get(image_id)
    if image is None:
        return None
    if image["user_id"] == viewer.user_id:
        return viewer.user_id
    for post in await parts.posts.showing(image_id):
        if await may_see_post(parts, viewer, post):
            return str(image["user_id"])
    return None
