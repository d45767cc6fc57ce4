"""Snippets: what templates say in the same words, `publishSnippet`, and `approveSnippet` by a second person."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.definitions import Published
from hub.messaging import wordings
from hub.messaging.store import EARLIEST
from hub.wording import snippet_store
from hub.wording.snippet_store import NoSuchSnippet, Outdated, SamePerson, SnippetDocument
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.journeys import InvalidDefinition
from hub_api.needs import Needs
from hub_api.publishing import Publication, publish


@strawberry.type
class Snippet:
    """What many templates say in the same words, in its newest version."""

    name: str = strawberry.field(description="Its name, which never changes.")
    version: int = strawberry.field(description="The newest version.")
    agreed_version: int | None = strawberry.field(description="The version that templates say; none where none is.")
    source: str = strawberry.field(description="The document as it was written, YAML or JSON.")
    published_at: datetime = strawberry.field(description="When the newest version was published.")

    @classmethod
    def of(cls, newest: SnippetDocument, agreed: int | None) -> Self:
        """Show a snippet."""
        return cls(
            name=newest.name,
            version=newest.number,
            agreed_version=agreed,
            source=newest.source,
            published_at=newest.published_at,
        )


@strawberry.type
class OutdatedTemplate:
    """A template that says another version of a snippet than the one that was agreed to."""

    template: str = strawberry.field(description="The template.")
    version: int = strawberry.field(description="Its newest version.")
    snippet: str = strawberry.field(description="The snippet.")
    says: int = strawberry.field(description="The version that it says.")
    agreed: int | None = strawberry.field(description="The version that was agreed to.")

    @classmethod
    def of(cls, it: Outdated) -> Self:
        """Show one."""
        return cls(template=it.template, version=it.version, snippet=it.snippet, says=it.says, agreed=it.agreed)


@strawberry.type
class OutdatedMessages:
    """Messages of one template that went out with other words of a snippet than were agreed to by then."""

    snippet: str = strawberry.field(description="The snippet.")
    said: int = strawberry.field(description="The version that they say.")
    agreed: int = strawberry.field(description="The version that templates say now, once they are published again.")
    template: str = strawberry.field(description="The template.")
    messages: int = strawberry.field(description="How many there are.")
    first_at: datetime = strawberry.field(description="When the first of them went out.")
    last_at: datetime = strawberry.field(description="When the last of them did.")

    @classmethod
    def of(cls, it: wordings.Outdated) -> Self:
        """Show them."""
        return cls(
            snippet=it.snippet,
            said=it.said,
            agreed=it.agreed,
            template=it.template,
            messages=it.messages,
            first_at=it.first_at,
            last_at=it.last_at,
        )


Since = Annotated[
    datetime | None, strawberry.argument(description="Those that went out since then; all, if it is left out.")
]


@strawberry.type
class SnippetQueries:
    """How snippets are found."""

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def snippets(self) -> list[Snippet]:
        """All snippets, by name."""
        agreed = await snippet_store.approved()
        newest = await snippet_store.DEFINITIONS.live()
        return [Snippet.of(it, agreed[it.name].version if it.name in agreed else None) for it in newest]

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def outdated_templates(self) -> list[OutdatedTemplate]:
        """The templates that say something else than was agreed to last."""
        return [OutdatedTemplate.of(it) for it in await snippet_store.outdated()]

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def outdated_messages(self, since: Since = None) -> list[OutdatedMessages]:
        """Messages that went out with other words of a snippet than were agreed to by then."""
        return [OutdatedMessages.of(it) for it in await wordings.outdated(since or EARLIEST)]


@strawberry.input
class PublishSnippetInput:
    """A snippet that waits for a second person."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    source: str = strawberry.field(description="The document, YAML or JSON.")


@strawberry.type
class PublishSnippetPayload:
    """It is stored, and said as soon as somebody else has agreed."""

    name: str = strawberry.field(description="The snippet.")
    version: int = strawberry.field(description="The version of this document.")
    is_new: bool = strawberry.field(description="False where nothing has changed.")


PublishSnippetResult: TypeAlias = Annotated[
    PublishSnippetPayload | InvalidDefinition | IdempotencyKeyReused,
    strawberry.union("PublishSnippetResult", description="What became of `publishSnippet`."),
]


@strawberry.input
class ApproveSnippetInput:
    """A version that somebody else has published."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    name: str = strawberry.field(description="The snippet.")
    version: int = strawberry.field(description="The version that is agreed to.")


@strawberry.type
class ApproveSnippetPayload:
    """Templates that are published from now on say it."""

    name: str = strawberry.field(description="The snippet.")
    version: int = strawberry.field(description="The version that was agreed to.")


@strawberry.type
class SnippetNotApproved(UserError):
    """There is no such version, or the same person has published it."""

    @classmethod
    def of(cls, error: NoSuchSnippet | SamePerson) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", "name"])


ApproveSnippetResult: TypeAlias = Annotated[
    ApproveSnippetPayload | SnippetNotApproved | IdempotencyKeyReused,
    strawberry.union("ApproveSnippetResult", description="What became of `approveSnippet`."),
]


@strawberry.type
class SnippetMutations:
    """What changes snippets."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def publish_snippet(
        self,
        info: Info,
        input: PublishSnippetInput,  # noqa: A002 - its name on the wire
    ) -> PublishSnippetResult:
        """Check a snippet and store it for a second person to agree to."""
        context = info.context

        async def do() -> Published:
            key, by = input.idempotency_key, context.caller.subject
            return await snippet_store.publish(input.source, by=by, key=key, now=context.clock())

        done = await publish(context, "snippet", input, do)
        if not isinstance(done, Publication):
            return done
        return PublishSnippetPayload(name=done.name, version=done.version, is_new=done.is_new)

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def approve_snippet(
        self,
        info: Info,
        input: ApproveSnippetInput,  # noqa: A002 - its name on the wire
    ) -> ApproveSnippetResult:
        """Agree to what somebody else has published."""
        context = info.context

        async def do() -> Done:
            by, key = context.caller.subject, input.idempotency_key
            agreed = await snippet_store.approve(input.name, input.version, by=by, key=key, now=context.clock())
            change = Change("approve snippet", input.name, None, {"version": input.version})
            return Done({"name": input.name, "version": input.version}, change if agreed.new else None)

        try:
            answer = await context.once("approveSnippet", input, do)
        except (NoSuchSnippet, SamePerson) as error:
            return SnippetNotApproved.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return ApproveSnippetPayload(name=answer["name"], version=answer["version"])
