"""A TCP proxy before the broker that cuts the line in the worst moment: stored, but not yet said to be stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PUB_ACK = b'"stream":"EVENTS"'


class CuttingProxy:
    """Forwards bytes both ways. The next `cuts_left` answers to publications cut their connection instead."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.port = 0
        self.cuts_left = 0
        self._pipes: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client."""
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        both = [
            asyncio.create_task(self._pipe(reader, upstream_writer, answers=False)),
            asyncio.create_task(self._pipe(upstream_reader, writer, answers=True)),
        ]
        self._pipes.update(both)
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task, end in zip(both, (upstream_writer, writer), strict=True):
            task.cancel()
            end.close()
            self._pipes.discard(task)

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        while data := await reader.read(65536):
            if answers and self.cuts_left > 0 and PUB_ACK in data:
                self.cuts_left -= 1
                return
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def cutting_proxy(port: int) -> AsyncIterator[CuttingProxy]:
    """A proxy on a free port before the broker on `port`."""
    proxy = CuttingProxy(port)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
