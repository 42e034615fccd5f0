"""A stack for one benchmark: some of the parts, on free ports, with data that goes when it ends."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from rich.console import Console

from deploy.local.layout import Layout, lay_out
from deploy.local.programs import control_socket, start
from deploy.local.watch import Watch
from shared.mongo import Mongo
from shared.settings import MongoSettings


@contextmanager
def passing_stack(applications: Mapping[str, str], console: Console) -> Iterator[Layout]:
    """The broker, the database and these services, ready. Exits with 1 when one can't start, having said which."""
    with tempfile.TemporaryDirectory(prefix="promptgram-bench-") as folder:
        layout = lay_out(Path(folder), None)
        supervisord = start(layout, applications)
        try:
            watch = Watch(layout, control_socket(layout), console, ("nats", "mongo", *applications))
            if not watch.until_ready(lambda: False):
                sys.exit(1)
            yield layout
        finally:
            supervisord.terminate()
            supervisord.wait(20)


@asynccontextmanager
async def gateway_database(layout: Layout) -> AsyncIterator[Mongo]:
    """The database in which the gateway keeps posts and people."""
    url = f"mongodb://127.0.0.1:{layout.ports['mongo']}"
    mongo = Mongo(MongoSettings(mongodb_url=url, data_dir=layout.data), "gateway")
    try:
        yield mongo
    finally:
        await mongo.close()
