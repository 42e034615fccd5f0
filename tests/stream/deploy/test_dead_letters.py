"""An event that nobody could handle is kept, shown, and sent again."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest
from nats.js import JetStreamContext, api

from deploy.tools.dead_letters import main
from deploy.tools.letters import STREAM, DeadLetter, NotReplayable, dead_letter, dead_letters, replay
from shared.bus import Bus
from shared.delivery import Permanent
from shared.events import PostDeleted
from shared.settings import ServiceSettings
from shared.topology import consumer
from tests.servers import Server

DURABLE = consumer("search", PostDeleted).durable


@pytest.fixture(autouse=True)
def _environment(nats_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NATS_URL", nats_url)
    monkeypatch.setenv("COLUMNS", "200")


async def letters_when(jetstream: JetStreamContext, count: int) -> list[DeadLetter]:
    async with asyncio.timeout(15):
        while len(found := [letter async for letter in dead_letters(jetstream)]) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


async def command(*arguments: str) -> int | str:
    """Run the operator's command; returns what it exits with: 0, or the sentence that says why not."""
    try:
        await asyncio.to_thread(main, arguments)
    except SystemExit as ended:
        return ended.code or 0
    return 0


class Indexer:
    """A search service that can't handle deletions until it has been `repaired`."""

    def __init__(self, nats_url: str) -> None:
        self.repaired = False
        self.handled: asyncio.Queue[str] = asyncio.Queue()
        self.bus = Bus(ServiceSettings(nats_url=nats_url), "search")
        self.bus.on(PostDeleted)(self._handle)

    async def _handle(self, event: PostDeleted) -> None:
        if not self.repaired:
            raise Permanent("the index \x1b[31mis\x1b[0m broken")
        self.handled.put_nowait(event.post_id)


@pytest.fixture
async def indexer(nats_url: str) -> AsyncIterator[Indexer]:
    service = Indexer(nats_url)
    await service.bus.start()
    yield service
    await service.bus.stop()


