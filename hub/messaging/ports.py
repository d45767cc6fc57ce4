"""What messaging needs from outside: senders that say which of three things happened."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable
from uuid import UUID

from hub.kit.errors import HubError
from hub.profiles.model import Channel


@dataclass(frozen=True, slots=True)
class Email:
    """A rendered e-mail. `key` is the message's id: a provider gets it, and nothing else about the person.

    `unsubscribe` is the address that takes a one-click POST (RFC 8058); None where one cannot be rid of such mails.
    `html` says the same as `text`, for those whose mailbox shows it; None where there is only the text.
    """

    key: UUID
    to: str
    sender: str
    subject: str
    text: str
    unsubscribe: str | None = None
    html: str | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """A rendered push message. `key` is also the collapse key; `to` is a device's token or installation id.

    `link` is the address that a tap opens, of a page or inside the app; None where it opens the app.
    """

    key: UUID
    to: str
    title: str
    text: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Sms:
    """A rendered SMS to an E.164 number."""

    key: UUID
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class InboxItem:
    """A rendered message for the inbox inside the app; `to` is the id of the customer's profile.

    `link` is the address that a tap opens, None where there is none.
    """

    key: UUID
    to: str
    title: str
    text: str
    link: str | None = None


Outgoing: TypeAlias = Email | Push | Sms | InboxItem


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken the message over."""

    provider_id: str | None = None


class SendFailed(HubError):
    """A send did not end in acceptance. The sentence names the provider and its answer, never the recipient."""

    code = "SEND_FAILED"


class NotSent(SendFailed):
    """The message certainly did not leave: a retry is safe, `after` seconds from now if the provider said so."""

    code = "NOT_SENT"

    def __init__(self, message: str, *, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class Refused(SendFailed):
    """The provider said no for good: a retry is useless."""

    code = "REFUSED"


class Gone(Refused):
    """The provider said that there is nobody at this address any more, and never will be."""

    code = "GONE"


class OptedOut(Refused):
    """The provider said that whoever is at this address has told it to let nobody write to them from here."""

    code = "OPTED_OUT"


class Ambiguous(SendFailed):
    """The message may have arrived. It is settled by events or look-up, never retried."""

    code = "AMBIGUOUS"


class EmailSender(Protocol):
    """Sends e-mails. One request per call, no retries inside."""

    name: str
    at_once: int
    """How many calls it takes at the same time; a message is claimed only when its call can start."""

    async def send(self, message: Email, /) -> Accepted:
        """Hand one message to the provider.

        Raises:
            NotSent: never connected, or a clear "later".
            Refused: a clear "never".
            Ambiguous: written and not answered.
        """
        ...


class PushSender(Protocol):
    """Sends push messages, on the same terms as `EmailSender`."""

    name: str
    at_once: int

    async def send(self, message: Push, /) -> Accepted:
        """See `EmailSender.send`."""
        ...


class SmsSender(Protocol):
    """Sends SMS, on the same terms as `EmailSender`."""

    name: str
    at_once: int

    async def send(self, message: Sms, /) -> Accepted:
        """See `EmailSender.send`."""
        ...


class InboxSender(Protocol):
    """Puts messages into inboxes, on the same terms as `EmailSender`."""

    name: str
    at_once: int

    async def send(self, message: InboxItem, /) -> Accepted:
        """See `EmailSender.send`."""
        ...


@runtime_checkable
class CanFind(Protocol):
    """A sender that can be asked what it has."""

    async def find(self, key: UUID, /) -> Accepted | None:
        """Tell what became of the message with this key; None means it never arrived.

        Raises:
            SendFailed: the provider could not be asked. It is asked again.
        """
        ...


@runtime_checkable
class Reports(Protocol):
    """A sender whose provider tells later, by events, what became of a message."""

    grace_seconds: float
    """How long after its lease an unanswered message waits for such an event, before it is settled by its class."""


AnySender: TypeAlias = EmailSender | PushSender | SmsSender | InboxSender


@dataclass(frozen=True, slots=True)
class Senders:
    """Who sends on each channel, chosen by settings in `runtime/wiring.py`. A channel without one reaches nobody."""

    email: EmailSender | None
    push: PushSender | None
    sms: SmsSender | None
    inbox: InboxSender | None = None

    @property
    def channels(self) -> frozenset[Channel]:
        """The channels that somebody sends on."""
        return frozenset(channel for channel in Channel if self.of(channel) is not None)

    def of(self, channel: Channel) -> AnySender | None:
        """Give the sender of a channel."""
        match channel:
            case Channel.EMAIL:
                return self.email
            case Channel.PUSH:
                return self.push
            case Channel.SMS:
                return self.sms
            case Channel.INBOX:
                return self.inbox

    def at_once(self, channel: Channel) -> int:
        """Tell how many calls the sender of a channel takes at the same time."""
        sender = self.of(channel)
        return sender.at_once if sender else 1

    def name(self, channel: Channel) -> str:
        """Name the provider of a channel."""
        sender = self.of(channel)
        return sender.name if sender else "none"

    async def send(self, message: Outgoing) -> Accepted:
        """Hand a message to the sender of its channel, on that sender's terms."""
        match message:
            case Email() if self.email:
                return await self.email.send(message)
            case Push() if self.push:
                return await self.push.send(message)
            case Sms() if self.sms:
                return await self.sms.send(message)
            case InboxItem() if self.inbox:
                return await self.inbox.send(message)
        raise NotSent("Nobody sends on this channel.")
