"""Segments: who is in which, what one would be, and `publishSegment`."""

from datetime import datetime
from typing import Annotated, Final, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import audit, idempotency
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.broadcasts import store as broadcasts
from hub.commerce import checks
from hub.content import service as content
from hub.definitions import Published
from hub.journeys import usage
from hub.kit import problems as documents
from hub.profiles import store as profiles_store
from hub.programs import service as programs
from hub.rewards import service as rewards
from hub.segments import language, preview, service, store, tallying
from hub.segments.store import SegmentDocument
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.journeys import InvalidDefinition
from hub_api.money import Money
from hub_api.needs import Needs
from hub_api.profiles import Profile
from hub_api.publishing import Publication, publish
from hub_api.rollups import Backfill


@strawberry.type
class Segment:
    """A rule that picks customers, kept up with every event."""

    document: strawberry.Private[SegmentDocument]
    name: str = strawberry.field(description="Its name, which never changes.")
    version: int = strawberry.field(description="The version that counts.")
    source: str = strawberry.field(description="The document as it was written, YAML or JSON.")
    rule: str = strawberry.field(description="Its rule in one line.")
    published_at: datetime = strawberry.field(description="When this version was published.")

    @classmethod
    def of(cls, version: SegmentDocument) -> Self:
        """Show a segment by its newest version."""
        return cls(
            document=version,
            name=version.name,
            version=version.number,
            source=version.source,
            rule=language.read_published(version.source).written,
            published_at=version.published_at,
        )

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def size(self) -> int:
        """How many customers are in, counted now."""
        return (await store.sizes([self.name]))[self.name]

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def used_by(self) -> list[str]:
        """Who asks for it: segments, contents, programs, journeys with people in them, broadcasts to begin."""
        return [*await service.users_of(self.name), *await _used_by(self.name)]

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def backfill(self) -> Backfill:
        """How far the profiles are sorted that were there before this version."""
        return Backfill.of(*await tallying.progress(self.document))


@strawberry.type
class RevenueShare:
    """What these customers have paid less what was given back, beside what all have."""

    theirs: Money = strawberry.field(description="What they have paid.")
    everybodys: Money = strawberry.field(description="What all have paid.")
    share: float | None = strawberry.field(description="Their part of it, 0 to 1; none where nothing was paid.")


@strawberry.type
class Overlap:
    """How many of these customers are in a live segment."""

    segment: str = strawberry.field(description="Its name.")
    count: int = strawberry.field(description="How many are in both.")


@strawberry.type
class SomeProfiles:
    """So many customers, and a few of them."""

    ids: strawberry.Private[tuple[UUID, ...]]
    count: int = strawberry.field(description="How many.")

    @classmethod
    def of(cls, some: preview.Some) -> Self:
        """Show them."""
        return cls(ids=some.examples, count=some.count)

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ)])
    async def examples(self) -> list[Profile]:
        """Twenty of them at most."""
        found = await profiles_store.load(self.ids)
        return [Profile.of(found[it]) for it in self.ids if it in found]


@strawberry.type
class SegmentPreview:
    """What a segment would be, counted now over all customers."""

    name: str = strawberry.field(description="Its name.")
    rule: str = strawberry.field(description="Its rule in one line.")
    total: int = strawberry.field(description="How many customers there are.")
    members: SomeProfiles = strawberry.field(description="Who would be in.")
    coming: SomeProfiles = strawberry.field(description="Who would be in and is not today.")
    going: SomeProfiles = strawberry.field(description="Who is in today and would not be.")
    revenue: list[RevenueShare] = strawberry.field(description="By currency, the largest first.")
    overlaps: list[Overlap] = strawberry.field(description="With live segments, the largest first.")


SegmentPreviewResult: TypeAlias = Annotated[
    SegmentPreview | InvalidDefinition,
    strawberry.union("SegmentPreviewResult", description="What a segment would be, or what is wrong with it."),
]


