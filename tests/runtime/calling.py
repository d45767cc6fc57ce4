"""Calls the application as a client does, without a socket, and a line to MongoDB that can be cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx2

from hub.database import Client
from hub.settings import Settings
from runtime import http


@asynccontextmanager
async def calling(settings: Settings, client: Client) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of the hub's own application."""
    transport = httpx2.ASGITransport(app=await http.application(settings, client))
    async with httpx2.AsyncClient(transport=transport, base_url="http://hub.test") as caller:
        yield caller


class Line:
    """A way to a MongoDB through a port of our own. Once cut, nobody gets through until it is laid again."""

    def __init__(self, mongo_url: str) -> None:
        url = urlsplit(mongo_url)
        self._to = (url.hostname, url.port)
        self._database = url.path
        self._open: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self._port}{self._database}?directConnection=true"

    async def lay(self) -> None:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for task in list(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)
        for writer in self._open:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in self._open), return_exceptions=True)
        self._open.clear()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._to)
        self._open |= {writer, far_writer}
        for source, target in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._carry(source, target))
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while content := await source.read(65_536):
            target.write(content)
            await target.drain()
        target.close()


@asynccontextmanager
async def line(mongo_url: str) -> AsyncIterator[Line]:
    """Lay a line, and cut it at the end."""
    line = Line(mongo_url)
    await line.lay()
    try:
        yield line
    finally:
        await line.cut()
