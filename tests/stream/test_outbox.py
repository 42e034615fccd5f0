"""What was committed is told, once and in order; what was not committed is never told."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import nats
import pytest
from nats.js import JetStreamContext
from pymongo import InsertOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from shared import outbox as outbox_module
from shared.bus import Bus
from shared.events import Event, PostDeleted, PostLiked
from shared.mongo import Document, Mongo
from shared.outbox import Outbox
from shared.settings import ServiceSettings
from shared.topology import provision
from tests.servers import Server, nats_server, running
from tests.stream.conftest import StartService, stored, until

pytestmark = pytest.mark.usefixtures("_quick", "_quick_sweep")
StartOutbox = Callable[[Bus], Awaitable[Outbox]]


@pytest.fixture
def _quick_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "SWEEP_EVERY_S", 0.1)
    monkeypatch.setattr(outbox_module, "LEFT_BEHIND_AFTER", timedelta(seconds=0.2))


@pytest.fixture
async def start_outbox(mongo: Mongo) -> AsyncIterator[StartOutbox]:
    running_outboxes: list[Outbox] = []

    async def start(bus: Bus) -> Outbox:
        outbox = Outbox(mongo, bus)
        running_outboxes.append(outbox)
        await outbox.start()
        return outbox

    yield start
    for outbox in running_outboxes:
        await outbox.stop()


def deleted(number: int) -> PostDeleted:
    return PostDeleted(post_id=f"p{number}", author_id="ada")


async def commit(mongo: Mongo, outbox: Outbox, *events: Event) -> list[Document]:
    """Store events with the change they tell of."""

    async def work(session: AsyncClientSession) -> list[Document]:
        await mongo.database["posts"].insert_one({"deleted": len(events)}, session=session)
        return await outbox.add(session, *events)

    return await mongo.transaction(work)


async def told(jetstream: JetStreamContext) -> list[str]:
    return [PostDeleted.model_validate_json(message.data or b"").post_id for message in await stored(jetstream)]


async def emptied(outbox: Outbox) -> None:
    async def nothing_waits() -> bool:
        return await outbox.waiting() == 0

    await until(nothing_waits)


async def test_a_committed_event_is_told_at_once_and_cleared(
    mongo: Mongo, jetstream: JetStreamContext, start_service: StartService, start_outbox: StartOutbox
) -> None:
    outbox = await start_outbox(await start_service("gateway"))
    for number in range(10):
        outbox.flush(await commit(mongo, outbox, deleted(number)))
    await emptied(outbox)
    assert await told(jetstream) == [f"p{number}" for number in range(10)]


async def test_nothing_is_told_of_a_transaction_that_was_aborted(
    mongo: Mongo, jetstream: JetStreamContext, start_service: StartService, start_outbox: StartOutbox
) -> None:
    outbox = await start_outbox(await start_service("gateway"))

    async def work(session: AsyncClientSession) -> None:
        await outbox.add(session, deleted(1))
        raise RuntimeError("the post was gone already")

    with pytest.raises(RuntimeError):
        await mongo.transaction(work)
    outbox.flush(await commit(mongo, outbox, deleted(2)))
    await emptied(outbox)
    assert await told(jetstream) == ["p2"]


async def test_of_those_who_share_a_transaction_only_the_one_that_fails_is_left_out(
    mongo: Mongo, jetstream: JetStreamContext, start_service: StartService, start_outbox: StartOutbox
) -> None:
    outbox = await start_outbox(await start_service("gateway"))
    posts = mongo.database["posts"]
    await posts.insert_many([{"_id": 3}, {"_id": 7}])
    acts = [
        outbox.commit([InsertOne({"_id": number}, namespace=posts.full_name)], deleted(number)) for number in range(12)
    ]
    told = await asyncio.gather(*acts, return_exceptions=True)
    assert [number for number, error in enumerate(told) if isinstance(error, DuplicateKeyError)] == [3, 7]
    assert [number for number, error in enumerate(told) if error is not None] == [3, 7]
    assert {row["_id"] async for row in posts.find()} == set(range(12))

    async def all_told() -> bool:
        return len(await stored(jetstream)) == 10

    await until(all_told)


async def test_what_a_process_that_died_left_behind_is_swept_in_order_by_another(
    mongo: Mongo, jetstream: JetStreamContext, start_service: StartService, start_outbox: StartOutbox
) -> None:
    bus = await start_service("gateway")
    died_before_publishing = Outbox(mongo, bus)
    await commit(mongo, died_before_publishing, *map(deleted, range(20)))
    for number in range(20, 40):
        await commit(mongo, died_before_publishing, deleted(number))
    outbox = await start_outbox(bus)
    await emptied(outbox)
    assert await told(jetstream) == [f"p{number}" for number in range(40)]


async def test_several_processes_that_sweep_the_same_rows_double_nothing(
    mongo: Mongo, jetstream: JetStreamContext, start_service: StartService, start_outbox: StartOutbox
) -> None:
    bus = await start_service("gateway")
    await commit(mongo, Outbox(mongo, bus), *map(deleted, range(50)))
    outboxes = [await start_outbox(bus) for _ in range(3)]
    await emptied(outboxes[0])
    assert sorted(await told(jetstream)) == sorted(f"p{number}" for number in range(50))


async def test_a_fact_that_still_waits_may_be_stored_again(
    mongo: Mongo, jetstream: JetStreamContext, start_service: StartService, start_outbox: StartOutbox
) -> None:
    bus = await start_service("gateway")
    event = deleted(1)
    not_running = Outbox(mongo, bus)
    await commit(mongo, not_running, event)
    await commit(mongo, not_running, event)
    outbox = await start_outbox(bus)
    await emptied(outbox)
    assert await told(jetstream) == ["p1"]
    assert await mongo.database["posts"].count_documents({}) == 2


async def test_a_row_that_can_not_be_published_holds_nothing_up(
    mongo: Mongo, jetstream: JetStreamContext, start_service: StartService, start_outbox: StartOutbox
) -> None:
    """For instance one of a newer version's events, after a roll-back."""
    bus = await start_service("gateway")
    not_running = Outbox(mongo, bus)
    await commit(mongo, not_running, deleted(1), deleted(2), deleted(3))
    await mongo.database["outbox"].update_one({"_id": deleted(1).message_id}, {"$set": {"subject": "evt.post.sung.v1"}})
    await mongo.database["outbox"].update_one({"_id": deleted(2).message_id}, {"$set": {"body": "{}"}})
    outbox = await start_outbox(bus)

    async def the_good_one_is_told() -> bool:
        return await told(jetstream) == ["p3"]

    await until(the_good_one_is_told)

    async def only_the_others_wait() -> bool:
        return await outbox.waiting() == 2

    await until(only_the_others_wait)


