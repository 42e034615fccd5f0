"""`Idempotency-Key`: a creating POST that is sent twice has its effect once and gets the same answer twice.

    @router.post("/v1/things", status_code=201)
    async def create(body: NewThing, idempotent: Idempotent) -> Response:
        async def make() -> Response:
            thing = await store.add(idempotent.resource_id, body)
            return JSONResponse(thing, 201)
        return await idempotent.run(make)

Kept for repeats: 2xx, and the problems 409, 410 and 422 that `make` raises. Everything else lets a repeat try anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Header, Request
from starlette.responses import Response

from services.gateway.context import Parts, PartsDep
from services.gateway.errors import Problem, invalid, problem_response
from services.gateway.identity.auth import MaybeSignedIn
from services.gateway.store.idempotency import Claim, StoredAnswer
from shared.events import utcnow
from shared.ids import new_id

KEPT_PROBLEMS = (409, 410, 422)
POLL_S = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.6)
_DROPPED = {"content-length"}

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Any text unique to this act; repeating the request with it within 24 h repeats the answer.",
    ),
]


class Idempotency:
    """One request's way through the records. `resource_id` is the id for what `make` creates."""

    def __init__(self, request: Request, parts: Parts, user_id: str | None, key: str | None) -> None:
        self._request, self._parts, self._user_id, self._key = request, parts, user_id, key
        self.resource_id = new_id()
        self.repeated = False
        """True when an earlier attempt died midway: what it made, if anything, has this `resource_id`."""

    async def run(self, make: Callable[[], Awaitable[Response]]) -> Response:
        """Carry `make` out, or answer what it answered before.

        Raises 422 `idempotency_key_reused` for another body, and 409 `idempotency_in_progress` when the first request
        with this key is still being worked on after about 2 s.
        """
        if self._key is None:
            return await make()
        records, request = self._parts.idempotency, self._request
        route = f"{request.method} {request.scope['route'].path}"
        record_id = records.digest((self._user_id or "").encode(), route.encode(), self._key.encode())
        body = await request.body()
        fingerprint = records.digest(request.url.path.encode(), request.url.query.encode(), body)
        claim = await records.claim(record_id, fingerprint, self._user_id)
        if claim is None:
            found = await self._wait(record_id, fingerprint)
            if isinstance(found, StoredAnswer):
                return _replayed(found)
            claim = found
        self.resource_id, self.repeated = claim.resource_id, claim.repeated
        return await self._carry_out(make, record_id)

    async def _wait(self, record_id: str, fingerprint: str) -> StoredAnswer | Claim:
        records = self._parts.idempotency
        for pause in (*POLL_S, None):
            record = await records.find(record_id)
            if record is None:
                claim = await records.claim(record_id, fingerprint, self._user_id)
                if claim:
                    return claim
                continue
            if record["fingerprint"] != fingerprint:
                raise invalid(
                    ["header", "Idempotency-Key"],
                    "This key was used for another request.",
                    code="idempotency_key_reused",
                )
            answer = records.open(record)
            if answer:
                return answer
            if record["answer"] is None and record["locked_until"] <= utcnow():
                claim = await records.take_over(record)
                if claim:
                    return claim
            if pause:
                await asyncio.sleep(pause)
        raise Problem(
            409,
            "idempotency_in_progress",
            "The first request with this key is still being worked on.",
            headers={"Retry-After": "1"},
        )

    async def _carry_out(self, make: Callable[[], Awaitable[Response]], record_id: str) -> Response:
        records = self._parts.idempotency
        try:
            response = await make()
        except Problem as problem:
            if problem.status not in KEPT_PROBLEMS:
                await records.release(record_id)
                raise
            response = problem_response(self._request, problem)
        except BaseException:
            await records.release(record_id)
            raise
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in response.raw_headers
            if name.decode("latin-1") not in _DROPPED
        ]
        await records.store(record_id, StoredAnswer(response.status_code, headers, bytes(response.body)))
        return response


def _replayed(answer: StoredAnswer) -> Response:
    response = Response(answer.body, answer.status)
    for name, value in answer.headers:
        response.headers.append(name, value)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def idempotent(request: Request, parts: PartsDep, viewer: MaybeSignedIn, key: Key = None) -> Idempotency:
    return Idempotency(request, parts, viewer.user_id if viewer else None, key)


Idempotent = Annotated[Idempotency, Depends(idempotent)]
