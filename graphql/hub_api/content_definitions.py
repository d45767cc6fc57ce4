"""How contents are defined: shown, published and taken away."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access import audit, idempotency
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.commerce import checks
from hub.content import language, model, service, store
from hub.content.store import ContentDocument
from hub.definitions import Published
from hub.messaging.surfaces import Surface
from hub_api.content import NoSuchContent
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.journeys import InvalidDefinition
from hub_api.needs import Needs
from hub_api.publishing import Publication, publish


@strawberry.type
class ContentDefinition:
    """A content as it is published."""

    name: str = strawberry.field(description="Its name, which never changes.")
    version: int = strawberry.field(description="The version that is shown.")
    surface: Surface = strawberry.field(description="Where it is shown.")
    source: str = strawberry.field(description="The document as it was written, YAML or JSON.")
    published_at: datetime = strawberry.field(description="When this version was published.")

    @classmethod
    def of(cls, version: ContentDocument) -> Self:
        """Show a content by its newest version."""
        return cls(
            name=version.name,
            version=version.number,
            surface=language.read(version.source, None).surface,
            source=version.source,
            published_at=version.published_at,
        )


@strawberry.type
class ContentDefinitionQueries:
    """How contents are found by who defines them."""

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def content_definitions(self) -> list[ContentDefinition]:
        """The live contents in their newest versions, by name."""
        return [ContentDefinition.of(it) for it in await store.DEFINITIONS.live()]

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def content_definition(self, name: str) -> ContentDefinition | None:
        """One content in its newest version."""
        return next((ContentDefinition.of(it) for it in await store.DEFINITIONS.live([name])), None)


@strawberry.input
class PublishContentInput:
    """A content to show from now on."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    source: str = strawberry.field(description="The document, YAML or JSON.")


@strawberry.type
class PublishContentPayload:
    """It is shown from now on, where it belongs."""

    content: ContentDefinition = strawberry.field(description="The content with its newest version.")
    version: int = strawberry.field(description="The version of this document; a newer one may be published already.")
    is_new: bool = strawberry.field(description="False where nothing has changed.")


PublishContentResult: TypeAlias = Annotated[
    PublishContentPayload | InvalidDefinition | IdempotencyKeyReused,
    strawberry.union("PublishContentResult", description="What became of `publishContent`."),
]


@strawberry.input
class DeleteContentInput:
    """A content that is to be shown no more."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    name: str = strawberry.field(description="The content.")


@strawberry.type
class DeleteContentPayload:
    """It is shown to nobody any more."""

    name: str = strawberry.field(description="The content.")


DeleteContentResult: TypeAlias = Annotated[
    DeleteContentPayload | NoSuchContent | IdempotencyKeyReused,
    strawberry.union("DeleteContentResult", description="What became of `deleteContent`."),
]


@strawberry.type
class ContentDefinitionMutations:
    """What changes what is shown."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def publish_content(
        self,
        info: Info,
        input: PublishContentInput,  # noqa: A002 - its name on the wire
    ) -> PublishContentResult:
        """Check a content and let it be shown."""
        context = info.context

        async def do() -> Published:
            key, by = input.idempotency_key, context.caller.subject
            return await service.publish(input.source, by=by, key=key, now=context.clock())

        done = await publish(context, "content", input, do)
        if not isinstance(done, Publication):
            return done
        (live,) = await store.DEFINITIONS.live([done.name])
        return PublishContentPayload(content=ContentDefinition.of(live), version=done.version, is_new=done.is_new)

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def delete_content(
        self,
        info: Info,
        input: DeleteContentInput,  # noqa: A002 - its name on the wire
    ) -> DeleteContentResult:
        """Take a content away. What was seen of it stays in the timelines."""
        context = info.context

        async def do() -> Done:
            checks.check_reach(context.caller, brands=(), stores=())
            key, by = input.idempotency_key, context.caller.subject
            deleted = await service.delete(input.name, by=by, key=key, now=context.clock())
            return Done({"name": input.name}, audit.deletion("delete content", deleted))

        try:
            answer = await context.once("deleteContent", input, do)
        except model.NoSuchContent as error:
            return NoSuchContent.of(error, "name")
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return DeleteContentPayload(name=answer["name"])
