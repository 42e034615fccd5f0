"""What every answer carries, and what every request is held to before it reaches a route."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.errors import Problem, problem_response

API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
PAGE_FREE_PATHS = ("/v1/", "/openapi.json", "/asyncapi", "/livez", "/readyz", "/media/")
"""Paths that never answer with a page of ours: they get the strictest policy."""


class EdgeHeaders:
    """Adds security headers, `private` caching, and what dependencies left in `request.state.answer_headers`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told: dict[str, str] = {}
        scope.setdefault("state", {})["answer_headers"] = told
        path = scope["path"]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in told.items():
                    headers[name] = value
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
                headers.setdefault("X-Frame-Options", "DENY")
                headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
                headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), browsing-topics=()")
                policy = API_POLICY if path.startswith(PAGE_FREE_PATHS) else PAGE_POLICY
                headers.setdefault("Content-Security-Policy", policy)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
                if path.startswith("/v1/"):
                    # The framework's own word for streams leaves out that they are for one person.
                    if headers.get("Cache-Control") in (None, "no-cache"):
                        headers["Cache-Control"] = "private, no-cache"
                    headers.add_vary_header("Authorization")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Refuses larger request bodies with 413, by their declared length or when they turn out longer.

    And those that are no UTF-8 with 400.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared[:20]) > self._max_bytes:
            problem = Problem(413, "body_too_large", f"The request body may have {self._max_bytes} bytes at most.")
            await problem_response(Request(scope), problem)(scope, receive, send)
            return
        received = 0

        async def counting() -> Message:
            nonlocal received
            message = await receive()
            body = message.get("body", b"")
            received += len(body)
            if received > self._max_bytes:
                raise HTTPException(413)
            # The parser would take UTF-16 and UTF-32, which RFC 8259 does not: these have a zero byte near their start.
            if received == len(body) and b"\0" in body[:4]:
                raise HTTPException(400, "JSON is sent as UTF-8.")
            return message

        await self._app(scope, counting, send)
