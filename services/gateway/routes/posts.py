"""`/v1/posts`: publishing pictures, and what belongs to one post."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field
from starlette.responses import JSONResponse

from services.gateway import present
from services.gateway.answers import Post
from services.gateway.context import Parts, PartsDep
from services.gateway.edge.etags import require_match, tagged
from services.gateway.edge.idempotency import Idempotent
from services.gateway.edge.limits import limited_writes
from services.gateway.edge.text import Prose, StrictBody
from services.gateway.errors import forbidden, invalid, not_found
from services.gateway.identity.auth import MaybeSignedIn, SignedIn, Viewer
from services.gateway.people.preferences import Preferences
from services.gateway.posting import post_words, publishing
from services.gateway.posting.tags import MOST, Tag, not_of_prompts, suggested_tags
from services.gateway.visibility import visible_posts
from shared.events import Visibility, utcnow
from shared.mongo import Document

router = APIRouter(tags=["posts"])
Caption = Annotated[Prose, Field(max_length=2200)]
Alt = Annotated[Prose, Field(max_length=1500)]
AltTexts = dict[Annotated[str, Field(max_length=64)], Alt | None]


class NewPost(StrictBody):
    """Pictures to publish, with their words."""

    image_ids: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=10)
    caption: Caption = ""
    alt: AltTexts = Field(default_factory=dict, description="Alternative texts by image id; default from the prompt.")
    visibility: Visibility | None = Field(None, description="Left out: the author's preference `default_visibility`.")
    show_prompt: bool | None = Field(None, description="Left out: the author's preference `show_prompt`.")
    tags: list[Tag] | None = Field(None, max_length=MOST, description="Left out: words of the prompt, if it is shown.")


class PostChanges(StrictBody):
    """What is left out stays as it is."""

    caption: Caption | None = None
    alt: AltTexts | None = Field(None, description="By image id; null brings back the default text.")
    visibility: Visibility | None = None
    show_prompt: bool | None = None
    tags: list[Tag] | None = Field(
        None, max_length=MOST, description="Left out while the prompt becomes hidden: words of the prompt go."
    )


async def visible_post(post_id: str, viewer: MaybeSignedIn, parts: PartsDep) -> Document:
    found = await parts.posts.get(post_id)
    visible = await visible_posts(parts, viewer, [found], "post") if found else []
    if not visible:
        raise not_found()
    return visible[0]


VisiblePost = Annotated[Document, Depends(visible_post)]


async def own_post(viewer: SignedIn, post: VisiblePost) -> Document:
    if post["author_id"] != viewer.user_id:
        raise forbidden("Only its author can do this.")
    return post


OwnPost = Annotated[Document, Depends(own_post)]


@router.post("/v1/posts", status_code=201, response_model=Post, dependencies=[Depends(limited_writes)])
async def create_post(body: NewPost, viewer: SignedIn, parts: PartsDep, idempotent: Idempotent) -> Response:
    """Publish one to ten of one's own ready pictures."""

    async def make() -> Response:
        post = await parts.posts.get(idempotent.resource_id) if idempotent.repeated else None
        if post is None:
            post = await _publish(parts, viewer, idempotent.resource_id, body)
        answer = await _present(parts, viewer, post)
        return JSONResponse(answer.model_dump(mode="json"), 201, {"Location": f"/v1/posts/{post['_id']}"})

    return await idempotent.run(make)


@router.get("/v1/posts/{post_id}", response_model=Post)
async def get_post(request: Request, post: VisiblePost, viewer: MaybeSignedIn, parts: PartsDep) -> Response:
    """A post, if the viewer may see it."""
    return tagged(request, await _present(parts, viewer, post))


