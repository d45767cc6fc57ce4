"""The sender that writes into the inbox.

| what happens                                          | outcome                             |
|-------------------------------------------------------|-------------------------------------|
| the row is durable on the majority                    | `Accepted`, with the row's id       |
| no MongoDB could be reached, so nothing was written   | `NotSent`                           |
| MongoDB was reached and gave no good answer           | `Ambiguous`: the row may be there   |
"""

from datetime import UTC, datetime
from uuid import UUID

import pymongo
from pymongo import WriteConcern
from pymongo.errors import PyMongoError, ServerSelectionTimeoutError

from hub import seal
from hub.database import Row
from hub.kit.errors import HubError
from hub.kit.ids import new_id
from hub.messaging.ports import Accepted, Ambiguous, Email, NotSent, Outgoing, Push
from hub.profiles.model import Channel
from hub.settings import Environment, Settings
from integrations.console.store import Inbox, InboxDocument


class NotForProduction(HubError):
    """The console sender was chosen where real customers are waiting for their messages."""

    code = "NOT_FOR_PRODUCTION"

    def __init__(self) -> None:
        super().__init__(
            "The sender 'console' shows messages to a developer and sends none: choose a real one by "
            "HUB_EMAIL_PROVIDER, HUB_PUSH_PROVIDER and HUB_SMS_PROVIDER when HUB_ENV is production."
        )


class ConsoleSender:
    """Takes e-mails, push messages and SMS. Like a real provider it takes no idempotency key: a repeat is two rows.

    Raises:
        NotForProduction: `HUB_ENV` is production.
    """

    name = "console"
    at_once = 16

    def __init__(self, settings: Settings, inbox: Inbox) -> None:
        if settings.env is Environment.PRODUCTION:
            raise NotForProduction
        self._inbox = inbox.with_options(write_concern=WriteConcern("majority", j=True))
        self._read_seconds = settings.read_seconds

    async def send(self, message: Outgoing, /) -> Accepted:
        """Put a message into the inbox. See the table above."""
        row = _row_of(message)
        try:
            # Retries inside the driver included: an insert that outlives the claim is looked up too early.
            with pymongo.timeout(self._read_seconds):
                await self._inbox.insert_one(row)
        except ServerSelectionTimeoutError:
            raise NotSent("The console's inbox could not be reached.") from None
        except PyMongoError as error:
            raise Ambiguous(f"The console's inbox did not answer well ({type(error).__name__}).") from None
        return Accepted(provider_id=str(row["_id"]))

    async def find(self, key: UUID, /) -> Accepted | None:
        """Tell whether the inbox has a message with this key."""
        try:
            row = await self._inbox.find_one({"key": key}, {"_id": 1})
        except PyMongoError as error:
            raise Ambiguous(f"The console's inbox did not answer ({type(error).__name__}).") from None
        return Accepted(provider_id=str(row["_id"])) if row else None


def _row_of(message: Outgoing) -> Row:
    if isinstance(message, Email):
        channel, sender, subject = Channel.EMAIL, message.sender, message.subject
    elif isinstance(message, Push):
        channel, sender, subject = Channel.PUSH, "", message.title
    else:
        channel, sender, subject = Channel.SMS, "", ""
    row = {
        "_id": new_id(),
        "key": message.key,
        "channel": channel,
        "to": message.to,
        "sender": sender,
        "subject": subject,
        "text": message.text,
        "at": datetime.now(UTC),
    }
    if isinstance(message, Email) and message.html is not None:
        row["html"] = message.html
    return seal.shut(InboxDocument, row)
