"""A running gateway for API tests: the real app in this process, over a real broker and a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import nats
import pytest
import uvicorn
from asgi_lifespan import LifespanManager
from fastapi import FastAPI

from services.gateway.context import Parts
from services.gateway.main import create_app
from services.gateway.settings import GatewaySettings
from shared.bus import Bus
from shared.ids import new_id
from shared.queries import (
    Decide,
    Decided,
    FeedItems,
    FeedPage,
    ForgetTaste,
    Forgotten,
    Hits,
    Judged,
    JudgeWords,
    ListModels,
    ModelCapabilities,
    Models,
    ModerationQueue,
    Query,
    QueueEntries,
    ReadTaste,
    SearchPosts,
    SimilarPosts,
    SteerTaste,
    TasteFound,
    Undo,
    Undone,
)
from shared.settings import MongoSettings
from shared.topology import DEAD_LETTERS, EVENTS, provision
from tests.servers import Server, free_port

PASSWORD = "correct horse battery staple"
BASE_URL = "https://gateway.test"


MODELS = Models(
    default="pocket",
    models=(
        ModelCapabilities(
            id="pocket",
            title="Pocket",
            licence="MIT",
            commercial_use=True,
            steps=4,
            guidance=False,
            negative_prompt=True,
            image_to_image=True,
            sizes={"1:1": (256, 256), "3:2": (384, 256)},
            max_n=4,
        ),
        ModelCapabilities(
            id="hasty",
            title="Hasty",
            licence="MIT",
            commercial_use=True,
            steps=1,
            guidance=False,
            negative_prompt=False,
            image_to_image=False,
            sizes={"1:1": (256, 256)},
            max_n=1,
        ),
    ),
)


@dataclass
class Person:
    """Someone signed in, with a client that sends their token."""

    id: str
    username: str
    password: str
    http: httpx.AsyncClient


MakePerson = Callable[..., Awaitable[Person]]


@dataclass
class Prepared:
    """What is made once for all API tests of a process, and only emptied between them: that is much quicker."""

    database: str
    provisioned: bool = False


@pytest.fixture(scope="session")
def prepared() -> Prepared:
    return Prepared(f"t{uuid4().hex[:10]}")


@pytest.fixture
async def nats_url(broker: Server, prepared: Prepared) -> str:
    """The broker's URL, with the topology provisioned and no message in it."""
    url = f"nats://127.0.0.1:{broker.port}"
    client = await nats.connect(url)
    if prepared.provisioned:
        for stream in (EVENTS, DEAD_LETTERS):
            await client.jetstream().purge_stream(str(stream.name))
    else:
        await provision(client.jetstream())
        prepared.provisioned = True
    await client.close()
    return url


@pytest.fixture
def settings(nats_url: str, database: Server, prepared: Prepared, tmp_path: Path) -> MongoSettings:
    """Shared settings for a test, over databases that have their indexes and nothing else."""
    return MongoSettings(
        nats_url=nats_url,
        mongodb_url=f"mongodb://127.0.0.1:{database.port}",
        mongodb_database=prepared.database,
        data_dir=tmp_path,
    )


@pytest.fixture
def gateway_settings(settings: MongoSettings, tmp_path: Path) -> GatewaySettings:
    return GatewaySettings(
        **settings.model_dump(), auth_secret="tests-only-" + "x" * 32, web_dist=tmp_path / "dist", rate_limit_factor=100
    )


@pytest.fixture
async def app(gateway_settings: GatewaySettings) -> AsyncIterator[FastAPI]:
    """The gateway, started."""
    app = create_app(gateway_settings)
    parts: Parts = app.state.parts
    parts.bus.ask = _allowing_words(parts.bus.ask)
    async with LifespanManager(app, startup_timeout=30, shutdown_timeout=30):
        yield app
        for name in await parts.mongo.database.list_collection_names():
            await parts.mongo.database[name].delete_many({})


def _allowing_words(ask: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Moderation has nothing against what anybody writes."""

    async def asking(query: Query[Any], **options: float) -> Any:
        return Judged(verdict="allow") if isinstance(query, JudgeWords) else await ask(query, **options)

    return asking


@pytest.fixture
def parts(app: FastAPI) -> Parts:
    """The running gateway's parts, to arrange what only other services could bring about."""
    parts: Parts = app.state.parts
    return parts


def client_of(app: FastAPI, **options: object) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=BASE_URL, timeout=60, **options)


def problem(answer: httpx.Response, status: int, code: str) -> dict:
    """The problem document, after checking what every problem carries."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["instance"] == answer.request.url.path
    assert len(body["trace_id"]) == 32
    assert {"type", "title", "detail"} <= body.keys()
    return body


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Someone who is not signed in."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def make_person(app: FastAPI) -> AsyncIterator[MakePerson]:
    """Creates accounts: `ada = await make_person("ada")`."""
    clients: list[httpx.AsyncClient] = []
    numbers = count(1)

    async def make(username: str | None = None, **fields: object) -> Person:
        username = username or f"person{next(numbers)}"
        http = client_of(app)
        clients.append(http)
        body = {"username": username, "email": f"{username}@example.org", "password": PASSWORD} | fields
        answer = await http.post("/v1/accounts", json=body)
        assert answer.status_code == 201, answer.text
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return Person(answer.json()["user"]["id"], username, PASSWORD, http)

    yield make
    for http in clients:
        await http.aclose()


@pytest.fixture
async def ada(make_person: MakePerson) -> Person:
    return await make_person("ada", display_name="Ada")


@pytest.fixture
async def bob(make_person: MakePerson) -> Person:
    return await make_person("bob", display_name="Bob")


@pytest.fixture
async def neighbours(parts: Parts) -> AsyncIterator[None]:
    """The services that are asked: they know of nothing, but they answer."""
    buses = {name: Bus(parts.settings, name) for name in ("search", "feed", "moderation", "generation")}

    @buses["generation"].answer(ListModels)
    async def models(_: ListModels) -> Models:
        return MODELS

    @buses["search"].answer(SearchPosts)
    async def search(_: SearchPosts) -> Hits:
        return Hits()

    @buses["search"].answer(SimilarPosts)
    async def similar(_: SimilarPosts) -> Hits:
        return Hits()

    @buses["feed"].answer(FeedPage)
    async def page(_: FeedPage) -> FeedItems:
        return FeedItems()

    @buses["feed"].answer(ReadTaste)
    async def taste(_: ReadTaste) -> TasteFound:
        return TasteFound(personalised=True, exploration=0.15)

    @buses["feed"].answer(SteerTaste)
    async def steer(_: SteerTaste) -> TasteFound:
        return TasteFound(personalised=True, exploration=0.5)

    @buses["feed"].answer(ForgetTaste)
    async def forget(query: ForgetTaste) -> Forgotten:
        return Forgotten(found=query.id is None or query.id.endswith(query.viewer_id))

    @buses["moderation"].answer(ModerationQueue)
    async def queue(_: ModerationQueue) -> QueueEntries:
        return QueueEntries()

    @buses["moderation"].answer(Decide)
    async def decide(_: Decide) -> Decided:
        return Decided(decision_id=new_id())

    @buses["moderation"].answer(Undo)
    async def undo(_: Undo) -> Undone:
        return Undone(decision_id=new_id())

    for bus in buses.values():
        await bus.start()
    yield
    for bus in buses.values():
        await bus.stop()


@pytest.fixture
async def url(app: FastAPI) -> AsyncIterator[str]:
    """Where the gateway listens on a real port."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", log_level="warning"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving
