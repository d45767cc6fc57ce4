"""An HTTP server for tests that stands where a provider is: real sockets, and faults as told."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any
from urllib.parse import parse_qsl


class Fault(Enum):
    """What goes wrong with the next request."""

    HANGS_UP_UNREAD = auto()
    HANGS_UP_HALFWAY = auto()
    TAKES_IT_AND_HANGS_UP = auto()
    TAKES_IT_AND_IS_SILENT = auto()
    TAKES_IT_AND_BABBLES = auto()
    TAKES_IT_AND_DRIPS = auto()


TAKEN_ALL_THE_SAME = {
    Fault.TAKES_IT_AND_HANGS_UP,
    Fault.TAKES_IT_AND_IS_SILENT,
    Fault.TAKES_IT_AND_BABBLES,
    Fault.TAKES_IT_AND_DRIPS,
}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True)


@dataclass(frozen=True)
class Answer:
    status: int
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def taken(self) -> bool:
        return self.status // 100 == 2

    def bytes(self) -> bytes:
        body = b"" if self.json is None else json.dumps(self.json).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **self.headers}
        head = f"HTTP/1.1 {self.status} said so\r\n"
        return (head + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n").encode() + body


@dataclass
class ProviderServer:
    """Answers as `rules` say, or `answer` once, or with a fault once. `taken` are the requests it acted on."""

    rules: Callable[[Request], Answer]
    port: int = 0
    answer: Answer | None = None
    fault: Fault | None = None
    requests: list[Request] = field(default_factory=list)
    taken: list[Request] = field(default_factory=list)
    connections: int = 0
    _lines: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def hang_up(self) -> None:
        """Close the idle connections, as servers do after a while."""
        for line in self._lines:
            line.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._lines.append(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._lines.remove(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if self._strikes(Fault.HANGS_UP_UNREAD):
            await reader.read(1)
            return False
        if self._strikes(Fault.HANGS_UP_HALFWAY):
            await reader.readuntil(b"\r\n\r\n")
            return False
        request = await _read(reader)
        self.requests.append(request)
        answer, self.answer = self.answer or self.rules(request), None
        fault, self.fault = self.fault, None
        if answer.taken:
            self.taken.append(request)
        if fault is Fault.TAKES_IT_AND_IS_SILENT:
            await reader.read()  # until the other side gives up
        elif fault is Fault.TAKES_IT_AND_BABBLES:
            writer.write(b"what is this?\r\n\r\n")
        elif fault is Fault.TAKES_IT_AND_DRIPS:
            await _drip(reader, writer, answer)
        elif fault is None:
            writer.write(answer.bytes())
            await writer.drain()
        return fault is None

    def _strikes(self, fault: Fault) -> bool:
        struck = self.fault is fault
        if struck:
            self.fault = None
        return struck


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    method, path, _ = first.split(" ")
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path, headers, body)


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
    """Send a byte before each patience runs out, so that only the time of the whole call can end it."""
    for byte in answer.bytes():
        writer.write(bytes([byte]))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                if not await reader.read(1):
                    return


@contextlib.asynccontextmanager
async def provider_server(rules: Callable[[Request], Answer]) -> AsyncIterator[ProviderServer]:
    """Run a server on a free port of this machine."""
    server = ProviderServer(rules)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        server.hang_up()
        await listening.wait_closed()
