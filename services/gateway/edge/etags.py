"""Single resources with an `ETag`, so that a client asks again cheaply and changes only what it has seen."""

from __future__ import annotations

import hashlib

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from services.gateway.errors import Problem


def tagged(request: Request, model: BaseModel, *, status: int = 200) -> Response:
    """The model as JSON with its tag; 304 without a body when `If-None-Match` names that tag."""
    body = model.model_dump_json().encode()
    tag = _tag(body)
    if request.method == "GET" and is_known(request, tag):
        return Response(status_code=304, headers={"ETag": tag})
    return Response(body, status, {"ETag": tag}, "application/json")


def created(model: BaseModel) -> Response:
    """201 with what was made."""
    return Response(model.model_dump_json(), 201, media_type="application/json")


def require_match(request: Request, model: BaseModel) -> None:
    """412 `changed_meanwhile` when `If-Match` is there and names another state than the present one."""
    conditions = request.headers.getlist("If-Match")
    if conditions and not _names(conditions, _tag(model.model_dump_json().encode())):
        raise Problem(412, "changed_meanwhile", "It has changed since you read it; read it again.")


def is_known(request: Request, tag: str) -> bool:
    """Whether `If-None-Match` names this tag: the client has what it asks for."""
    return _names(request.headers.getlist("If-None-Match"), tag)


def _tag(body: bytes) -> str:
    return f'"{hashlib.blake2s(body, digest_size=12).hexdigest()}"'


def _names(conditions: list[str], tag: str) -> bool:
    """Whether a condition, in one header or several, names the tag, or `*`: any.

    A proxy that compresses may have made the tag weak, so a weak one counts for `If-Match` too.
    """
    named = {part.strip().removeprefix("W/") for condition in conditions for part in condition.split(",")}
    return bool(named & {"*", tag})
