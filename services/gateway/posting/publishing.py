"""Publishing pictures: posts come, change and go, each with its event in one transaction.

The bytes of open posts must be served while the database is down, so whether anybody may fetch a picture is also
noted in the object store: allowed before the transaction that opens a post commits, and taken back before one that
closes it does. A crash in between leaves a picture open whose hash nobody was told, or closed until its post is
touched; never open against a record.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from services.gateway import present
from services.gateway.context import Parts
from services.gateway.errors import invalid
from services.gateway.identity.auth import Viewer
from services.gateway.people.telling import notify
from services.gateway.pictures import cleaning
from services.gateway.posting import hiding, post_words
from services.gateway.store.notifications import Act
from services.gateway.store.posts import COUNTED_AS, OPEN
from services.gateway.store.recounts import Kind
from services.gateway.store.removals import Removal
from shared.events import (
    Event,
    PostChanged,
    PostDeleted,
    PostImage,
    PostPublished,
    PostRemixed,
    PostState,
    Visibility,
    utcnow,
)
from shared.mongo import Document


async def publish(
    parts: Parts,
    author: Viewer,
    post_id: str,
    images: list[Document],
    *,
    caption: str,
    alt: dict[str, str],
    tags: list[str],
    visibility: Visibility,
    show_prompt: bool,
) -> Document:
    """Make a post of one's own ready pictures; 422 `picture_not_ready` when one of them was deleted meanwhile."""
    parent, root_id = await _parent(parts, images[0])
    now = utcnow()
    post: Document = {
        "_id": post_id,
        "author_id": author.user_id,
        "author_username": author.username,
        "images": [_shown(image, alt.get(image["_id"])) for image in images],
        "caption": caption,
        "tags": tags,
        "model": images[0]["model"],
        "aspect": images[0]["aspect"],
        "seed": images[0]["seed"],
        "prompt": images[0]["prompt"],
        "show_prompt": show_prompt,
        "visibility": visibility,
        "parent_id": parent["_id"] if parent else None,
        "root_id": root_id,
        "counts": {"likes": 0, "comments": 0, "remixes": 0, "bookmarks": 0},
        "version": 1,
        "stops": {},
        "moderation": "allow",
        "decision": None,
        "created_at": now,
        "edited_at": None,
    }
    image_ids = [image["_id"] for image in images]
    judgement = await post_words.judge_new(parts, post)
    if judgement.rating != "allow":
        post |= hiding.hide(post, hiding.WORDS, judgement.decision)

    async def work(session: AsyncClientSession) -> list[Document]:
        if await parts.images.shown(image_ids, author.user_id, 1, session) != len(image_ids):
            raise not_ready()
        await parts.posts.insert(post, session)
        await _count_later(parts, post, session)
        events: list[Event] = [state(PostPublished, post, author.display_name), *judgement.told]
        if parent and visibility == "public" and judgement.rating == "allow":
            events.append(
                PostRemixed(
                    post_id=parent["_id"], author_id=parent["author_id"], user_id=author.user_id, remix_id=post_id
                )
            )
        return await parts.outbox.add(session, *events)

    if _open(post):
        await _open_pictures(parts, post)
    try:
        rows = await parts.mongo.transaction(work)
    except BaseException:
        with contextlib.suppress(PyMongoError):
            await _close_pictures(parts, post)
        raise
    parts.outbox.flush(rows)
    await _count(parts, post, 1)
    await _tell_parent(parts, post)
    if any(image["posts"] for image in images):
        await settle_pictures(parts, post)
    return post


async def change(parts: Parts, post: Document, values: Document) -> Document | None:
    """Change a post that is at a known version; None when somebody else changed it first."""
    author = await parts.accounts.get(post["author_id"], {"display_name": 1})
    after = post | values | {"version": post["version"] + 1}

    async def work(session: AsyncClientSession) -> tuple[Document, list[Document]] | None:
        changed = await parts.posts.change(post["_id"], post["version"], values, session)
        if changed is None:
            return None
        if {*_counted_by(changed)} != {*_counted_by(post)}:
            await _count_later(parts, post, session)
            await _count_later(parts, changed, session)
        event = state(PostChanged, changed, author["display_name"] if author else "")
        return changed, await parts.outbox.add(session, event)

    if _open(after):
        await _open_pictures(parts, after)
    else:
        await _close_pictures(parts, post)
    done = await parts.mongo.transaction(work)
    if done is None:
        await settle_pictures(parts, post)
        return None
    changed, rows = done
    parts.outbox.flush(rows)
    if {*_counted_by(changed)} != {*_counted_by(post)}:
        await _count(parts, post, -1)
        await _count(parts, changed, 1)
    await _tell_parent(parts, changed, before=post)
    if _open(post) != _open(changed):
        await settle_pictures(parts, changed)
    return changed