@router.patch("/v1/posts/{post_id}", response_model=Post, dependencies=[Depends(limited_writes)])
async def change_post(
    body: PostChanges, request: Request, viewer: SignedIn, post: OwnPost, parts: PartsDep
) -> Response:
    """Change words or visibility. 412 when `If-Match` names an older state; changed words leave an edited mark."""
    require_match(request, await _present(parts, viewer, post))
    current: Document | None = post
    while current is not None:
        values = _changes(body, current)
        values |= await post_words.judge_changed(parts, current, values)
        changed = await publishing.change(parts, current, values) if values else current
        if changed is not None:
            return tagged(request, await _present(parts, viewer, changed))
        current = await parts.posts.get(post["_id"])
        if current is not None and "If-Match" in request.headers:
            require_match(request, await _present(parts, viewer, current))
    raise not_found()


@router.delete("/v1/posts/{post_id}", status_code=204, dependencies=[Depends(limited_writes)])
async def delete_post(request: Request, viewer: SignedIn, post: OwnPost, parts: PartsDep) -> None:
    """Delete it with its comments and likes. The pictures stay among one's own while their generation does.

    412 when `If-Match` names an older state.
    """
    if "If-Match" in request.headers:
        require_match(request, await _present(parts, viewer, post))
    await publishing.delete(parts, post)


async def _publish(parts: Parts, viewer: Viewer, post_id: str, body: NewPost) -> Document:
    if len(set(body.image_ids)) != len(body.image_ids):
        raise invalid(["body", "image_ids"], "Each picture can be in a post once.", code="duplicate_picture")
    _only_known(body.alt, body.image_ids)
    images = await parts.images.of_person(body.image_ids, viewer.user_id)
    if any(image_id not in images or images[image_id]["status"] != "ready" for image_id in body.image_ids):
        raise publishing.not_ready()
    visibility, show_prompt = await _chosen(parts, viewer, body)
    tags = body.tags
    if tags is None:
        tags = suggested_tags(images[body.image_ids[0]]["prompt"]) if show_prompt else []
    return await publishing.publish(
        parts,
        viewer,
        post_id,
        [images[image_id] for image_id in body.image_ids],
        caption=body.caption,
        alt={image_id: text for image_id, text in body.alt.items() if text},
        tags=list(dict.fromkeys(tags)),
        visibility=visibility,
        show_prompt=show_prompt,
    )


async def _chosen(parts: Parts, viewer: Viewer, body: NewPost) -> tuple[Visibility, bool]:
    if body.visibility is not None and body.show_prompt is not None:
        return body.visibility, body.show_prompt
    account = await parts.accounts.get(viewer.user_id, {"preferences": 1})
    preferences = Preferences.model_validate(account["preferences"] if account else {})
    return (
        preferences.default_visibility if body.visibility is None else body.visibility,
        preferences.show_prompt if body.show_prompt is None else body.show_prompt,
    )


def _changes(body: PostChanges, post: Document) -> Document:
    """The fields that really change."""
    wanted: Document = body.model_dump(exclude_none=True, exclude={"alt"})
    if body.tags is not None:
        wanted["tags"] = list(dict.fromkeys(body.tags))
    elif body.show_prompt is False and post["show_prompt"]:
        wanted["tags"] = not_of_prompts(post["tags"], [image["prompt"] for image in post["images"]])
    if body.alt is not None:
        _only_known(body.alt, [image["image_id"] for image in post["images"]])
        wanted["images"] = [
            image | {"alt": (body.alt[image["image_id"]] or None) if image["image_id"] in body.alt else image["alt"]}
            for image in post["images"]
        ]
    values = {name: value for name, value in wanted.items() if value != post[name]}
    if values.keys() - {"visibility"}:
        values["edited_at"] = utcnow()
    return values


def _only_known(alt: AltTexts, image_ids: list[str]) -> None:
    if alt.keys() - set(image_ids):
        raise invalid(["body", "alt"], "It names a picture that is not in the post.", code="unknown_picture")


async def _present(parts: Parts, viewer: Viewer | None, post: Document) -> Post:
    shown = await present.posts(parts, viewer, [post])
    if not shown:
        raise not_found()
    return shown[0]
