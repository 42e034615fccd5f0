"""Whether a prompt is taken now: by the person's quota, the length of the line, and the day's budget."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from services.gateway.context import Parts
from services.gateway.errors import Problem, unavailable
from services.gateway.store.quotas import day_ends_in_s
from shared.events import utcnow

Budget = Literal["ample", "low", "spent"]


class Quota(BaseModel):
    """How many pictures one may have painted today."""

    limit: int
    used: int
    remaining: int
    resets_in_s: int = Field(description="Until the day in UTC is over.")


async def budget(parts: Parts) -> Budget:
    """Where the day's painting time stands between its two caps."""
    settings = parts.settings
    if not settings.gpu_budgeted:
        return "ample"
    spent_s = await parts.budget.spent_s()
    if settings.gpu_seconds_hard is not None and spent_s >= settings.gpu_seconds_hard:
        return "spent"
    return "low" if settings.gpu_seconds_soft is not None and spent_s >= settings.gpu_seconds_soft else "ample"


async def quota(parts: Parts, user_id: str) -> Quota:
    """A person's quota as it stands."""
    now = utcnow()
    limit = _limit(parts, await budget(parts))
    used = await parts.quotas.used(user_id, now)
    return Quota(limit=limit, used=used, remaining=max(0, limit - used), resets_in_s=day_ends_in_s(now))


async def admit(parts: Parts, user_id: str, pictures: int) -> None:
    """Take so many pictures of the person's quota, and of the line, or say why not and when to come again.

    Raises:
        Problem: 503 `queue_full` or `budget_spent`, 429 `quota_spent`, each with `Retry-After`.
    """
    now = utcnow()
    expected_ms, longest_ms = parts.line.expected_ms(pictures), parts.settings.longest_queue_s * 1000
    # A line that is empty but asleep takes a prompt all the same: somebody has to wake it.
    if expected_ms is not None and expected_ms > longest_ms and parts.line.busy:
        wait_s = max(1, round((expected_ms - longest_ms) / 1000))
        raise unavailable("queue_full", f"Too many prompts are waiting; try again in {wait_s} s.", retry_after_s=wait_s)
    state = await budget(parts)
    ends_s = day_ends_in_s(now)
    if state == "spent":
        detail = "Today's painting time is used up. It begins anew at midnight UTC."
        raise unavailable("budget_spent", detail, retry_after_s=ends_s)
    limit = _limit(parts, state)
    if not await parts.quotas.take(user_id, now, pictures, limit=limit):
        detail = f"You may have {limit} pictures painted a day; the next day begins at midnight UTC."
        raise Problem(429, "quota_spent", detail, headers={"Retry-After": str(ends_s)})
    parts.line.admitted(pictures)


async def release(parts: Parts, user_id: str, pictures: int) -> None:
    """What was admitted has not been asked for after all."""
    await parts.quotas.give_back(user_id, utcnow(), pictures)


def _limit(parts: Parts, state: Budget) -> int:
    limit = parts.settings.pictures_per_day * parts.settings.rate_limit_factor
    return max(1, int(limit if state == "ample" else limit / 2))
