"""HEAD wherever GET is: the same answer without its body (RFC 9110, section 9.3.2)."""

from __future__ import annotations

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """Has HEAD requests answered as GET, up to where the body would begin."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        with anyio.CancelScope() as answering:

            async def send_head(message: Message) -> None:
                if message["type"] != "http.response.start":
                    return
                await send(message)
                await send({"type": "http.response.body"})
                # A stream would go on for as long as what it tells of.
                answering.cancel()

            # A copy, for the server goes by its own scope in sending no body.
            await self._app({**scope, "method": "GET"}, receive, send_head)
