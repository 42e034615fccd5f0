"""Errors as the API tells them: RFC 9457 problems with a stable `code` and the trace id, and nothing from inside."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from opentelemetry import trace
from pydantic import BaseModel, Field
from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.edge.methods import methods_at
from shared.bus import Unanswered

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
UNAVAILABLE_RETRY_S = 5


class FieldError(BaseModel):
    """What is wrong with one part of a request."""

    loc: list[str | int] = Field(description='Where, e.g. ["body", "username"].')
    msg: str


class ProblemDocument(BaseModel):
    """An RFC 9457 problem."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str = Field(description="Stable, snake_case.")
    trace_id: str
    errors: list[FieldError] | None = Field(None, description="Present when the request itself is malformed (422).")


class Problem(Exception):
    """An answer that is not a success. Raise it anywhere below a route.

    `errors` are `{"loc": […], "msg": …}`; `title` defaults to the status' own phrase.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        title: str | None = None,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail = status, code, detail
        self.title = title or HTTPStatus(status).phrase
        self.headers = dict(headers or {})
        self.errors = errors


def _sends_json(request: Request) -> bool:
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def not_found(detail: str = "There is no such thing, or it is not yours to see.") -> Problem:
    """404, also for what the asker may not know to exist."""
    return Problem(404, "not_found", detail)


def conflict(code: str, detail: str) -> Problem:
    """409: the request is fine and the present state forbids it."""
    return Problem(409, code, detail)


def invalid(loc: Sequence[str | int], msg: str, *, code: str = "invalid_request") -> Problem:
    """422 about one part of the request, e.g. `invalid(["body", "aspect"], "…")`."""
    return Problem(422, code, msg, errors=[{"loc": list(loc), "msg": msg}])


def forbidden(detail: str) -> Problem:
    """403: known who asks, and it is not for them."""
    return Problem(403, "forbidden", detail)


def suspended(decision: Mapping[str, Any]) -> Problem:
    """403: moderators have suspended who asks, by this decision `{id, reason}`."""
    why = f"Your account is suspended: {decision['reason']} You can appeal decision {decision['id']}."
    return Problem(403, "suspended", why)


def unauthenticated(detail: str, *, code: str = "unauthenticated", challenge: str = "Bearer") -> Problem:
    """401 with the challenge that RFC 6750 asks for."""
    return Problem(401, code, detail, headers={"WWW-Authenticate": challenge})


def unavailable(code: str, detail: str, *, retry_after_s: int = UNAVAILABLE_RETRY_S) -> Problem:
    """503 with `Retry-After`: a part that is needed is down for the moment."""
    return Problem(503, code, detail, headers={"Retry-After": str(retry_after_s)})


def trace_id() -> str:
    """The current trace's id in hex; a random one where nothing is traced, so that logs can still be matched."""
    span = trace.get_current_span().get_span_context()
    return format(span.trace_id, "032x") if span.is_valid else secrets.token_hex(16)


def problem_response(request: Request, problem: Problem, *, trace: str | None = None) -> Response:
    """The problem as an answer. ASCII only, because an echoed field name may hold what UTF-8 can't."""
    body: dict[str, Any] = {
        "type": f"urn:promptgram:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.url.path,
        "code": problem.code,
        "trace_id": trace or trace_id(),
    }
    if problem.errors is not None:
        body["errors"] = [{"loc": list(error["loc"]), "msg": str(error["msg"])} for error in problem.errors]
    return Response(json.dumps(body), problem.status, {**problem.headers, "Cache-Control": "no-store"}, MEDIA_TYPE)


_CODES = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
}


def _transient(error: PyMongoError) -> bool:
    """Whether the database may well answer a moment later."""
    labels = ("TransientTransactionError", "RetryableWriteError", "UnknownTransactionCommitResult")
    return isinstance(error, ConnectionFailure | ExecutionTimeout) or any(map(error.has_error_label, labels))


def failure_response(request: Request, error: Exception) -> Response:
    """500 for what nobody foresaw: all of it in the log, nothing of it in the answer."""
    ident = trace_id()
    trace.get_current_span().record_exception(error)
    log.error("request failed", path=request.url.path, problem_trace_id=ident, exc_info=error)
    problem = Problem(500, "internal", "Something went wrong here; it has been recorded under the trace id.")
    return problem_response(request, problem, trace=ident)


def _in_words(error: Mapping[str, Any]) -> str:
    """Pydantic's message, which calls the characters of a text items once the text has been normalised."""
    message = str(error["msg"])
    if error["type"] in ("too_short", "too_long") and isinstance(error["input"], str):
        message = re.sub(r" item(s?) after validation, not \d+$", r" character\1", message)
    return message


class UnforeseenFailures:
    """Answers 500 problems inside the other middleware, so that these too carry every header."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watching(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watching)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            await failure_response(Request(scope), error)(scope, receive, send)


def install_error_handlers(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Make every failure below `app` a problem; `routers` say which methods an address takes."""

    async def on_problem(request: Request, error: Problem) -> Response:
        return problem_response(request, error)

    async def on_http(request: Request, error: HTTPException) -> Response:
        status, headers = error.status_code, error.headers
        if status == 204:  # A dependency has found that there is nothing to answer: no problem, and no body.
            return Response(status_code=status, headers=headers)
        methods = methods_at(routers, request.url.path) if status in (404, 405) else []
        if methods and request.method not in methods:
            status, headers = 405, {"Allow": ", ".join(methods)}
        code = _CODES.get(status, "bad_request" if status < 500 else "internal")
        detail = {
            404: "There is nothing at this address.",
            405: "This address does not take this method.",
            413: "The request body is too large.",
        }
        text = detail.get(status) or str(error.detail)
        return problem_response(request, Problem(status, code, text, headers=headers))

    async def on_invalid(request: Request, error: RequestValidationError) -> Response:
        # What can't be an id is an id that nobody has.
        if any(one["loc"][0] == "path" for one in error.errors()):
            return problem_response(request, not_found())
        unread = any(one["loc"] == ("body",) and one["type"] != "missing" for one in error.errors())
        if unread and not _sends_json(request):
            detail = "Send JSON, and say so: `Content-Type: application/json`."
            return problem_response(request, Problem(415, "unsupported_media_type", detail))
        errors = [{"loc": one["loc"], "msg": _in_words(one)} for one in error.errors()]
        problem = Problem(422, "invalid_request", "Some parts of the request are not valid.", errors=errors)
        return problem_response(request, problem)

    async def on_unavailable(request: Request, error: Exception) -> Response:
        if isinstance(error, PyMongoError) and not _transient(error):
            return failure_response(request, error)
        log.warning("a part is out of reach", error=str(error) or type(error).__name__)
        return problem_response(request, unavailable("unavailable", "A part of the service is down for the moment."))

    handlers: dict[type[Exception], Any] = {
        Problem: on_problem,
        HTTPException: on_http,
        RequestValidationError: on_invalid,
        Unanswered: on_unavailable,
        PyMongoError: on_unavailable,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
    app.add_middleware(UnforeseenFailures)
