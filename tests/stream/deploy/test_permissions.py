"""The containers' broker lets each service do its work, and denies what is not its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import nats
import pytest
from pydantic import SecretStr

from deploy.nats.configuration import ANSWERS, ASKS, FILE, HEARS, SERVICES, TELLS, configuration, users
from deploy.tools.dead_letters import main
from shared import queries as q
from shared.bus import Bus, Unanswered
from shared.delivery import Permanent
from shared.events import Event, FeedInteracted, PostDeleted, PostLiked, Target, UserErased, Words, every_event, utcnow
from shared.ids import new_id
from shared.live import (
    GenerationChanged,
    GenerationProgressed,
    GenerationRendered,
    GenerationStarted,
    Live,
    PromptIntended,
    QueueMeasured,
)
from shared.settings import ServiceSettings
from shared.topology import CONSUMERS, emitter, provision_at
from tests.servers import BIN, Server, free_port, running

PASSWORDS = {name: f"secret-of-{name}" for name in (*(user.name for user in users()), "system")}


def test_the_file_is_what_the_topology_says() -> None:
    assert FILE.read_text(encoding="utf-8") == configuration(), "run: python -m deploy.nats.configuration"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server with the containers' configuration, but ports and folder of the test's own."""
    folder = tmp_path_factory.mktemp("guarded")
    port = free_port()
    text = configuration().replace("port: 4222", f'listen: "127.0.0.1:{port}"').replace("http_port: 8222\n", "")
    file = folder / "nats.conf"
    file.write_text(text.replace('store_dir: "/data"', f'store_dir: "{folder}"'))
    with pytest.MonkeyPatch.context() as environment:
        for name, password in PASSWORDS.items():
            environment.setenv(f"NATS_{name.upper()}_PASSWORD", password)
        command = [str(BIN / "nats-server"), "-c", str(file)]
        with running(Server("guarded", command, port, folder / "nats.log")) as server:
            yield server


@pytest.fixture
async def url(guarded: Server) -> str:
    """Its address, with the topology provisioned by the user whose task that is."""
    address = f"nats://127.0.0.1:{guarded.port}"
    await provision_at(address, user="provision", password=PASSWORDS["provision"])
    return address


def settings(url: str, user: str) -> ServiceSettings:
    return ServiceSettings(nats_url=url, nats_user=user, nats_password=SecretStr(PASSWORDS[user]))


class Actor:
    """One service with everything registered that the topology and the tables allow it."""

    def __init__(self, url: str, service: str) -> None:
        self.heard: set[str] = set()
        self.bus = Bus(settings(url, service), service)
        for row in (row for row in CONSUMERS if row.service == service):
            self.bus.on(row.event)(self._note)
        for message in HEARS.get(service, ()):
            self.bus.hear(message)(self._note)
        for query in ANSWERS.get(service, ()):
            self.bus.answer(query)(self._answer)

    async def _note(self, message: Event | Live) -> None:
        self.heard.add(type(message).__name__)

    async def _answer(self, query: object) -> object:
        self.heard.add(type(query).__name__)
        raise LookupError("no answer is needed here")


@pytest.fixture
async def actors(url: str) -> AsyncIterator[dict[str, Actor]]:
    cast = {service: Actor(url, service) for service in SERVICES}
    await asyncio.gather(*(actor.bus.start() for actor in cast.values()))
    yield cast
    await asyncio.gather(*(actor.bus.stop() for actor in cast.values()))


async def monitor(guarded: Server) -> nats.NATS:
    """A connection that may look at everything, to judge by: it belongs to no service."""
    return await nats.connect(
        f"nats://127.0.0.1:{guarded.port}", user="operator", password=PASSWORDS["operator"],
        inbox_prefix=b"_INBOX_operator",
    )  # fmt: skip


