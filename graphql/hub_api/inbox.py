"""The inbox inside the app: what lies in it, and the mutations `readInboxMessage` and `archiveInboxMessage`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.database import OwnIds
from hub.kit import pages
from hub.kit.pages import Page
from hub.messaging import inbox, inbox_store
from hub_api.connections import After, Before, Connection, First, Last
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs
from hub_api.nodes import BadId, Node, global_id, parsed, uuid_of
from hub_api.subjects import meant


@strawberry.type
class InboxMessage(Node):
    """A message in a customer's inbox."""

    profile_id: strawberry.Private[UUID]
    title: str = strawberry.field(description="Its heading, in one line; may be empty.")
    text: str = strawberry.field(description="What it says: plain text, to be escaped where it is shown as HTML.")
    link: str | None = strawberry.field(description="Where a tap leads, such as a page of the app.")
    at: datetime = strawberry.field(description="Since when it lies there.")
    read_at: datetime | None = strawberry.field(description="When it was first read.")
    archived_at: datetime | None = strawberry.field(description="When it was put aside.")

    @classmethod
    def of(cls, message: inbox_store.InboxMessage) -> Self:
        """Show a message."""
        return cls(
            id=global_id("InboxMessage", message.id),
            profile_id=message.profile_id,
            title=message.title,
            text=message.text,
            link=message.link,
            at=message.at,
            read_at=message.read_at,
            archived_at=message.archived_at,
        )


@strawberry.type
class InboxConnection(Connection[InboxMessage]):
    """A page of an inbox, newest first, and how many wait to be read."""

    profile_id: strawberry.Private[UUID]
    own_ids: strawberry.Private[OwnIds]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def unread(self, info: Info) -> int:
        """How many messages are neither read nor archived, in the whole inbox."""
        return await info.context.loaders.one(inbox_store.unread, self.own_ids) or 0

    @classmethod
    def shown(cls, page: Page[inbox_store.InboxMessage], profile_id: UUID, own_ids: OwnIds) -> Self:
        """Show a page of somebody's inbox."""
        listed: Connection[InboxMessage] = Connection.of(page, InboxMessage.of)
        return cls(
            page_info=listed.page_info,
            edges=listed.edges,
            nodes=listed.nodes,
            profile_id=profile_id,
            own_ids=own_ids,
        )


@strawberry.type
class HasInbox:
    """What a profile shows of its inbox."""

    profile_id: strawberry.Private[UUID]
    own_ids: strawberry.Private[OwnIds]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def inbox(  # noqa: PLR0917 - a connection has as many
        self,
        info: Info,
        archived: Annotated[bool, strawberry.argument(description="Those that were put aside, instead.")] = False,  # noqa: FBT002 - its name on the wire
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> InboxConnection:
        """What lies in this customer's inbox inside the app, newest first."""
        read = inbox_store.archived_pages if archived else inbox_store.pages
        page = await info.context.loaders.page(read, self.own_ids, pages.span(first, after, last, before))
        return InboxConnection.shown(page, self.profile_id, self.own_ids)


@strawberry.input
class ReadInboxMessageInput:
    """A message that the asking customer has read."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    message_id: strawberry.ID = strawberry.field(description="The `id` of the message in the inbox.")


@strawberry.input
class ArchiveInboxMessageInput:
    """A message that the asking customer puts aside."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    message_id: strawberry.ID = strawberry.field(description="The `id` of the message in the inbox.")


@strawberry.type
class ReadInboxMessagePayload:
    """It is read, and counts as opened."""

    message: InboxMessage = strawberry.field(description="The message as it is now.")


@strawberry.type
class ArchiveInboxMessagePayload:
    """It is read and lies in the archive."""

    message: InboxMessage = strawberry.field(description="The message as it is now.")


@strawberry.type
class NoSuchInboxMessage(UserError):
    """The message is in no inbox of the asking customer's."""

    @classmethod
    def of(cls, error: inbox.NoSuchInboxMessage) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", "messageId"])


ReadInboxMessageResult: TypeAlias = Annotated[
    ReadInboxMessagePayload | NoSuchInboxMessage | IdempotencyKeyReused,
    strawberry.union("ReadInboxMessageResult", description="What became of `readInboxMessage`."),
]
ArchiveInboxMessageResult: TypeAlias = Annotated[
    ArchiveInboxMessagePayload | NoSuchInboxMessage | IdempotencyKeyReused,
    strawberry.union("ArchiveInboxMessageResult", description="What became of `archiveInboxMessage`."),
]


@strawberry.type
class InboxMutations:
    """What customers do with their inbox."""

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_SELF)])
    async def read_inbox_message(
        self,
        info: Info,
        input: ReadInboxMessageInput,  # noqa: A002 - its name on the wire
    ) -> ReadInboxMessageResult:
        """Say that a message was read."""
        try:
            await info.context.once("readInboxMessage", input, lambda: _read(info, input.message_id))
            return ReadInboxMessagePayload(message=await _own(info, input.message_id))
        except inbox.NoSuchInboxMessage as error:
            return NoSuchInboxMessage.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_SELF)])
    async def archive_inbox_message(
        self,
        info: Info,
        input: ArchiveInboxMessageInput,  # noqa: A002 - its name on the wire
    ) -> ArchiveInboxMessageResult:
        """Put a message aside: it is listed with `archived: true`, and counts as read."""
        try:
            await info.context.once("archiveInboxMessage", input, lambda: _read(info, input.message_id, archived=True))
            return ArchiveInboxMessagePayload(message=await _own(info, input.message_id))
        except inbox.NoSuchInboxMessage as error:
            return NoSuchInboxMessage.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)


async def _read(info: Info, id_: str, *, archived: bool = False) -> Done:
    context = info.context
    profile = await meant(info, None, Scope.PROFILE_WRITE)
    message_id, now = _message_id(id_), context.clock()
    await inbox.read(message_id, profile.own_ids, context.suppressions, now=now, archived=archived)
    what = "archive inbox message" if archived else "read inbox message"
    return Done({}, Change(what, str(profile.id), None, {"message": str(message_id)}))


async def _own(info: Info, id_: str) -> InboxMessage:
    profile, message_id = await meant(info, None, Scope.PROFILE_WRITE), _message_id(id_)
    found: Mapping[UUID, Any] = await inbox_store.load([message_id])
    if message_id not in found or found[message_id].profile_id not in profile.own_ids:
        raise inbox.NoSuchInboxMessage
    return InboxMessage.of(found[message_id])


def _message_id(id_: str) -> UUID:
    type_name, own_id = parsed(id_)
    if type_name != "InboxMessage":
        raise BadId
    return uuid_of(own_id)
