"""Rate limits, shared by all gateway processes, told in `RateLimit-*` headers on every answer of a limited route."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Literal

from fastapi import Request

from services.gateway.context import Parts, PartsDep
from services.gateway.errors import Problem
from services.gateway.identity.auth import MaybeSignedIn
from shared.events import utcnow

WINDOW_S = 60
WRITES_PER_MINUTE = 1200
GENERATIONS_PER_MINUTE = 120
INTENTS_PER_MINUTE = 30
Dependency = Callable[..., Awaitable[None]]


def limited(name: str, *, per_minute: int, by: Literal["person", "address"] = "person") -> Dependency:
    """A route dependency: `dependencies=[Depends(limited("comments", per_minute=60))]`.

    Counts by person, or by address for who is not signed in or when `by` says so. Routes of one name share the count.
    """

    async def by_person(request: Request, parts: PartsDep, viewer: MaybeSignedIn) -> None:
        who = viewer.user_id if viewer else address_of(request)
        await count(request, parts, name, who, per_minute)

    async def by_address(request: Request, parts: PartsDep) -> None:
        await count(request, parts, name, address_of(request), per_minute)

    return by_address if by == "address" else by_person


limited_writes = limited("writes", per_minute=WRITES_PER_MINUTE)
"""For every route that changes something and has no limit of its own."""


async def count(request: Request, parts: Parts, name: str, who: str, per_minute: int) -> None:
    """Count one use; raises 429 `rate_limited` above the limit. The answer's headers tell of the tightest limit met."""
    allowed = max(1, int(per_minute * parts.settings.rate_limit_factor))
    now = utcnow()
    # A digest, so that neither addresses nor logins lie in the database in plain sight.
    person = hashlib.blake2s(who.encode(), digest_size=12).hexdigest()
    used, ends = await parts.rate_counters.hit(f"{name}:{person}", now, timedelta(seconds=WINDOW_S))
    reset = max(1, math.ceil((ends - now).total_seconds()))
    remaining = max(0, allowed - used)
    told = request.state.answer_headers
    if used > allowed or "RateLimit-Remaining" not in told or remaining < int(told["RateLimit-Remaining"]):
        told |= {
            "RateLimit-Limit": str(allowed),
            "RateLimit-Remaining": str(remaining),
            "RateLimit-Reset": str(reset),
            "RateLimit-Policy": f"{allowed};w={WINDOW_S}",
        }
    if used > allowed:
        raise Problem(
            429, "rate_limited", f"Too many requests; try again in {reset} s.", headers={"Retry-After": str(reset)}
        )


def address_of(request: Request) -> str:
    """The client's address; behind a proxy, uvicorn's `--forwarded-allow-ips` makes it the real one."""
    return request.client.host if request.client else "unknown"
