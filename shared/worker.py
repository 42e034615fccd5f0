"""The ASGI app of a service without a public API: it hears events, answers queries, and tells how it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette

from shared import garbage
from shared.bus import Bus
from shared.health import Check, health_routes
from shared.logs import configure_logs
from shared.settings import ServiceSettings
from shared.telemetry import configure_telemetry

Resource = Callable[[], AbstractAsyncContextManager[object]]


def worker_app(
    service: str,
    settings: ServiceSettings,
    bus: Bus,
    *,
    checks: Mapping[str, Check] | None = None,
    resources: tuple[Resource, ...] = (),
) -> Starlette:
    """Build the app. `resources` are entered in order before the bus starts and left in reverse after it stopped."""
    configure_logs(service, settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        telemetry = configure_telemetry(service, settings)
        async with AsyncExitStack() as stack:
            stack.callback(telemetry.shutdown)
            for resource in resources:
                await stack.enter_async_context(resource())
            stack.push_async_callback(bus.stop)
            garbage.spare_what_is_loaded()
            await bus.start()
            yield

    return Starlette(routes=health_routes({"broker": bus.ping, **(checks or {})}), lifespan=lifespan)
