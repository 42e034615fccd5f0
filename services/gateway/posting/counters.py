"""What a post's counters count: likes, bookmarks, comments and remixes."""

from __future__ import annotations

from datetime import datetime

from services.gateway.context import Parts
from services.gateway.recounting import Counted, Look
from services.gateway.store.reactions import COUNTERS


async def _moved(parts: Parts, since: datetime, until: datetime) -> set[str]:
    return await parts.reactions.moved(since, until) | await parts.comments.commented_since(since, until)


async def _look(parts: Parts, post_id: str, _: bool) -> Look | None:
    post = await parts.posts.get(post_id)
    if post is None:
        return None
    right = {name: await parts.reactions.count(kind, post_id) for kind, name in COUNTERS.items()}
    right["comments"] = await parts.comments.count(post_id)
    right["remixes"] = await parts.posts.count_remixes(post_id)
    return Look({name: post["counts"][name] for name in right}, right)


async def _correct(parts: Parts, post_id: str, look: Look) -> bool:
    return await parts.posts.correct(post_id, look.shown, look.right)


POSTS = Counted("post", _moved, _look, _correct)
