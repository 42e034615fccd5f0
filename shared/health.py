"""`/livez`: the process runs. `/readyz`: it can do its work now, part by part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

Check = Callable[[], Awaitable[object]]
CHECK_TIMEOUT_S = 2.0


async def run_checks(checks: Mapping[str, Check]) -> dict[str, str]:
    """Each part's state: "ok", or what is wrong with it. All are asked at once, 2 s at most."""

    async def one(check: Check) -> str:
        try:
            await asyncio.wait_for(check(), CHECK_TIMEOUT_S)
        except TimeoutError:
            return "no answer"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return "ok"

    return dict(zip(checks, await asyncio.gather(*map(one, checks.values())), strict=True))


def health_routes(checks: Mapping[str, Check]) -> list[Route]:
    """The two health routes; `checks` raise when their part is not usable."""

    async def livez(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> JSONResponse:
        parts = await run_checks(checks)
        ready = all(state == "ok" for state in parts.values())
        # The reason stays in the log of whoever asks from inside: an error text may name hosts.
        answer = {name: "ok" if state == "ok" else "down" for name, state in parts.items()}
        return JSONResponse({"status": "ok" if ready else "not_ready", "parts": answer}, 200 if ready else 503)

    return [Route("/livez", livez), Route("/readyz", readyz)]
