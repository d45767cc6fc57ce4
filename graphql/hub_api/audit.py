"""The audit: who changed or read what."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry.scalars import JSON

from hub.access import audit
from hub.access.audit import Entry, Wanted
from hub.access.model import Caller, Scope
from hub.access.names import Names
from hub.kit import pages
from hub_api.connections import After, Before, Connection, First, Last
from hub_api.context import Info
from hub_api.needs import Needs


@strawberry.type
class Actor:
    """Who did something."""

    kind: str = strawberry.field(description="What sort of caller; `operator` for the command line.")
    subject: str = strawberry.field(description="Which one: a person's id, the id of a key, or a key for a customer.")
    roles: list[str] = strawberry.field(description="Their roles at that time.")


@strawberry.type
class AuditEntry:
    """A change, or that somebody was shown something of persons. It never changes."""

    number: int = strawberry.field(description="Its place in the chain, from 1.")
    hash: str = strawberry.field(description="What it says and the hash before it, as a SHA-256.")
    actor: Actor = strawberry.field(description="Who did it.")
    what: str = strawberry.field(description="What was done, such as `publish journey`.")
    subject: str = strawberry.field(description="To which: a name or an id.")
    before: JSON | None = strawberry.field(description="How it stood before: an object of ids and codes.")
    after: JSON | None = strawberry.field(description="How it stood after: an object of ids and codes.")
    at: datetime = strawberry.field(description="When it was done.")
    request_id: str = strawberry.field(description="The request in which it was done; empty where there was none.")

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Show an entry."""
        actor, change = entry.actor, entry.change
        return cls(
            number=entry.number,
            hash=entry.hash,
            actor=Actor(kind=actor.kind, subject=actor.subject, roles=list(actor.roles)),
            what=change.what,
            subject=change.subject,
            before=JSON(change.before) if change.before is not None else None,
            after=JSON(change.after) if change.after is not None else None,
            at=entry.at,
            request_id=entry.request_id,
        )


@strawberry.input
class AuditFilter:
    """Finds the entries that match all of this."""

    subject: str | None = strawberry.field(default=None, description="What was changed, or the profile that was read.")
    actor: str | None = strawberry.field(default=None, description="Who did it; of a customer also the user id.")
    what: str | None = strawberry.field(default=None, description="What was done, such as `publish journey`.")
    since: datetime | None = strawberry.field(default=None, description="Not before then.")
    until: datetime | None = strawberry.field(default=None, description="Before then.")

    async def wanted(self, caller: Caller, names: Names) -> Wanted:
        """Give the filter in the words of the audit, within what the caller is limited to."""
        actor = None if self.actor is None else await audit.called(self.actor, names)
        return Wanted(self.subject, actor, self.what, self.since, self.until, caller.brands, caller.stores)


@strawberry.type
class AuditQueries:
    """How entries of the audit are found."""

    @strawberry.field(extensions=[Needs(Scope.AUDIT_READ)])
    async def audit(
        self,
        info: Info,
        *,
        filter: AuditFilter | None = None,  # noqa: A002 - its name on the wire
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[AuditEntry]:
        """Who changed what, and whom staff were shown something of, the last entry first.

        Who is limited to brands or stores is not shown what is about others.
        """
        span = pages.span(first, after, last, before)
        context = info.context
        wanted = await (filter or AuditFilter()).wanted(context.caller, context.names)
        return Connection.of(await audit.page(wanted, span), AuditEntry.of)
