"""Fixtures for every tier: one real broker and one real database for each test process, emptied between tests."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import nats
import pytest

from shared import garbage
from shared.mongo import Mongo
from shared.settings import MongoSettings
from shared.topology import DEAD_LETTERS, EVENTS, provision
from tests.servers import Server, mongo_server, nats_server, oidc_issuer, running
from tests.stack import Stack, running_stack

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def _many_services_in_one_process() -> Iterator[None]:
    """What one service has loaded is garbage when the next begins."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(garbage, "spare_what_is_loaded", lambda: None)
        yield


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A nats-server with JetStream."""
    with running(nats_server(tmp_path_factory.mktemp("broker"))) as server:
        yield server


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that speaks MongoDB's wire protocol."""
    with running(mongo_server(tmp_path_factory.mktemp("database"))) as server:
        yield server


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an OpenID Connect issuer, which `tests/issuer.py` says how to steer."""
    with running(oidc_issuer(tmp_path_factory.mktemp("issuer"))) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture
async def nats_url(broker: Server) -> str:
    """The broker's URL, with the topology freshly provisioned and no message in it."""
    url = f"nats://127.0.0.1:{broker.port}"
    client = await nats.connect(url)
    jetstream = client.jetstream()
    for stream in (EVENTS, DEAD_LETTERS):
        with contextlib.suppress(nats.js.errors.NotFoundError):
            await jetstream.delete_stream(str(stream.name))
    await provision(jetstream)
    await client.close()
    return url


@pytest.fixture
def settings(nats_url: str, database: Server, tmp_path: Path) -> MongoSettings:
    """Shared settings for a test: the real broker, and a database prefix nobody else uses."""
    return MongoSettings(
        nats_url=nats_url,
        mongodb_url=f"mongodb://127.0.0.1:{database.port}",
        mongodb_database=f"t{uuid4().hex[:10]}",
        data_dir=tmp_path,
    )


@pytest.fixture
async def mongo(settings: MongoSettings) -> AsyncIterator[Mongo]:
    """A connected, empty database of a service called `test`."""
    connection = Mongo(settings, "test")
    yield connection
    await connection.client.drop_database(connection.database.name)
    await connection.close()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole stack, started once. Tests that use it carry `xdist_group("stack")`, so that one process has it."""
    with running_stack(tmp_path_factory.mktemp("stack")) as running_one:
        yield running_one
