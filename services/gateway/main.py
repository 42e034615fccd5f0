"""What the gateway is made of."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from services.gateway import handlers, reconciler, reference
from services.gateway.context import Parts
from services.gateway.edge.heads import Heads
from services.gateway.edge.public_address import PublicAddress
from services.gateway.edge.security_headers import BodyLimit, EdgeHeaders
from services.gateway.edge.web_app import serve_web_app
from services.gateway.errors import ProblemDocument, install_error_handlers
from services.gateway.people import erasure
from services.gateway.routes import ROUTERS
from services.gateway.settings import GatewaySettings
from shared import background, garbage
from shared.bus import Bus
from shared.health import health_routes
from shared.logs import configure_logs
from shared.media import MediaStore
from shared.mongo import Mongo
from shared.telemetry import configure_telemetry

EXPOSED_HEADERS = (
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "Preference-Applied",
    "RateLimit-Limit",
    "RateLimit-Policy",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
)


def create_app(
    settings: GatewaySettings | None = None,
    *,
    mongo: Mongo | None = None,
    bus: Bus | None = None,
    media: MediaStore | None = None,
) -> FastAPI:
    """The gateway as an ASGI app; ports default to what the settings name. `app.state.parts` holds its `Parts`."""
    settings = settings or GatewaySettings()
    configure_logs("gateway", settings)
    mongo = mongo or Mongo(settings, "gateway")
    bus = bus or Bus(settings, "gateway")
    parts = Parts.assemble(settings, mongo, bus, media or MediaStore(settings.media_store_url))
    handlers.register(bus, parts)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        telemetry = configure_telemetry("gateway", settings)
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(telemetry.shutdown)
            stack.push_async_callback(parts.mongo.close)
            garbage.spare_what_is_loaded()
            await parts.create_indexes()
            await parts.outbox.start()
            stack.push_async_callback(parts.outbox.stop)
            stack.push_async_callback(parts.bus.stop)
            await parts.bus.start()
            for run in (erasure.run, reconciler.run):
                await stack.enter_async_context(background.running(run(parts)))
            yield

    app = FastAPI(
        title="Promptgram",
        version="1",
        summary="A social network for pictures that people make with words.",
        lifespan=lifespan,
        responses={"default": {"model": ProblemDocument, "description": "An RFC 9457 problem."}},
        docs_url=None,
        redoc_url=None,
    )
    app.state.parts = parts
    reference.describe_precisely(app, ROUTERS)
    install_error_handlers(app, ROUTERS)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_credentials=True,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Prefer"],
            expose_headers=list(EXPOSED_HEADERS),
        )
    app.add_middleware(EdgeHeaders)
    app.add_middleware(Heads)
    if settings.public_url:
        app.add_middleware(PublicAddress, url=settings.public_url)
    app.router.routes.extend(health_routes({"database": mongo.ping, "broker": bus.ping}))
    for router in (*ROUTERS, reference.router):
        app.include_router(router)
    app.mount("/docs/ui", reference.swagger_ui)
    serve_web_app(app, settings.web_dist)
    return app
