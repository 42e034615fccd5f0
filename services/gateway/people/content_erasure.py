"""Deleting what an erased person made: pictures with their bytes, posts with all that hangs on them, and the rest."""

from __future__ import annotations

from functools import partial

from services.gateway import recounting
from services.gateway.context import Parts
from services.gateway.pictures import cleaning
from services.gateway.posting.counters import POSTS
from services.gateway.store.removals import Removal


async def remove(parts: Parts, user_id: str) -> dict[str, int]:
    """Delete it all and count again what others see of it; how many of each were removed. Can be repeated."""
    names = await parts.images.hashes_of(user_id)
    # Noted before the documents go: after a crash nothing else would know these names.
    await parts.removals.add([("picture", name) for name in names])
    posts = [post async for post in parts.posts.all(author_id=user_id)]
    touched = await parts.reactions.posts_of(user_id)
    touched |= {post["parent_id"] for post in posts if post["parent_id"]}
    comments = await parts.comments.of_author(user_id)
    touched |= {comment["post_id"] for comment in comments}
    await parts.recounts.add("post", touched)

    gone: list[Removal] = [("post", post["_id"]) for post in posts]
    await parts.removals.add(gone)
    for post in posts:
        await parts.mongo.transaction(partial(parts.posts.delete, post["_id"]))
    for comment in comments:
        await parts.comments.delete(comment["_id"])
    await parts.reactions.delete_of(user_id)
    await parts.prompts.delete_of(user_id)
    await parts.quotas.delete_of(user_id)
    await parts.generations.delete_of(user_id)
    await parts.images.delete_of(user_id)
    gone += [("picture", name) for name in names]
    await cleaning.carry_out(parts, gone)
    await recounting.recount(parts, POSTS, touched - {post["_id"] for post in posts})
    return {"pictures": len(names), "posts": len(posts), "comments": len(comments)}