async def test_a_poison_message_is_dead_lettered_listed_replayed_and_handled(
    jetstream: JetStreamContext, indexer: Indexer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await command("list") == 0
    assert capsys.readouterr().out.startswith("No dead letters")
    await indexer.bus.emit(PostDeleted(post_id="p1", author_id="ada"))
    (letter,) = await letters_when(jetstream, 1)
    capsys.readouterr()

    assert await command("list") == 0
    table = capsys.readouterr().out
    for expected in ("evt.post.deleted.v1", DURABLE, "Permanent: the index", "post_id=p1", "author_id=ada"):
        assert expected in table
    assert "\x1b" not in table

    assert await command("list", "--id", str(letter.sequence)) == 0
    assert '"post_id": "p1"' in capsys.readouterr().out

    indexer.repaired = True
    assert await command("replay", "--id", str(letter.sequence)) == 0
    assert capsys.readouterr().out.endswith("1 of 1 sent again.\n")
    assert await asyncio.wait_for(indexer.handled.get(), 10) == "p1"
    assert await letters_when(jetstream, 0) == []


async def test_replay_all_sends_every_letter_once(
    jetstream: JetStreamContext, indexer: Indexer, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(5):
        await indexer.bus.emit(PostDeleted(post_id=f"p{number}", author_id="ada"))
    await letters_when(jetstream, 5)
    indexer.repaired = True
    assert await command("replay", "--all") == 0
    assert capsys.readouterr().out.endswith("5 of 5 sent again.\n")
    handled = [await asyncio.wait_for(indexer.handled.get(), 10) for _ in range(5)]
    assert sorted(handled) == [f"p{number}" for number in range(5)]


async def test_an_event_at_which_two_consumers_failed_goes_out_once(
    jetstream: JetStreamContext, capsys: pytest.CaptureFixture[str]
) -> None:
    for durable, body in (("search", b"{}"), ("feed", b"{}"), ("feed", b"[]")):
        headers = {"Dead-Subject": PostDeleted.subject, "Dead-Consumer": f"{durable}-post-deleted"}
        await jetstream.publish(f"dlq.{durable}-post-deleted", body, headers=headers)
    assert await command("replay", "--id", "2") == 0
    assert "letter 1, 2: evt.post.deleted.v1 for search-post-deleted, feed-post-deleted" in capsys.readouterr().out
    assert (await jetstream.stream_info("EVENTS")).state.messages == 1
    (left,) = await letters_when(jetstream, 1)
    assert left.sequence == 3


async def test_an_event_that_fails_again_becomes_a_new_letter(jetstream: JetStreamContext, indexer: Indexer) -> None:
    await indexer.bus.emit(PostDeleted(post_id="p1", author_id="ada"))
    (first,) = await letters_when(jetstream, 1)
    await replay(jetstream, first)
    (second,) = await letters_when(jetstream, 1)
    assert second.sequence > first.sequence
    assert second.body == first.body


async def test_a_replay_that_was_interrupted_before_the_removal_does_not_double_the_event(
    jetstream: JetStreamContext, indexer: Indexer
) -> None:
    await indexer.bus.emit(PostDeleted(post_id="p1", author_id="ada"))
    (letter,) = await letters_when(jetstream, 1)
    stored = (await jetstream.stream_info("EVENTS")).state.messages
    await replay(jetstream, letter)
    await jetstream.publish("dlq.keeps-the-number-free", b"{}")
    with pytest.raises(nats.js.errors.APIError):  # the letter is gone already; the event must not go out again
        await replay(jetstream, letter)
    assert (await jetstream.stream_info("EVENTS")).state.messages == stored + 1


async def die_on_every_delivery(jetstream: JetStreamContext) -> None:
    """Let the broker give up on the one message: it is fetched and never settled, as by a process that dies."""
    row = consumer("search", PostDeleted)
    await jetstream.add_consumer(
        "EVENTS",
        api.ConsumerConfig(
            durable_name=row.durable, filter_subject=row.event.subject, ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=0.2, max_deliver=2, max_ack_pending=256,
        ),
    )  # fmt: skip
    subscription = await jetstream.pull_subscribe_bind(row.durable, "EVENTS")
    for _ in range(2):
        await subscription.fetch(1, timeout=5)
    with pytest.raises(nats.errors.TimeoutError):
        await subscription.fetch(1, timeout=0.6)
    await subscription.unsubscribe()


async def test_an_event_that_killed_its_process_every_time_is_shown_with_what_it_was(
    jetstream: JetStreamContext, capsys: pytest.CaptureFixture[str]
) -> None:
    event = PostDeleted(post_id="p9", author_id="ada")
    await jetstream.publish(event.subject, event.model_dump_json().encode(), headers={"traceparent": "00-aa-bb-01"})
    await die_on_every_delivery(jetstream)
    (letter,) = await letters_when(jetstream, 1)
    assert (letter.consumer, letter.deliveries, letter.subject) == (DURABLE, 2, event.subject)
    assert letter.headers == {"traceparent": "00-aa-bb-01"}
    assert await command("list") == 0
    table = capsys.readouterr().out
    assert "cut short" in table
    assert "post_id=p9" in table

    await replay(jetstream, letter)
    again = await jetstream.get_last_msg("EVENTS", event.subject)
    assert (again.seq, again.data) == (2, letter.body)
    assert await dead_letter(jetstream, letter.sequence) is None


async def test_an_event_that_is_no_longer_kept_is_said_to_be_so_and_its_letter_stays(
    jetstream: JetStreamContext, capsys: pytest.CaptureFixture[str]
) -> None:
    await jetstream.publish(PostDeleted.subject, b"{}")
    await die_on_every_delivery(jetstream)
    await letters_when(jetstream, 1)
    await jetstream.delete_msg("EVENTS", 1)
    (letter,) = await letters_when(jetstream, 1)
    with pytest.raises(NotReplayable, match="no longer kept"):
        await replay(jetstream, letter)
    assert await command("replay", "--all") == "Some letters could not be sent again."
    assert "no longer kept" in capsys.readouterr().out
    assert len(await letters_when(jetstream, 1)) == 1


HOSTILE = (b"", b"\xff\xfe", b"[1]", b"null", b'{"post_id": 3}', '{"a_id": "\u202e\x1b[2J[red]"}'.encode())


@pytest.mark.parametrize("body", HOSTILE)
async def test_any_body_can_be_listed(
    jetstream: JetStreamContext, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    await jetstream.publish(f"dlq.{DURABLE}", body, headers={"Dead-Subject": "evt.post.deleted.v1"})
    assert await command("list") == 0
    assert await command("list", "--id", "1") == 0
    shown = capsys.readouterr().out
    assert "1 dead letter." in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert max(map(len, shown.splitlines())) <= 60


async def test_what_can_not_be_done_is_said_in_one_sentence(
    jetstream: JetStreamContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await command("replay", "--id", "77") == "There is no dead letter 77."
    assert await command("list", "--id", "-1") == "There is no dead letter -1."
    await jetstream.delete_stream(STREAM)
    assert await command("list") == "The broker keeps no dead letters yet: start the stack once."
    monkeypatch.setenv("NATS_URL", "nats://127.0.0.1:1")
    assert str(await command("list")).startswith("Can't reach the broker at nats://127.0.0.1:1")


async def test_the_broker_is_found_where_the_running_stack_wrote_it_down(
    jetstream: JetStreamContext, broker: Server, tmp_path: Path
) -> None:
    (tmp_path / "stack.json").write_text(json.dumps({"ports": {"nats": broker.port, "mongo": 1, "gateway": 2}}))
    environment = {name: value for name, value in os.environ.items() if name != "NATS_URL"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.tools.dead_letters", "list",
        env=environment | {"DATA_DIR": str(tmp_path)}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert (process.returncode, output.decode().startswith("No dead letters")) == (0, True)
