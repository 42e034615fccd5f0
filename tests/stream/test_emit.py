"""What `emit` has said is stored once, through lost answers and a broker that dies."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import nats
import pytest
from nats.js import JetStreamContext

from shared.bus import Bus
from shared.events import PostDeleted
from shared.settings import ServiceSettings
from shared.topology import consumer, provision, provision_at
from tests.servers import Server, nats_server, running
from tests.stream.conftest import StartService, emit_surely, shorten_ack_wait, stored, unsettled, until
from tests.stream.cutting_proxy import cutting_proxy

pytestmark = pytest.mark.usefixtures("_quick")
ROW = consumer("search", PostDeleted)


def deleted(number: int) -> PostDeleted:
    return PostDeleted(post_id=f"p{number}", author_id="ada")


async def test_saying_the_same_fact_again_stores_nothing_new(
    jetstream: JetStreamContext, start_service: StartService
) -> None:
    bus = await start_service("gateway")
    await bus.emit(deleted(1))
    await bus.emit(deleted(1))
    await bus.emit(deleted(1).model_copy(update={"reissue": 1}))
    assert len(await stored(jetstream)) == 2


async def emit_through_cuts(broker: Server, start_service: StartService, count: int) -> None:
    """Emit `count` events over a line that is cut three times just before the broker's answer arrives."""
    async with cutting_proxy(broker.port) as proxy:
        bus = await start_service("gateway", url=f"nats://127.0.0.1:{proxy.port}")
        proxy.cuts_left = 3
        for start in range(0, count, 10):
            await asyncio.gather(*(emit_surely(bus, deleted(number)) for number in range(start, start + 10)))
        assert proxy.cuts_left == 0
        await bus.stop()


async def test_a_lost_answer_doubles_nothing(
    broker: Server, jetstream: JetStreamContext, start_service: StartService
) -> None:
    await emit_through_cuts(broker, start_service, 40)
    ids = Counter(PostDeleted.model_validate_json(message.data or b"").post_id for message in await stored(jetstream))
    assert ids == {f"p{number}": 1 for number in range(40)}


async def test_without_a_message_id_a_lost_answer_would_double_events(
    broker: Server, jetstream: JetStreamContext, start_service: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutant that the test above must be able to catch."""
    monkeypatch.setattr(PostDeleted, "message_id", property(lambda _: uuid4().hex))
    await emit_through_cuts(broker, start_service, 40)
    assert len(await stored(jetstream)) > 40


@pytest.fixture
async def mortal_broker(tmp_path: Path) -> AsyncIterator[Server]:
    """A broker of the test's own, to be killed."""
    with running(nats_server(tmp_path)) as server:
        client = await nats.connect(f"nats://127.0.0.1:{server.port}")
        await provision(client.jetstream())
        await shorten_ack_wait(client.jetstream(), ROW)
        await client.close()
        yield server


async def test_a_broker_killed_under_load_loses_and_doubles_nothing(
    mortal_broker: Server, start_service: StartService
) -> None:
    url = f"nats://127.0.0.1:{mortal_broker.port}"
    handled: Counter[str] = Counter()

    def register(bus: Bus) -> None:
        @bus.on(PostDeleted)
        async def handle(event: PostDeleted) -> None:
            handled[event.post_id] += 1

    await start_service("search", register, url=url)
    gateway = await start_service("gateway", url=url)
    said: list[int] = []

    async def speak() -> None:
        for number in range(300):
            await emit_surely(gateway, deleted(number))
            said.append(number)

    speaking = asyncio.create_task(speak())

    async def well_under_way() -> bool:
        return len(said) > 50

    await until(well_under_way)
    await asyncio.to_thread(mortal_broker.stop, signal.SIGKILL)
    await asyncio.to_thread(mortal_broker.start)
    await asyncio.wait_for(speaking, 60)

    client = await nats.connect(url)
    jetstream = client.jetstream()

    async def nothing_open() -> bool:
        return await unsettled(jetstream, ROW) == 0

    await until(nothing_open, patience_s=60)
    kept = Counter(PostDeleted.model_validate_json(message.data or b"").post_id for message in await stored(jetstream))
    await client.close()
    assert kept == {f"p{number}": 1 for number in range(300)}
    assert set(handled) == set(kept)


async def test_a_service_that_finds_no_broker_gives_up_when_its_patience_ends() -> None:
    bus = Bus(ServiceSettings(nats_url="nats://127.0.0.1:1"), "search")
    with pytest.raises(ConnectionError, match="within"):
        await asyncio.wait_for(bus.start(patience_s=0.3), 30)
    await bus.stop()


async def test_a_service_and_the_provisioning_wait_for_a_broker_that_comes_later(tmp_path: Path) -> None:
    server = nats_server(tmp_path)
    url = f"nats://127.0.0.1:{server.port}"
    handled: asyncio.Queue[str] = asyncio.Queue()
    bus = Bus(ServiceSettings(nats_url=url), "search")

    @bus.on(PostDeleted)
    async def handle(event: PostDeleted) -> None:
        handled.put_nowait(event.post_id)

    starting = asyncio.gather(bus.start(), provision_at(url))
    await asyncio.sleep(0.3)
    with running(server):
        await asyncio.wait_for(starting, 30)
        await bus.emit(deleted(1))
        assert await asyncio.wait_for(handled.get(), 10) == "p1"
        await bus.stop()
