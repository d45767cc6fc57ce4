"""Journeys: what is published, and the mutation `publishJourney`."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access import idempotency
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.journeys import service, store
from hub.journeys.store import VersionDocument
from hub.kit import problems as documents
from hub.wording.library import Library
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs
from hub_api.nodes import Node, global_id


@strawberry.type
class Journey(Node):
    """A journey, as people enter it today."""

    name: str = strawberry.field(description="Its name, which never changes.")
    version: int = strawberry.field(description="The version that people enter; those in flight finish their own.")
    source: str = strawberry.field(description="The document as it was written, YAML or JSON.")
    published_at: datetime = strawberry.field(description="When this version was published.")

    @classmethod
    def of(cls, version: VersionDocument) -> Self:
        """Show a journey by its live version."""
        return cls(
            id=global_id("Journey", version.journey),
            name=version.journey,
            version=version.number,
            source=version.source,
            published_at=version.published_at,
        )


@strawberry.type
class JourneyQueries:
    """How journeys are found."""

    @strawberry.field(extensions=[Needs(Scope.JOURNEYS_READ)])
    async def journeys(self) -> list[Journey]:
        """All published journeys, by name."""
        return [Journey.of(version) for version in (await store.live_versions()).values()]

    @strawberry.field(extensions=[Needs(Scope.JOURNEYS_READ)])
    async def journey(self, info: Info, name: str) -> Journey | None:
        """One published journey."""
        version = await info.context.loaders.one(store.live_versions, name)
        return Journey.of(version) if version else None


@strawberry.input
class PublishJourneyInput:
    """A journey to be entered from now on."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    source: str = strawberry.field(description="The document, YAML or JSON.")


@strawberry.type
class PublishJourneyPayload:
    """People enter this journey from now on."""

    journey: Journey = strawberry.field(description="The journey with its live version.")
    version: int = strawberry.field(description="The version of this document; a newer one may be live already.")
    is_new: bool = strawberry.field(description="False where nothing has changed.")


@strawberry.type
class Problem:
    """One fault of a document."""

    line: int = strawberry.field(description="Where it is, from 1.")
    column: int = strawberry.field(description="Where it is, from 1.")
    code: str = strawberry.field(description="What it is, as a word that never changes.")
    message: str = strawberry.field(description="What is wrong and what would be right, for a person.")

    @classmethod
    def of(cls, problem: documents.Problem) -> Self:
        """Show a problem."""
        return cls(line=problem.line, column=problem.column, code=problem.code, message=problem.message)


@strawberry.type
class InvalidDefinition(UserError):
    """The document cannot be used."""

    problems: list[Problem] = strawberry.field(description="All that is wrong with it, sorted by place.")

    @classmethod
    def of(cls, error: documents.InvalidDefinition) -> Self:
        """Show the error."""
        count = len(error.problems)
        return cls(
            code=error.code,
            message=f"The document has {count} problem{'' if count == 1 else 's'}.",
            path=["input", "source"],
            problems=[Problem.of(problem) for problem in error.problems],
        )


PublishJourneyResult: TypeAlias = Annotated[
    PublishJourneyPayload | InvalidDefinition | IdempotencyKeyReused,
    strawberry.union("PublishJourneyResult", description="What became of `publishJourney`."),
]


@strawberry.type
class JourneyMutations:
    """What changes journeys."""

    @strawberry.mutation(extensions=[Needs(Scope.JOURNEYS_WRITE)])
    async def publish_journey(
        self,
        info: Info,
        input: PublishJourneyInput,  # noqa: A002 - its name on the wire
    ) -> PublishJourneyResult:
        """Check a journey and let people enter it. Those in flight finish the version they began."""
        context = info.context

        async def do() -> Done:
            published = await service.publish(
                input.source,
                templates=await Library().names(),
                by=context.caller.subject,
                key=input.idempotency_key,
                now=context.clock(),
                brands=context.caller.brands,
            )
            name, number = published.version.journey, published.version.number
            return Done({"journey": name, "version": number, "new": published.new}, published.change)

        try:
            answer = await context.once("publishJourney", input, do)
        except documents.InvalidDefinition as error:
            return InvalidDefinition.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        live = (await store.live_versions([answer["journey"]]))[answer["journey"]]
        return PublishJourneyPayload(journey=Journey.of(live), version=answer["version"], is_new=answer["new"])
