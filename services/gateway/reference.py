"""The descriptions of the API and the events that the gateway serves: `/openapi.json`, `/docs`, `/asyncapi`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from shared.events import every_event
from shared.topology import CONSUMERS, emitter

router = APIRouter(include_in_schema=False)


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


@router.get("/asyncapi")
async def read_asyncapi() -> JSONResponse:
    return JSONResponse(asyncapi())
