"""What a person's counters count: followers, whom they follow, and posts."""

from __future__ import annotations

from datetime import datetime

from services.gateway.context import Parts
from services.gateway.recounting import Counted, Look


async def _moved(parts: Parts, since: datetime, until: datetime) -> set[str]:
    return await parts.relations.moved(since, until)


async def _look(parts: Parts, user_id: str, noted: bool) -> Look | None:
    account = await parts.accounts.get(user_id, {"counts": 1})
    if account is None:
        return None
    right = await parts.relations.counts(user_id)
    if noted:
        # A new follower is no reason to count somebody's posts: there may be thousands.
        right |= await parts.posts.count_listed(user_id)
    return Look({name: account["counts"].get(name, 0) for name in right}, right)


async def _correct(parts: Parts, user_id: str, look: Look) -> bool:
    return await parts.accounts.correct(user_id, look.shown, look.right)


PEOPLE = Counted("person", _moved, _look, _correct)
