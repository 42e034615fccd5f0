"""What the tests of delivery share: quick retries, services that come and go, and a look into the streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import nats
import pytest
import structlog
from nats.js import JetStreamContext, api

from shared import bus as bus_module
from shared import delivery
from shared.bus import Bus
from shared.events import Event
from shared.settings import ServiceSettings
from shared.topology import Consumer

StartService = Callable[..., Awaitable[Bus]]
ACK_WAIT_S = 0.9


@pytest.fixture(autouse=True, scope="package")
def _short_tracebacks() -> None:
    """Failing handlers are everyday business here: their tracebacks are kept short."""
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds become tenths: delays between deliveries, the heartbeat, and how long a publication is waited for."""
    monkeypatch.setattr(delivery, "RETRY_DELAYS_S", (0.05, 0.1))
    monkeypatch.setattr(delivery, "ACK_WAIT_S", ACK_WAIT_S)
    monkeypatch.setattr(bus_module, "PUBLISH_TIMEOUT_S", 0.5)


@pytest.fixture
async def jetstream(nats_url: str) -> AsyncIterator[JetStreamContext]:
    client = await nats.connect(nats_url)
    yield client.jetstream()
    await client.close()


@pytest.fixture
async def start_service(nats_url: str) -> AsyncIterator[StartService]:
    """`await start_service("search", register)`: one process of a service, stopped with the test."""
    running: list[Bus] = []

    async def start(service: str, register: Callable[[Bus], object] = lambda _: None, *, url: str = nats_url) -> Bus:
        bus = Bus(ServiceSettings(nats_url=url), service)
        register(bus)
        running.append(bus)
        await bus.start()
        return bus

    yield start
    await asyncio.gather(*(bus.stop() for bus in running))


async def shorten_ack_wait(jetstream: JetStreamContext, row: Consumer) -> None:
    """Let the broker wait for an acknowledgement as long as these tests do, not half a minute."""
    await jetstream.add_consumer(
        "EVENTS",
        api.ConsumerConfig(
            durable_name=row.durable,
            filter_subject=row.event.subject,
            ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_S,
            max_deliver=10,
            max_ack_pending=row.max_ack_pending,
        ),
    )


async def stored(jetstream: JetStreamContext, stream: str = "EVENTS") -> list[api.RawStreamMsg]:
    """All messages of a stream, oldest first."""
    state = (await jetstream.stream_info(stream)).state
    numbers = range(state.first_seq, state.last_seq + 1) if state.messages else ()
    return [await jetstream.get_msg(stream, number) for number in numbers]


async def unsettled(jetstream: JetStreamContext, row: Consumer) -> int:
    """How many messages a consumer has yet to settle; 1 at least while it has not been given the latest."""
    try:
        latest = (await jetstream.get_last_msg("EVENTS", row.event.subject)).seq or 0
    except nats.js.errors.NotFoundError:
        latest = 0
    info = await jetstream.consumer_info("EVENTS", row.durable)
    # A message that was stored a moment ago is not among the pending yet.
    missed = info.delivered is None or info.delivered.stream_seq < latest
    return max((info.num_pending or 0) + (info.num_ack_pending or 0), int(missed))


async def until(condition: Callable[[], Awaitable[bool]], *, patience_s: float = 20) -> None:
    """Wait until something outside this process has become true."""
    async with asyncio.timeout(patience_s):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def emit_surely(bus: Bus, event: Event) -> None:
    """Emit as the outbox does: again and again until the broker has said that it is stored."""
    while True:
        try:
            return await bus.emit(event)
        except (nats.errors.Error, TimeoutError):
            await asyncio.sleep(0.05)
