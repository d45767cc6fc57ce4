"""The SMTP sender: one kept connection, one message at a time, three outcomes.

A message exists for the server once it has answered the dot that ends it (RFC 5321 §4.1.1.4). What has happened to it
is therefore decided by how far the conversation came:

| phase                         | answer 4yz       | answer 5yz       | no answer, or one that is none |
|-------------------------------|------------------|------------------|--------------------------------|
| waiting for our turn          |                  |                  | `NotSent`                      |
| connect, greeting, TLS, AUTH  | `NotSent`        | `NotSent` (a)    | `NotSent`                      |
| RSET on a kept connection     | connect anew     | connect anew     | connect anew (b)               |
| MAIL FROM, RCPT TO, DATA      | `NotSent`        | `Refused` (a, f) | `NotSent` (c)                  |
| the message and its dot       | `NotSent` (d)    | `Refused`        | `Ambiguous` (e)                |

(a) What is about us and not about this message is `NotSent`: credentials can be corrected, and the message sent again.
    So is 530 (authentication or TLS required) wherever it comes.
(b) Servers close idle connections. Nothing of this message has been written yet, so this is no hidden retry.
(c) Without the dot a server must throw away what it has (§4.1.1.4, §4.1.4).
(d) Also 421: 4yz after the dot says that responsibility stays with us (§4.2.5), and the next attempt is a new message.
(e) Timeout, broken line, an answer that is no SMTP or neither 2yz, 4yz nor 5yz: the server may have taken it.
(f) `Gone` where RCPT TO is refused with 5.1.1 and the like: there is nobody, and the address is suppressed.

Waiting and connecting together take `connect_seconds` at most, the conversation `read_seconds`, so that a call ends
before its lease does, however many callers stand in line. After anything but a clean answer the connection is closed.
"""

import asyncio
import re
from typing import Final

import aiosmtplib

from hub.messaging.ports import Accepted, Ambiguous, Email, Gone, NotSent, Refused, SendFailed
from hub.settings import Settings
from integrations.mail_addresses import sender_of
from integrations.smtp.mail import Envelope, envelope_of, greeting_name, server_of

_GO_AHEAD: Final = 354
_DONE: Final = 2
_LATER: Final = 4
_NEVER: Final = 5
_NOT_LIKE_THIS: Final = 530
_RECIPIENT: Final = "RCPT"
_NOBODY: Final = re.compile(r"5\.1\.(?:1|2|3|6|10)\b")
"""The enhanced status codes (RFC 3463, 7505) of an address that is dead for good, not of a mail that is not wanted."""