async def test_each_service_says_what_is_its_own_and_each_hearer_can_settle_or_bury_it(
    guarded: Server, actors: dict[str, Actor]
) -> None:
    """Bodies are left empty, so that every consumer has to dead-letter, for which it needs all of its rights."""
    for event in every_event():
        speaker = actors[emitter(event)].bus
        await speaker.broker.publish({}, event.subject, stream="EVENTS", timeout=5)
    client = await monitor(guarded)
    async with asyncio.timeout(60):
        while (await client.jetstream().stream_info("DLQ")).state.messages < len(CONSUMERS):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    for actor in actors.values():
        for row in (row for row in CONSUMERS if row.service == actor.bus.service):
            info = await actor.bus._client.jetstream().consumer_info("EVENTS", row.durable)
            assert (row.durable, info.num_pending, info.num_ack_pending) == (row.durable, 0, 0)
    await client.close()


async def test_valid_events_are_handled_and_acknowledged(actors: dict[str, Actor]) -> None:
    await actors["gateway"].bus.emit(UserErased(user_id=os.urandom(4).hex()))
    hearers = [actors[row.service] for row in CONSUMERS if row.event is UserErased]
    async with asyncio.timeout(20):
        while not all("UserErased" in hearer.heard for hearer in hearers):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_the_gateway_forgets_whom_it_was_asked_to(actors: dict[str, Actor]) -> None:
    user_id = new_id()
    await actors["gateway"].bus.emit(PostLiked(post_id=new_id(), author_id=new_id(), user_id=user_id))
    assert await actors["gateway"].bus.forget(user_id) == 1
    assert await actors["gateway"].bus.forget(user_id) == 0


async def test_questions_are_asked_and_answered(actors: dict[str, Actor]) -> None:
    for asker, queries in ASKS.items():
        for query in queries:
            with pytest.raises(Unanswered, match=f"{query.subject} failed"):  # so it got there, and the reply came back
                await actors[asker].bus.ask(QUESTIONS[query], timeout_s=10)


async def test_live_messages_reach_those_who_may_hear_them(actors: dict[str, Actor]) -> None:
    for teller, messages in TELLS.items():
        for message in messages:
            await actors[teller].bus.tell(LIVE[message])
    async with asyncio.timeout(20):
        for hearer, messages in HEARS.items():
            while not {message.__name__ for message in messages} <= actors[hearer].heard:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


WORDS = Words(target=Target(kind="comment", id="c"), owner_id="u", written_at=utcnow(), text="Hello")
QUESTIONS: dict[type[q.Query[Any]], q.Query[Any]] = {
    type(question): question
    for question in (
        q.SearchPosts(text="fox"),
        q.SimilarPosts(post_id="p"),
        q.PostVectors(post_ids=("p",)),
        q.NearTaste(positive=((1.0, 0.0),)),
        q.FeedPage(viewer_id=None, mode="explore"),
        q.ReadTaste(viewer_id="u"),
        q.SteerTaste(viewer_id="u"),
        q.ForgetTaste(viewer_id="u"),
        q.NoteInteractions(interactions=FeedInteracted(batch_id="b", user_id="u", items=())),
        q.ModerationQueue(),
        q.JudgeWords(words=WORDS),
        q.Decide(actor_id="m", target=Target(kind="image", id="i"), verdict="allow", reason="fine"),
        q.Undo(actor_id="m", decision_id="d"),
        q.ListModels(),
    )
}
LIVE: dict[type[Live], Live] = {
    type(message): message
    for message in (
        GenerationStarted(generation_id="g", attempt=1, at=utcnow()),
        GenerationProgressed(generation_id="g", progress=0.5),
        GenerationRendered(generation_id="g", attempt=1, at=utcnow()),
        GenerationChanged(generation_id="g", entry={}),
        PromptIntended(),
        QueueMeasured(worker="w", model="pocket", state="warm", eta_ms=1, picture_ms=1),
    )
}


class Intruder:
    """A client with a service's login that tries what is not that service's own; the server's refusals are kept."""

    def __init__(self) -> None:
        self.refusals: list[str] = []
        self._told = asyncio.Event()

    async def refused(self, error: Exception) -> None:
        self.refusals.append(str(error).lower())
        self._told.set()

    async def refusal(self) -> str:
        """The server's first refusal; the client hears of it in a task of its own."""
        await asyncio.wait_for(self._told.wait(), 10)
        return self.refusals[0]