@pytest.fixture
async def mortal_broker(tmp_path: Path) -> AsyncIterator[Server]:
    """A broker of the test's own, to be killed."""
    with running(nats_server(tmp_path)) as server:
        client = await nats.connect(f"nats://127.0.0.1:{server.port}")
        await provision(client.jetstream())
        await client.close()
        yield server


async def test_rows_wait_for_a_broker_that_is_down_and_drain_in_order(
    mongo: Mongo, mortal_broker: Server, start_service: StartService, start_outbox: StartOutbox
) -> None:
    url = f"nats://127.0.0.1:{mortal_broker.port}"
    outbox = await start_outbox(await start_service("gateway", url=url))
    await asyncio.to_thread(mortal_broker.stop, signal.SIGKILL)
    for number in range(20):
        outbox.flush(await commit(mongo, outbox, deleted(number)))
    await asyncio.sleep(1)
    assert await outbox.waiting() == 20
    await asyncio.to_thread(mortal_broker.start)
    await emptied(outbox)
    client = await nats.connect(url)
    assert await told(client.jetstream()) == [f"p{number}" for number in range(20)]
    await client.close()


async def test_a_service_that_dies_while_publishing_is_made_good_by_the_next(
    mongo: Mongo, jetstream: JetStreamContext, nats_url: str, start_service: StartService, start_outbox: StartOutbox
) -> None:
    """The broker has stored the event, but the row could not be cleared any more."""
    doomed = Bus(ServiceSettings(nats_url=nats_url), "gateway")
    await doomed.start()
    like = PostLiked(post_id="p1", author_id="ada", user_id="bob")
    await commit(mongo, Outbox(mongo, doomed), like)
    await doomed.emit(like)
    await doomed.stop()
    outbox = await start_outbox(await start_service("gateway"))
    await emptied(outbox)
    assert [message.subject for message in await stored(jetstream)] == [PostLiked.subject]
