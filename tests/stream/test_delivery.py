"""Every delivered event ends in exactly one way, whatever its handler does."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from nats.js import JetStreamContext
from pydantic import BaseModel, ValidationError

from shared.bus import Bus
from shared.delivery import Permanent
from shared.events import PictureRequest, PostDeleted, PromptApproved
from shared.topology import consumer
from tests.stream.conftest import StartService, shorten_ack_wait, stored, unsettled, until

pytestmark = pytest.mark.usefixtures("_quick")
ROW = consumer("search", PostDeleted)


class Handler:
    """Counts its calls, and does on the n-th call for a post what the n-th act says; the last act stays."""

    def __init__(self, *acts: Callable[[], Awaitable[None]]) -> None:
        self.acts = acts or (succeed,)
        self.calls: Counter[str] = Counter()

    def register(self, bus: Bus) -> None:
        bus.on(PostDeleted)(self.handle)

    async def handle(self, event: PostDeleted) -> None:
        self.calls[event.post_id] += 1
        await self.acts[min(self.calls[event.post_id], len(self.acts)) - 1]()


async def succeed() -> None:
    """Return."""


async def fail_for_now() -> None:
    raise ConnectionError("the index is being restarted")


async def fail_for_ever() -> None:
    raise Permanent("no such model")


async def meet_a_wrong_value() -> None:
    class Picture(BaseModel):
        width: int

    Picture.model_validate({"width": "wide"})


async def settled(jetstream: JetStreamContext) -> None:
    async def nothing_open() -> bool:
        return await unsettled(jetstream, ROW) == 0

    await until(nothing_open)


def deleted(post_id: str = "p1") -> PostDeleted:
    return PostDeleted(post_id=post_id, author_id="ada")


async def test_success_is_acknowledged(jetstream: JetStreamContext, start_service: StartService) -> None:
    handler = Handler()
    bus = await start_service("search", handler.register)
    for number in range(20):
        await bus.emit(deleted(f"p{number}"))
    await settled(jetstream)
    assert handler.calls == {f"p{number}": 1 for number in range(20)}
    assert await stored(jetstream, "DLQ") == []


async def test_a_passing_failure_is_delivered_again_and_succeeds(
    jetstream: JetStreamContext, start_service: StartService
) -> None:
    handler = Handler(fail_for_now, fail_for_now, succeed)
    bus = await start_service("search", handler.register)
    await bus.emit(deleted())
    await settled(jetstream)
    assert handler.calls == {"p1": 3}
    assert await stored(jetstream, "DLQ") == []


async def test_what_fails_until_the_last_attempt_is_dead_lettered_with_its_reason(
    jetstream: JetStreamContext, start_service: StartService
) -> None:
    handler = Handler(fail_for_now)
    bus = await start_service("search", handler.register)
    event = deleted()
    await bus.emit(event)
    await settled(jetstream)
    assert handler.calls == {"p1": 3}
    (letter,) = await stored(jetstream, "DLQ")
    assert PostDeleted.model_validate_json(letter.data or b"") == event
    assert letter.subject == f"dlq.{ROW.durable}"
    assert letter.headers is not None
    assert letter.headers["Dead-Subject"] == PostDeleted.subject
    assert letter.headers["Dead-Consumer"] == ROW.durable
    assert letter.headers["Dead-Deliveries"] == "3"
    assert letter.headers["Dead-Reason"] == "ConnectionError: the index is being restarted"


@pytest.mark.parametrize("act", [fail_for_ever, meet_a_wrong_value])
async def test_what_can_never_succeed_is_dead_lettered_at_once(
    jetstream: JetStreamContext, start_service: StartService, act: Callable[[], Awaitable[None]]
) -> None:
    handler = Handler(act)
    bus = await start_service("search", handler.register)
    await bus.emit(deleted())
    await settled(jetstream)
    assert handler.calls == {"p1": 1}
    assert len(await stored(jetstream, "DLQ")) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'{"post_id": 3, "author_id": []}',
        b'{"post_id": "p1"}',
        b"[" * 5000,
    ],
    ids=["empty", "text", "bytes", "null", "list", "no fields", "wrong types", "a field missing", "deep"],
)
async def test_a_body_that_is_no_event_is_dead_lettered_and_holds_nothing_up(
    jetstream: JetStreamContext, start_service: StartService, body: bytes
) -> None:
    with pytest.raises((ValidationError, ValueError)):
        PostDeleted.model_validate_json(body)
    handler = Handler()
    bus = await start_service("search", handler.register)
    await jetstream.publish(PostDeleted.subject, body, headers={"content-type": "application/json"})
    await bus.emit(deleted("after"))
    await settled(jetstream)
    assert handler.calls == {"after": 1}
    (letter,) = await stored(jetstream, "DLQ")
    assert (letter.data or b"") == body


async def test_a_field_that_a_newer_sender_added_is_no_reason_to_refuse(
    jetstream: JetStreamContext, start_service: StartService
) -> None:
    handler = Handler()
    await start_service("search", handler.register)
    await jetstream.publish(PostDeleted.subject, b'{"post_id": "p1", "author_id": "ada", "because": "spring"}')
    await settled(jetstream)
    assert handler.calls == {"p1": 1}


async def test_the_heartbeat_keeps_a_long_handler_from_being_run_twice(
    jetstream: JetStreamContext, start_service: StartService
) -> None:
    await shorten_ack_wait(jetstream, ROW)

    async def work_long() -> None:
        await asyncio.sleep(2.5)

    handler = Handler(work_long)
    bus = await start_service("search", handler.register)
    await start_service("search", handler.register)
    await bus.emit(deleted())
    await settled(jetstream)
    assert handler.calls == {"p1": 1}


async def test_without_the_heartbeat_a_long_handler_would_be_run_twice(
    jetstream: JetStreamContext, start_service: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutant that the test above must be able to catch."""

    async def silent(_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("shared.delivery._heartbeat", silent)
    await shorten_ack_wait(jetstream, ROW)

    async def work_long() -> None:
        await asyncio.sleep(2.5)

    handler = Handler(work_long)
    bus = await start_service("search", handler.register)
    await start_service("search", handler.register)
    await bus.emit(deleted())

    async def run_twice() -> bool:
        return handler.calls["p1"] > 1

    await until(run_twice)


async def test_a_service_that_is_stopped_gives_back_what_it_could_not_finish(
    jetstream: JetStreamContext, start_service: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def work_for_ever() -> None:
        begun.set()
        await asyncio.Event().wait()

    first = Handler(work_for_ever)
    bus = await start_service("search", first.register)
    bus.broker.config.broker_config.graceful_timeout = 0.2
    await bus.emit(deleted())
    await begun.wait()
    await bus.stop()
    second = Handler()
    await start_service("search", second.register)
    await settled(jetstream)
    assert (first.calls, second.calls) == ({"p1": 1}, {"p1": 1})


async def test_a_dead_letter_that_can_not_be_stored_loses_nothing(
    jetstream: JetStreamContext, start_service: StartService
) -> None:
    handler = Handler(fail_for_ever)
    bus = await start_service("search", handler.register)
    kept = (await jetstream.stream_info("DLQ")).config
    await jetstream.delete_stream("DLQ")
    await bus.emit(deleted())

    async def tried() -> bool:
        return handler.calls["p1"] > 1

    await until(tried)
    await jetstream.add_stream(kept)
    await settled(jetstream)
    assert len(await stored(jetstream, "DLQ")) == 1


async def test_a_queued_consumer_takes_in_more_than_it_works_on_and_settles_each(
    jetstream: JetStreamContext, start_service: StartService
) -> None:
    row = consumer("generation", PromptApproved)
    assert row.queued
    waiting: set[str] = set()
    gate = asyncio.Event()

    def register(bus: Bus) -> None:
        @bus.on(PromptApproved)
        async def paint(event: PromptApproved) -> None:
            waiting.add(event.generation_id)
            await gate.wait()
            if event.generation_id == "g3":
                raise Permanent("can't be painted")

    bus = await start_service("generation", register)
    count = 70
    request = PictureRequest(prompt="a fox", model="pocket", seed=1, image_ids=("i1",))
    for number in range(count):
        await bus.emit(PromptApproved(generation_id=f"g{number}", user_id="ada", request=request))

    async def all_in_hand() -> bool:
        return len(waiting) == count

    await until(all_in_hand)
    assert await unsettled(jetstream, row) == count
    gate.set()

    async def nothing_open() -> bool:
        return await unsettled(jetstream, row) == 0

    await until(nothing_open)
    assert len(await stored(jetstream, "DLQ")) == 1