FORBIDDEN_PUBLICATIONS = [
    ("search", "evt.image.approved.v1"),
    ("generation", "evt.image.approved.v1"),
    ("feed", "evt.post.published.v1"),
    ("moderation", "evt.post.deleted.v1"),
    ("gateway", "evt.prompt.approved.v1"),
    ("search", "$JS.API.STREAM.MSG.DELETE.EVENTS"),
    ("search", "$JS.API.STREAM.MSG.GET.EVENTS"),
    ("search", "dlq.feed-post-liked"),
    ("feed", "$JS.ACK.EVENTS.search-post-published.1.1.1.1.1"),
    ("search", "qry.moderation.decide.v1"),
    ("feed", "live.generation.changed.v1"),
    ("gateway", "$JS.API.STREAM.DELETE.EVENTS"),
    ("generation", "$JS.API.STREAM.PURGE.EVENTS"),
    ("feed", "$JS.API.CONSUMER.DELETE.EVENTS.search-post-published"),
    ("search", "$JS.API.CONSUMER.MSG.NEXT.EVENTS.feed-post-liked"),
    ("search", "$JS.API.STREAM.MSG.GET.EVENTS"),
    ("provision", "evt.post.published.v1"),
    ("provision", "$JS.API.STREAM.DELETE.EVENTS"),
    ("operator", "$JS.API.STREAM.DELETE.DLQ"),
]
FORBIDDEN_SUBSCRIPTIONS = [
    ("search", "evt.>"),
    ("feed", "_INBOX_gateway.>"),
    ("generation", ">"),
    ("search", "qry.search.posts.v1"),
    ("moderation", "live.generation.progressed.v1"),
    ("operator", "evt.>"),
]


async def intrude(url: str, user: str) -> tuple[nats.NATS, Intruder]:
    intruder = Intruder()
    client = await nats.connect(url, user=user, password=PASSWORDS[user], error_cb=intruder.refused)
    return client, intruder


@pytest.mark.parametrize(("user", "subject"), FORBIDDEN_PUBLICATIONS)
async def test_what_is_not_its_own_a_service_can_not_say(url: str, user: str, subject: str) -> None:
    client, intruder = await intrude(url, user)
    await client.publish(subject, b"{}")
    refusal = await intruder.refusal()
    await client.close()
    assert f'permissions violation for publish to "{subject}"'.lower() in refusal


@pytest.mark.parametrize(("user", "subject"), FORBIDDEN_SUBSCRIPTIONS)
async def test_what_is_not_meant_for_it_a_service_can_not_hear(url: str, user: str, subject: str) -> None:
    client, intruder = await intrude(url, user)
    await client.subscribe(subject)
    refusal = await intruder.refusal()
    await client.close()
    assert f'permissions violation for subscription to "{subject}"'.lower() in refusal


@pytest.mark.parametrize(("user", "password"), [("gateway", "wrong"), ("nobody", "x"), (None, None)])
async def test_nobody_gets_in_without_the_right_password(url: str, user: str | None, password: str | None) -> None:
    intruder = Intruder()
    with pytest.raises(nats.errors.Error):
        await nats.connect(
            url, user=user, password=password, allow_reconnect=False, max_reconnect_attempts=1, reconnect_time_wait=0.1,
            error_cb=intruder.refused,
        )  # fmt: skip


async def test_the_operator_lists_and_replays_dead_letters(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], actors: dict[str, Actor]
) -> None:
    monkeypatch.setenv("NATS_URL", url)
    monkeypatch.setenv("NATS_USER", "operator")
    monkeypatch.setenv("NATS_PASSWORD", PASSWORDS["operator"])
    monkeypatch.setenv("COLUMNS", "200")
    await actors["search"].bus.stop()
    poisoned = Bus(settings(url, "search"), "search")

    @poisoned.on(PostDeleted)
    async def fail(_: PostDeleted) -> None:
        raise Permanent("poison")

    await poisoned.start()
    post_id = os.urandom(4).hex()
    await actors["gateway"].bus.emit(PostDeleted(post_id=post_id, author_id="ada"))
    async with asyncio.timeout(20):
        while post_id not in capsys.readouterr().out:
            await asyncio.to_thread(main, ["list"])
    await poisoned.stop()
    await asyncio.to_thread(main, ["replay", "--all"])
    assert "sent again" in capsys.readouterr().out
