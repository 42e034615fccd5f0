"""The descriptions of the API and the events that the gateway serves: `/openapi.json`, `/docs`, `/asyncapi`."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles

from services.gateway.errors import MEDIA_TYPE as PROBLEM_TYPE
from services.gateway.identity.auth import signed_in
from shared.events import every_event
from shared.topology import CONSUMERS, emitter

router = APIRouter(include_in_schema=False)

swagger_ui = StaticFiles(directory=str(files("fastapi_offline").joinpath("static")))
"""Swagger UI's own files, from a package: the reference works without any other host."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Promptgram API reference</title>
<link rel="stylesheet" href="/docs/ui/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="reference"></div>
<noscript>The reference needs JavaScript; the document itself is <a href="/openapi.json">openapi.json</a>.</noscript>
<script src="/docs/ui/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>"""
# A file of its own, because the content security policy allows no script inside the page.
_START = """SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#reference", deepLinking: true, docExpansion: "list", persistAuthorization: false,
});
"""


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0 of every event: its subject, schema, who says it and who hears it."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for event in every_event():
        name = event.__name__
        schema = event.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {})
        schemas[name] = schema
        channels[name] = {
            "address": event.subject,
            "messages": {name: {"name": name, "payload": {"$ref": f"#/components/schemas/{name}"}}},
        }
        channel = {"$ref": f"#/channels/{name}"}
        operations[f"{emitter(event)}.says.{name}"] = {"action": "send", "channel": channel}
        for row in CONSUMERS:
            if row.event is event:
                operations[f"{row.service}.hears.{name}"] = {"action": "receive", "channel": channel}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Promptgram events",
            "version": "1",
            "description": "Facts that the services tell each other over NATS JetStream.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"schemas": schemas},
    }


def describe_precisely(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Let the OpenAPI document say that problems are `application/problem+json`, and where a token is optional."""
    generate = app.openapi
    closed = {
        (route.path, method.lower())
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute) and _needs_token(route.dependant)
        for method in route.methods or ()
    }

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            for path, operations in generate()["paths"].items():
                for method, operation in operations.items():
                    problem = operation["responses"].get("default", {})
                    if "application/json" in problem.get("content", {}):
                        problem["content"] = {PROBLEM_TYPE: problem["content"].pop("application/json")}
                    if "security" in operation and (path, method) not in closed:
                        operation["security"].append({})
        return generate()

    app.openapi = openapi  # type: ignore[method-assign]


def _needs_token(dependant: Dependant) -> bool:
    return any(inner.call is signed_in or _needs_token(inner) for inner in dependant.dependencies)


@router.get("/docs")
async def read_reference() -> HTMLResponse:
    return HTMLResponse(_PAGE)


@router.get("/docs/start.js")
async def read_start() -> Response:
    return Response(_START, media_type="text/javascript")


@router.get("/asyncapi")
async def read_asyncapi() -> JSONResponse:
    return JSONResponse(asyncapi())