@strawberry.type
class SegmentQueries:
    """How segments are found."""

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def segments(self) -> list[Segment]:
        """The live segments, by name."""
        return [Segment.of(it) for it in await store.DEFINITIONS.live()]

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def segment(self, name: str) -> Segment | None:
        """One segment."""
        return next((Segment.of(it) for it in await store.DEFINITIONS.live([name])), None)

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ)])
    async def segment_preview(self, info: Info, source: str) -> SegmentPreviewResult:
        """What a segment would be if this document were published."""
        try:
            segment = await service.read(source)
        except documents.InvalidDefinition as error:
            return InvalidDefinition.of(error)
        found = await preview.preview(segment, now=info.context.clock())
        return SegmentPreview(
            name=segment.name,
            rule=segment.written,
            total=found.total,
            members=SomeProfiles.of(found.members),
            coming=SomeProfiles.of(found.coming),
            going=SomeProfiles.of(found.going),
            revenue=[
                RevenueShare(theirs=Money.of(it.theirs), everybodys=Money.of(it.everybodys), share=it.share)
                for it in found.revenue
            ],
            overlaps=[Overlap(segment=name, count=count) for name, count in found.overlaps.items()],
        )


@strawberry.input
class PublishSegmentInput:
    """A segment to sort by from now on."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    source: str = strawberry.field(description="The document, YAML or JSON.")


@strawberry.type
class PublishSegmentPayload:
    """Who changes is sorted by this version; the others as soon as the back-fill has come by."""

    segment: Segment = strawberry.field(description="The segment with its newest version.")
    version: int = strawberry.field(description="The version of this document; a newer one may be published already.")
    is_new: bool = strawberry.field(description="False where nothing has changed.")


PublishSegmentResult: TypeAlias = Annotated[
    PublishSegmentPayload | InvalidDefinition | IdempotencyKeyReused,
    strawberry.union("PublishSegmentResult", description="What became of `publishSegment`."),
]


@strawberry.input
class DeleteSegmentInput:
    """A segment that nobody needs any more."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    name: str = strawberry.field(description="The segment.")


@strawberry.type
class DeleteSegmentPayload:
    """Who was in is in no longer; nothing is announced of it."""

    name: str = strawberry.field(description="The segment.")


@strawberry.type
class NoSuchSegment(UserError):
    """A name that no live segment has."""

    @classmethod
    def of(cls, error: service.NoSuchSegment) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=_NAME_PATH)


@strawberry.type
class SegmentInUse(UserError):
    """Somebody asks for the segment."""

    used_by: list[str] = strawberry.field(description="Other segments, journeys, broadcasts and contents.")

    @classmethod
    def of(cls, error: service.SegmentInUse) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=_NAME_PATH, used_by=list(error.users))


DeleteSegmentResult: TypeAlias = Annotated[
    DeleteSegmentPayload | NoSuchSegment | SegmentInUse | IdempotencyKeyReused,
    strawberry.union("DeleteSegmentResult", description="What became of `deleteSegment`."),
]
_NAME_PATH: Final = ["input", "name"]


@strawberry.type
class SegmentMutations:
    """What changes who is in which segment."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def publish_segment(
        self,
        info: Info,
        input: PublishSegmentInput,  # noqa: A002 - its name on the wire
    ) -> PublishSegmentResult:
        """Check a segment and have every profile sorted by it."""
        context = info.context

        async def do() -> Published:
            return await service.publish(
                input.source,
                by=context.caller.subject,
                key=input.idempotency_key,
                now=context.clock(),
            )

        done = await publish(context, "segment", input, do)
        if not isinstance(done, Publication):
            return done
        (live,) = await store.DEFINITIONS.live([done.name])
        return PublishSegmentPayload(segment=Segment.of(live), version=done.version, is_new=done.is_new)

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def delete_segment(
        self,
        info: Info,
        input: DeleteSegmentInput,  # noqa: A002 - its name on the wire
    ) -> DeleteSegmentResult:
        """Take a segment away that nobody asks for."""
        context = info.context

        async def do() -> Done:
            checks.check_reach(context.caller, brands=(), stores=())
            deleted = await service.delete(
                input.name,
                used_by=await _used_by(input.name),
                by=context.caller.subject,
                key=input.idempotency_key,
                now=context.clock(),
            )
            return Done({"name": input.name}, audit.deletion("delete segment", deleted))

        try:
            answer = await context.once("deleteSegment", input, do)
        except service.NoSuchSegment as error:
            return NoSuchSegment.of(error)
        except service.SegmentInUse as error:
            return SegmentInUse.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return DeleteSegmentPayload(name=answer["name"])


async def _used_by(name: str) -> list[str]:
    """Name the journeys, broadcasts, contents, rewards and programs that ask for a segment."""
    shown = [*await content.users_of(name), *await rewards.users_of(name), *await programs.users_of(name)]
    return [*await usage.of_segment(name), *await broadcasts.waiting_for(name), *shown]