class SmtpSender:
    """Hands e-mails to the server of `HUB_SMTP_URL`.

    `smtps://` speaks TLS from the first byte. `smtp://` turns to TLS where the server offers it, and must before a
    password is written. Certificates are checked.

    Raises:
        InvalidSmtpUrl, InvalidSenderAddress: a setting cannot be read. Better now than by every message.
    """

    name = "smtp"
    at_once = 1  # one connection, which carries one message at a time

    def __init__(self, settings: Settings) -> None:
        self._server = server_of(settings.smtp_url.get_secret_value())
        sender_of(settings.email_from)
        self._greeting_name = greeting_name(settings.public_url)
        self._connect_seconds = settings.connect_seconds
        self._read_seconds = settings.read_seconds
        self._turn = asyncio.Lock()
        self._kept: aiosmtplib.SMTP | None = None

    async def send(self, message: Email, /) -> Accepted:
        """Hand one e-mail over. See the table above for what is raised when."""
        envelope = envelope_of(message)
        deadline = asyncio.get_running_loop().time() + self._connect_seconds
        try:
            async with asyncio.timeout_at(deadline):
                await self._turn.acquire()
        except TimeoutError:
            raise NotSent("The SMTP connection was busy with other messages.") from None
        try:
            outcome = await self._handed_over(envelope, deadline)
        finally:
            self._turn.release()
        # Raised outside of every handler, so that no error of the client comes along.
        if isinstance(outcome, SendFailed):
            raise outcome
        return outcome

    async def close(self) -> None:
        """Say goodbye to the server, if there is a connection."""
        async with self._turn:
            kept, self._kept = self._kept, None
            if kept is not None and kept.is_connected:
                try:
                    await kept.quit(timeout=self._connect_seconds)
                except aiosmtplib.SMTPException:
                    kept.close()

    async def _handed_over(self, envelope: Envelope, deadline: float) -> Accepted | SendFailed:
        conversation: _Conversation | None = None
        clean = False
        try:
            async with asyncio.timeout_at(deadline):
                connection = await self._connected()
            conversation = _Conversation(connection)
            async with asyncio.timeout(self._read_seconds):
                outcome = await conversation.hold(envelope)
            clean = True
        except (aiosmtplib.SMTPException, OSError) as error:  # a TimeoutError and a fault of TLS are OSErrors
            cause = type(error).__name__
            if conversation is None:
                return NotSent(f"The SMTP server could not be reached ({cause}).")
            if not conversation.written:
                return NotSent(f"The SMTP server did not go on before it had the message ({cause}).")
            return Ambiguous(f"The SMTP server did not answer after it had the message ({cause}).")
        finally:
            if not clean:  # also when this task is cancelled: nobody knows where that conversation stands
                self._drop()
        return outcome

    async def _connected(self) -> aiosmtplib.SMTP:
        """Take the kept connection if it still answers, else make a new one."""
        if self._kept is not None and self._kept.is_connected:
            try:
                await self._kept.rset()
            except aiosmtplib.SMTPException:
                self._drop()
            else:
                return self._kept
        server = self._server
        self._kept = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            local_hostname=self._greeting_name,
            use_tls=server.tls,
            start_tls=False if server.tls else True if server.user else None,
            timeout=None,  # our own deadlines hold for a whole phase, not for each answer
        )
        await self._kept.connect()
        if self._kept.is_ehlo_or_helo_needed:  # nobody has said it yet, or TLS has made the server forget it
            await self._kept.ehlo()
        return self._kept

    def _drop(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None


class _Conversation:
    """One message told to a server that listens. `written` is true once the message and its dot are on their way."""

    def __init__(self, connection: aiosmtplib.SMTP) -> None:
        self._connection = connection
        self.written = False

    async def hold(self, envelope: Envelope) -> Accepted | SendFailed:
        """Lead it to a clean answer.

        Raises:
            aiosmtplib.SMTPException, OSError: there is none.
        """
        for command, argument in (
            (b"MAIL", f"FROM:<{envelope.sender}>"),
            (_RECIPIENT.encode("ascii"), f"TO:<{envelope.recipient}>"),
        ):
            answer = await self._connection.execute_command(command, argument.encode("ascii"))
            if answer.code // 100 != _DONE:
                return _no(answer, command.decode())
        answer = await self._connection.execute_command(b"DATA")
        if answer.code != _GO_AHEAD:
            return _no(answer, "DATA")
        answer = await self._message_answer(envelope.message)
        return Accepted() if answer.code // 100 == _DONE else _no(answer, "the message")

    async def _message_answer(self, message: bytes) -> aiosmtplib.SMTPResponse:
        protocol = self._connection.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("The line broke.")
        ending = b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n"
        protocol.write(message.replace(b"\r\n.", b"\r\n..") + ending)
        self.written = True
        return await protocol.read_response()


def _no(answer: aiosmtplib.SMTPResponse, asked: str) -> SendFailed:
    """Understand a clean no. The server's words may repeat the address: only its code is kept.

    Raises:
        aiosmtplib.SMTPResponseException: it is neither yes nor no.
    """
    if answer.code // 100 == _LATER or answer.code == _NOT_LIKE_THIS:
        return NotSent(f"The SMTP server answered {answer.code} to {asked}.")
    if answer.code // 100 == _NEVER and asked == _RECIPIENT and _NOBODY.match(answer.message):
        return Gone(f"The SMTP server answered {answer.code}: there is nobody at this address.")
    if answer.code // 100 == _NEVER:
        return Refused(f"The SMTP server answered {answer.code} to {asked}.")
    raise aiosmtplib.SMTPResponseException(answer.code, "")
