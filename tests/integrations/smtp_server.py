"""An SMTP server for tests that speaks the real protocol on a real socket, and fails as it is told to."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum, auto


class Fault(Enum):
    """What goes wrong with the next message, or the next connection."""

    BREAKS_BEFORE_GREETING = auto()
    SILENT_BEFORE_GREETING = auto()
    BUSY_GREETING = auto()
    UNWILLING_GREETING = auto()
    REFUSES_SENDER = auto()
    WANTS_A_PASSWORD = auto()
    REFUSES_RECIPIENT = auto()
    KNOWS_NOBODY = auto()
    BUSY_AT_RECIPIENT = auto()
    SILENT_AT_RECIPIENT = auto()
    BREAKS_AT_RECIPIENT = auto()
    BABBLES_AT_RECIPIENT = auto()
    BUSY_AT_DATA = auto()
    BREAKS_IN_DATA = auto()
    REFUSES_MESSAGE = auto()
    BUSY_AFTER_DOT = auto()
    LEAVES_AFTER_DOT = auto()
    SILENT_AFTER_DOT = auto()
    BREAKS_AFTER_DOT = auto()
    BABBLES_AFTER_DOT = auto()


AT_GREETING = {
    Fault.BREAKS_BEFORE_GREETING,
    Fault.SILENT_BEFORE_GREETING,
    Fault.BUSY_GREETING,
    Fault.UNWILLING_GREETING,
}
ANSWERS = {
    Fault.BUSY_GREETING: "421 too many connections",
    Fault.UNWILLING_GREETING: "554 no service for you",
    Fault.WANTS_A_PASSWORD: "530 who are you",
    Fault.REFUSES_SENDER: "550 {sender} may not",
    Fault.REFUSES_RECIPIENT: "550 {recipient} is unknown",
    Fault.KNOWS_NOBODY: "550 5.1.1 {recipient} is unknown",
    Fault.BUSY_AT_RECIPIENT: "451 {recipient} is greylisted",
    Fault.BABBLES_AT_RECIPIENT: "what is {recipient}?",
    Fault.BUSY_AT_DATA: "452 no room",
    Fault.REFUSES_MESSAGE: "554 {recipient} wants no such thing",
    Fault.BUSY_AFTER_DOT: "451 try again",
    Fault.LEAVES_AFTER_DOT: "421 shutting down",
    Fault.BABBLES_AFTER_DOT: "hm, {recipient}",
}


class _LineBreaks(Exception):
    pass


@dataclass
class SmtpServer:
    """Accepts every message; `fault` strikes once. Dot-stuffing is undone in `accepted`, the messages it took over."""

    port: int = 0
    fault: Fault | None = None
    accepted: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    starttls: ssl.SSLContext | None = None
    took_one: asyncio.Event = field(default_factory=asyncio.Event)
    _lines: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def hang_up(self) -> None:
        """Close the idle connections, as servers do after a while."""
        for line in self._lines:
            line.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._lines.append(writer)
        try:
            if await self._greet(reader, writer):
                await self._converse(reader, writer)
        except (_LineBreaks, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._lines.remove(writer)
            writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if self.fault not in AT_GREETING:
            await _say(writer, "220 tests ESMTP")
            return True
        fault, self.fault = self.fault, None
        if fault is Fault.SILENT_BEFORE_GREETING:
            await reader.read()
        if fault in ANSWERS:
            await _say(writer, ANSWERS[fault])
        return False

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipient, greeted = "", False
        while True:
            line = (await reader.readuntil(b"\r\n")).decode().strip()
            self.commands.append(line)
            verb = line[:4].upper()
            if verb == "RCPT":
                recipient = line[len("RCPT TO:<") : -1]
            greeted = greeted or verb == "EHLO"
            if not greeted:
                await _say(writer, "503 say EHLO first")
                continue
            if verb == "STAR" and self.starttls:
                await _say(writer, "220 go ahead")
                await writer.start_tls(self.starttls)
                greeted = False
                continue
            if verb in {"MAIL", "RCPT", "DATA"} and await self._fails(verb, recipient, reader, writer):
                continue
            if verb == "DATA":
                await self._take(recipient, reader, writer)
            elif verb == "EHLO" and self.starttls:
                await _say(writer, "250-tests\r\n250 STARTTLS")
            elif verb == "QUIT":
                await _say(writer, "221 bye")
                return
            else:
                await _say(writer, "250 fine")

    async def _take(self, recipient: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _say(writer, "354 go ahead")
        if self._strikes(Fault.BREAKS_IN_DATA):
            await reader.readexactly(20)
            raise _LineBreaks
        message = await reader.readuntil(b"\r\n.\r\n")
        if self._strikes(Fault.SILENT_AFTER_DOT, Fault.BREAKS_AFTER_DOT, Fault.BABBLES_AFTER_DOT, keep=True):
            self._accept(message)  # the point of these: the message was taken
        if not await self._fails("DOT", recipient, reader, writer):
            self._accept(message)
            await _say(writer, "250 queued")

    def _accept(self, message: bytes) -> None:
        self.accepted.append(_unstuffed(message))
        self.took_one.set()

    async def _fails(
        self, verb: str, recipient: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        at = {
            "MAIL": [Fault.REFUSES_SENDER, Fault.WANTS_A_PASSWORD],
            "RCPT": [
                Fault.REFUSES_RECIPIENT,
                Fault.KNOWS_NOBODY,
                Fault.BUSY_AT_RECIPIENT,
                Fault.SILENT_AT_RECIPIENT,
                Fault.BREAKS_AT_RECIPIENT,
                Fault.BABBLES_AT_RECIPIENT,
            ],
            "DATA": [Fault.BUSY_AT_DATA],
            "DOT": [
                Fault.REFUSES_MESSAGE,
                Fault.BUSY_AFTER_DOT,
                Fault.LEAVES_AFTER_DOT,
                Fault.SILENT_AFTER_DOT,
                Fault.BREAKS_AFTER_DOT,
                Fault.BABBLES_AFTER_DOT,
            ],
        }
        fault = self.fault
        if fault is None or not self._strikes(*at[verb]):
            return False
        if fault in {Fault.SILENT_AT_RECIPIENT, Fault.SILENT_AFTER_DOT}:
            await reader.read()  # until the other side gives up
        if fault not in ANSWERS:
            raise _LineBreaks
        await _say(writer, ANSWERS[fault].format(sender="the sender", recipient=recipient))
        if fault is Fault.LEAVES_AFTER_DOT:
            raise _LineBreaks
        return True

    def _strikes(self, *faults: Fault, keep: bool = False) -> bool:
        struck = self.fault in faults
        if struck and not keep:
            self.fault = None
        return struck


@contextlib.asynccontextmanager
async def smtp_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[SmtpServer]:
    """Run a server on a free port of this machine; `tls` from the first byte if it is given."""
    server = SmtpServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        server.hang_up()
        await listening.wait_closed()


async def _say(writer: asyncio.StreamWriter, line: str) -> None:
    writer.write(f"{line}\r\n".encode())
    await writer.drain()


def _unstuffed(message: bytes) -> bytes:
    return message.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
