"""The inbox inside the app: a channel without a provider. What is sent on it lies there until the customer reads it.

| what happens                                          | outcome                           |
|-------------------------------------------------------|-----------------------------------|
| the row is durable on the majority                    | `Accepted`                        |
| no MongoDB could be reached, so nothing was written   | `NotSent`                         |
| MongoDB was reached and gave no good answer           | `Ambiguous`: the row may be there |
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import pymongo
from pymongo.errors import PyMongoError, ServerSelectionTimeoutError

from hub.database import OwnIds
from hub.kit.errors import HubError
from hub.messaging import feedback, inbox_store
from hub.messaging.inbox_store import InboxMessage
from hub.messaging.ports import Accepted, Ambiguous, InboxItem, NotSent
from hub.messaging.reports import Report, ReportKind
from hub.profiles.model import Channel
from hub.profiles.suppression import Suppressions
from hub.settings import Settings

NAME: Final = "hub"
"""What stands in the place of a provider."""


class NoSuchInboxMessage(HubError):
    """A message that is in no inbox of the customer's."""

    code = "NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such message in this inbox.")


class InboxSender:
    """Puts messages into inboxes. A message lies there once, however often it is sent."""

    name = NAME
    at_once = 16

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._read_seconds = settings.read_seconds
        self._clock = clock

    async def send(self, message: InboxItem, /) -> Accepted:
        """Put a message into its customer's inbox. See the table above."""
        item = InboxMessage(message.key, UUID(message.to), message.title, message.text, message.link, at=self._clock())
        try:
            with pymongo.timeout(self._read_seconds):
                await inbox_store.put(item)
        except ServerSelectionTimeoutError:
            raise NotSent("The inbox could not be reached.") from None
        except PyMongoError as error:
            raise Ambiguous(f"The inbox did not answer well ({type(error).__name__}).") from None
        return Accepted()

    async def find(self, key: UUID, /) -> Accepted | None:
        """Tell whether the message lies in an inbox."""
        try:
            found = await inbox_store.has(key)
        except PyMongoError as error:
            raise Ambiguous(f"The inbox did not answer ({type(error).__name__}).") from None
        return Accepted() if found else None


async def read(
    message_id: UUID, own_ids: OwnIds, suppressions: Suppressions, *, now: datetime, archived: bool = False
) -> InboxMessage:
    """Note that a customer has read a message, or archived it: it counts as opened. Repeating it changes nothing.

    Raises:
        NoSuchInboxMessage: it is in no inbox of theirs.
    """
    found = await inbox_store.mark(message_id, own_ids, at=now, archived=archived)
    if found is None:
        raise NoSuchInboxMessage
    # The time that stands, not this one: so the report is the same in every repetition.
    opened = Report(message_id, ReportKind.OPENED, Channel.INBOX, NAME, f"read {message_id}", found.read_at or now)
    await feedback.take_in([opened], suppressions, now=now)
    return found
