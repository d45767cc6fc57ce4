"""An e-mail as bytes on the wire, and where the server is."""

import ipaddress
from dataclasses import dataclass
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, localtime
from typing import Final
from urllib.parse import unquote, urlsplit

from hub.kit.errors import HubError
from hub.messaging.ports import Email, Refused
from integrations.mail_addresses import NO_ADDRESS, ascii_address, sender_of

_UNSUBSCRIBE: Final = "List-Unsubscribe"


class _Link(UnstructuredHeader):
    """A header that is an address in brackets: the standard library would encode a long one as words."""

    def fold(self, *, policy: Policy) -> str:
        """Write it as it is; a line has room for 998 characters."""
        return f"{_UNSUBSCRIBE}: {self}{policy.linesep}"


_HEADERS: Final = HeaderRegistry()
_HEADERS.map_to_type(_UNSUBSCRIBE, _Link)  # type: ignore[arg-type]  # the registry adds the base class itself
# Seven bits pass every server, also one without 8BITMIME.
_POLICY: Final = SMTP.clone(cte_type="7bit", header_factory=_HEADERS)


class InvalidSmtpUrl(HubError):
    """`HUB_SMTP_URL` does not say where a server is. The sentence does not repeat it: it may hold a password."""

    code = "INVALID_SMTP_URL"

    def __init__(self) -> None:
        super().__init__("HUB_SMTP_URL is smtp://HOST:PORT or smtps://HOST:PORT, with USER:PASSWORD@ before HOST.")


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over. `tls` from the first byte (`smtps://`), else by STARTTLS."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None


@dataclass(frozen=True, slots=True)
class Envelope:
    """What SMTP needs to know: two ASCII addresses, and the message with CRLF line ends, not yet dot-stuffed."""

    sender: str
    recipient: str
    message: bytes


def server_of(url: str) -> Server:
    """Read `HUB_SMTP_URL`.

    Raises:
        InvalidSmtpUrl: it cannot be read.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidSmtpUrl from None
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise InvalidSmtpUrl
    tls = parts.scheme == "smtps"
    return Server(
        host=parts.hostname,
        port=port or (465 if tls else 587 if parts.username else 25),
        tls=tls,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def greeting_name(public_url: str) -> str:
    """Say who we are in EHLO: the host of our public address, in brackets if it is a number."""
    host = urlsplit(public_url).hostname or "localhost"
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[{number}]" if number.version == 4 else f"[IPv6:{number}]"  # noqa: PLR2004  the version's own name


def envelope_of(email: Email) -> Envelope:
    """Write an e-mail. Its only personal header is `To`; our key is its `Message-ID` and `X-Hub-Message`.

    Raises:
        InvalidSenderAddress: the sender's address is none.
        Refused: the recipient's is none that SMTP can carry, or the subject has more than one line.
    """
    from_ = sender_of(email.sender)
    try:
        to = ascii_address(email.to)
        message = EmailMessage(policy=_POLICY)
        message["From"] = from_
        message["To"] = to
        message["Subject"] = email.subject
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = f"<{email.key}@{from_.domain}>"
        message["X-Hub-Message"] = str(email.key)
        if email.unsubscribe:
            message[_UNSUBSCRIBE] = f"<{email.unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(email.text)
        if email.html is not None:
            message.add_alternative(email.html, subtype="html")
        return Envelope(from_.addr_spec, to.addr_spec, message.as_bytes())
    except NO_ADDRESS:  # without its cause, which quotes the address
        raise Refused("SMTP cannot carry this message: the address or the subject is not well formed.") from None