async def delete(parts: Parts, post: Document) -> None:
    """Delete a post; its pictures go too where no other post shows them and their generation is gone."""
    image_ids = [image["image_id"] for image in post["images"]]

    async def work(session: AsyncClientSession) -> tuple[list[Document], list[Removal]] | None:
        if await parts.posts.delete(post["_id"], session) is None:
            return None
        await _count_later(parts, post, session)
        await parts.images.shown(image_ids, post["author_id"], -1, session)
        removals: list[Removal] = [("post", post["_id"])]
        for image in await parts.images.unused(image_ids, session):
            if await parts.generations.exists(image["generation_id"], session):
                continue
            await parts.images.delete([image["_id"]], session)
            removals.append(("picture", image["hash"]))
        await parts.removals.add(removals, session)
        event = PostDeleted(post_id=post["_id"], author_id=post["author_id"])
        return await parts.outbox.add(session, event), removals

    await _close_pictures(parts, post)
    done = await parts.mongo.transaction(work)
    if done is None:
        return
    parts.outbox.flush(done[0])
    await _count(parts, post, -1)
    await _tell_parent(parts, None, before=post)
    await settle_pictures(parts, post)
    await cleaning.carry_out(parts, done[1])


async def settle_pictures(parts: Parts, post: Document) -> None:
    """Make what the object store notes about a post's pictures agree with the record.

    To be done after a change that others of the same picture may have met: of two at the same time neither sees what
    the other is about to commit. The last look comes after the last note, so that of several who settle one is right.
    """
    for name in _names(post):
        noted = None
        while noted != (shown := await parts.posts.open_shows(name)):
            await (parts.pictures.open(name) if shown else parts.pictures.close(name))
            noted = shown


def state(kind: type[PostState], post: Document, display_name: str) -> PostState:
    """The event that tells of a post as it is now. What is hidden by its author or by moderation is told as private."""
    return kind(
        post_id=post["_id"],
        version=post["version"],
        author_id=post["author_id"],
        author_username=post["author_username"],
        images=tuple(_told(image, post["show_prompt"], display_name) for image in post["images"]),
        caption=post["caption"],
        tags=tuple(post["tags"]),
        model=post["model"],
        aspect=post["aspect"],
        visibility=post["visibility"] if post["moderation"] == "allow" else "private",
        parent_id=post["parent_id"],
        root_id=post["root_id"],
        published_at=post["created_at"],
    )


def not_ready() -> Exception:
    """422: only one's own pictures that passed their check can be published."""
    return invalid(
        ["body", "image_ids"], "Each must be the id of a picture of yours that is ready.", code="picture_not_ready"
    )


def _told(image: Document, show_prompt: bool, display_name: str) -> PostImage:
    prompt = image["prompt"] if show_prompt else None
    facts = {name: image[name] for name in ("image_id", "hash", "width", "height", "seed")}
    return PostImage(**facts, prompt=prompt, alt=image["alt"] or present.default_alt(prompt, display_name))


def _shown(image: Document, alt: str | None) -> Document:
    facts = {name: image[name] for name in ("hash", "width", "height", "seed", "thumbhash", "prompt")}
    return {"image_id": image["_id"], **facts, "alt": alt or None}


async def _parent(parts: Parts, image: Document) -> tuple[Document | None, str | None]:
    """The post that a picture was made from, if it still stands, and the first one of that chain."""
    parent = await parts.posts.get(image["source_post_id"]) if image["source_post_id"] else None
    return parent, (parent["root_id"] or parent["_id"]) if parent else None


async def _tell_parent(parts: Parts, post: Document | None, *, before: Document | None = None) -> None:
    """Tell whose post was remixed once others may see the remix, and no more when they may not."""
    remix = post or before
    told, wanted = _is_told(before), _is_told(post)
    parent = await parts.posts.get(remix["parent_id"]) if remix and told != wanted else None
    if remix is None or parent is None:
        return
    act = Act(parent["author_id"], "remix", remix["author_id"], parent["_id"])
    if wanted:
        await notify(parts, act)
    elif not any(map(_is_told, await parts.posts.remixes_by(remix["author_id"], parent["_id"]))):
        await parts.notifications.take_back([act])


def _is_told(post: Document | None) -> bool:
    return bool(post and post["parent_id"] and post["visibility"] != "private" and post["moderation"] == "allow")


async def _count(parts: Parts, post: Document, step: int) -> None:
    counted = [
        (parts.accounts if kind == "person" else parts.posts).counting(of, counter, step)
        for kind, of, counter in _counted_by(post)
    ]
    if counted:
        await parts.mongo.write_with_others(counted)


async def _count_later(parts: Parts, post: Document, session: AsyncClientSession) -> None:
    """Have those counted again that `_count` moves after the transaction: a crash may come between."""
    for kind, of, _ in _counted_by(post):
        await parts.recounts.add(kind, [of], session)


def _counted_by(post: Document) -> Iterable[tuple[Kind, str, str]]:
    """Whose counters a post moves where others may see it: its author's, and those of the post that it remixes."""
    if post["moderation"] != "allow":
        return
    if counter := COUNTED_AS.get(post["visibility"]):
        yield "person", post["author_id"], counter
    if post["parent_id"] and post["visibility"] == "public":
        yield "post", post["parent_id"], "remixes"


def _open(post: Document) -> bool:
    return post["visibility"] in OPEN and post["moderation"] == "allow"


def _names(post: Document) -> Iterable[str]:
    return (image["hash"] for image in post["images"])


async def _open_pictures(parts: Parts, post: Document) -> None:
    for name in _names(post):
        await parts.pictures.open(name)


async def _close_pictures(parts: Parts, post: Document) -> None:
    """Close those pictures of a post that no other open post shows."""
    for name in _names(post):
        if not await parts.posts.open_shows(name, without=post["_id"]):
            await parts.pictures.close(name)
