"""Under which address people know the server, where that is configured: no request can say otherwise."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send


class PublicAddress:
    """Has every request come to the public address, so that all absolute addresses in answers are made from it.

    Without it they are made from `Host` (RFC 9110, section 7.2), which is whatever the client or a proxy wrote there.
    """

    def __init__(self, app: ASGIApp, url: str) -> None:
        self._app = app
        self._scheme, self._host = urlsplit(url).scheme, urlsplit(url).netloc.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope = {**scope, "scheme": self._scheme, "headers": [*others, (b"host", self._host)]}
        await self._app(scope, receive, send)
