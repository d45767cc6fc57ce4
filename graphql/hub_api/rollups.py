"""Rollups, preferences and stages: what is counted of a profile, by which definition, and `publishRollup`."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self, TypeAlias
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from hub.access.model import Scope
from hub.definitions import Published
from hub.profiles import model
from hub.profiles import store as profiles_store
from hub.rollups import counting, preferring, service, store
from hub.rollups.model import STAGES, Aspect, State
from hub.rollups.store import RollupDocument
from hub.rollups.tallies import is_tally
from hub.segments import service as segments
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.journeys import InvalidDefinition
from hub_api.needs import Needs
from hub_api.nodes import global_id
from hub_api.publishing import Publication, publish


@strawberry.type
class RollupMoment:
    """One of the events that a rollup counts."""

    event_id: strawberry.ID = strawberry.field(description="The event.")
    at: datetime = strawberry.field(description="When it happened.")
    value: Decimal | None = strawberry.field(description="What it added; none where it added nothing.")

    @classmethod
    def of(cls, moment: counting.Moment | None) -> Self | None:
        """Show a moment."""
        if moment is None:
            return None
        return cls(event_id=global_id("Event", moment.event), at=moment.at, value=moment.value)


@strawberry.type
class RollupWindow:
    """What the events of a window add up to, and from which of them it follows."""

    days: int | None = strawberry.field(description="UTC days up to today; none for a lifetime.")
    since: datetime | None = strawberry.field(description="Where the window begins; none for a lifetime.")
    count: int = strawberry.field(description="How many events.")
    currency: str | None = strawberry.field(
        description="Of which currency the values are: an ISO 4217 code, or `several`; none where they are no money."
    )
    sum: Decimal | None = strawberry.field(
        description="Their values together; none without any, and of several currencies."
    )
    min: Decimal | None = strawberry.field(description="The smallest value.")
    max: Decimal | None = strawberry.field(description="The largest value.")
    first: RollupMoment | None = strawberry.field(description="The event that happened first.")
    last: RollupMoment | None = strawberry.field(description="The event that happened last.")

    @classmethod
    def of(cls, total: counting.Total) -> Self:
        """Show a total."""
        return cls(
            days=total.days,
            since=total.since,
            count=total.count,
            currency=total.currency,
            sum=total.sum,
            min=total.min,
            max=total.max,
            first=RollupMoment.of(total.first),
            last=RollupMoment.of(total.last),
        )


@strawberry.type
class ProfileRollup:
    """What a profile's events add up to by one definition."""

    name: str = strawberry.field(description="The definition.")
    version: int = strawberry.field(description="Its version; an older one until the back-fill has come by.")
    computed_at: datetime = strawberry.field(description="For which moment the windows are told.")
    windows: list[RollupWindow] = strawberry.field(description="A lifetime, then the windows from short to long.")

    @classmethod
    def of(cls, state: State, now: datetime) -> Self:
        """Show what a profile keeps."""
        name, number = _version_of(state)
        windows = [RollupWindow.of(it) for it in counting.totals(state, now=now)]
        return cls(name=name, version=number, computed_at=now, windows=windows)


@strawberry.type
class ProfileStage:
    """At which stage of their life as a customer somebody is."""

    name: str = strawberry.field(description="The stage, such as `at_risk`.")
    version: int = strawberry.field(description="The version of the rules.")
    since: datetime = strawberry.field(description="Since when; where the rules were changed, since that was noticed.")
    cause: str = strawberry.field(description="The event or the moment that led to it, or `definition`.")
    evidence: JSON = strawberry.field(description="The rule, and the numbers and events that fit it.")
    next_change_at: datetime | None = strawberry.field(description="When time alone will change it; none if never.")

    @classmethod
    def of(cls, profile: model.Profile) -> Self | None:
        """Show the stage of a profile."""
        if profile.stage is None:
            return None
        life = profile.life
        return cls(
            name=profile.stage,
            version=_version_of(life)[1],
            since=life["since"],
            cause=life["cause"],
            evidence=JSON(life["evidence"]),
            next_change_at=life.get("due"),
        )


@strawberry.type
class PreferredShop:
    """Where a customer likes to shop, and why the hub believes so."""

    value: str = strawberry.field(description="The channel, or the store's id.")
    points: int = strawberry.field(description="The weights of the days that speak for it.")
    days: int = strawberry.field(description="On how many days something spoke for it.")
    within_days: int = strawberry.field(description="How many days are looked back.")
    last_at: datetime = strawberry.field(description="When something spoke for it last.")
    last_event_id: strawberry.ID = strawberry.field(description="The event that did.")
    version: int = strawberry.field(description="The version of the definition.")

    @classmethod
    def of(cls, profile: model.Profile, aspect: Aspect, now: datetime) -> Self | None:
        """Show what is preferred."""
        state = profile.rollups.get(aspect.measure)
        found = preferring.preferred(state, now=now)
        if state is None or found is None:
            return None
        return cls(
            value=found.value,
            points=found.points,
            days=found.days,
            within_days=found.within_days,
            last_at=found.at,
            last_event_id=global_id("Event", found.event),
            version=_version_of(state)[1],
        )


@strawberry.type
class Preferred:
    """Where a customer likes to shop."""

    channel: PreferredShop | None = strawberry.field(description="Through which channel; none while nobody can tell.")
    store: PreferredShop | None = strawberry.field(description="In which store; none while nobody can tell.")


@strawberry.type
class RolledUp:
    """What is counted of a profile."""

    profile_id: strawberry.Private[UUID]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def rollups(self, info: Info) -> list[ProfileRollup]:
        """What this profile's events add up to, by name."""
        profile = await _profile(self.profile_id, info)
        now = info.context.clock()
        return [ProfileRollup.of(it, now) for name, it in sorted(profile.rollups.items()) if _is_shown(name, it)]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def stage(self, info: Info) -> ProfileStage | None:
        """At which stage of their life as a customer they are; none before the first."""
        return ProfileStage.of(await _profile(self.profile_id, info))

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def preferred(self, info: Info) -> Preferred:
        """Where they like to shop."""
        profile = await _profile(self.profile_id, info)
        channel, shop = (PreferredShop.of(profile, it, info.context.clock()) for it in (Aspect.CHANNEL, Aspect.STORE))
        return Preferred(channel=channel, store=shop)


@strawberry.type
class Backfill:
    """How far the profiles are counted that were there before a definition."""

    done: int = strawberry.field(description="How many profiles know it.")
    total: int = strawberry.field(description="Of how many.")
    percent: int = strawberry.field(description="In whole per cent.")

    @classmethod
    def of(cls, done: int, total: int) -> Self:
        """Show how far it is."""
        return cls(done=done, total=total, percent=100 * done // total if total else 100)


@strawberry.type
class RollupDefinition:
    """A definition of something that is counted of every profile: a rollup, a preference, or the stages."""

    edition: strawberry.Private[int]
    name: str = strawberry.field(description="Its name, which never changes.")
    version: int = strawberry.field(description="The version that counts.")
    source: str = strawberry.field(description="The document as it was written, YAML or JSON.")
    published_at: datetime = strawberry.field(description="When this version was published.")

    @classmethod
    def of(cls, version: RollupDocument) -> Self:
        """Show a definition by its newest version."""
        return cls(
            edition=version.edition,
            name=version.name,
            version=version.number,
            source=version.source,
            published_at=version.published_at,
        )

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def backfill(self) -> Backfill:
        """How far the profiles are counted that were there before this version."""
        return Backfill.of(*await store.progress(self.edition))


@strawberry.type
class RollupQueries:
    """How definitions are found."""

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def rollups(self) -> list[RollupDefinition]:
        """The rollups and preferences that are counted, by name."""
        return [
            RollupDefinition.of(it)
            for it in await store.DEFINITIONS.live()
            if it.name != STAGES and not is_tally(it.name)
        ]

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def rollup(self, name: str) -> RollupDefinition | None:
        """One rollup, or one preference, such as `preferred-store`."""
        return await _definition(name) if name != STAGES else None

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def stage_definition(self) -> RollupDefinition | None:
        """The rules of the stages."""
        return await _definition(STAGES)


@strawberry.input
class PublishRollupInput:
    """A definition to count by from now on."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    source: str = strawberry.field(description="A rollup, a preference or the stages: the document, YAML or JSON.")


@strawberry.type
class PublishRollupPayload:
    """New profiles are counted by this definition; the others as soon as the back-fill has come by."""

    rollup: RollupDefinition = strawberry.field(description="The definition with its newest version.")
    version: int = strawberry.field(description="The version of this document; a newer one may be published already.")
    is_new: bool = strawberry.field(description="False where nothing has changed.")


PublishRollupResult: TypeAlias = Annotated[
    PublishRollupPayload | InvalidDefinition | IdempotencyKeyReused,
    strawberry.union("PublishRollupResult", description="What became of `publishRollup`."),
]


@strawberry.type
class RollupMutations:
    """What changes what is counted."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def publish_rollup(
        self,
        info: Info,
        input: PublishRollupInput,  # noqa: A002 - its name on the wire
    ) -> PublishRollupResult:
        """Check a definition and have every profile counted by it."""
        context = info.context

        async def do() -> Published:
            return await service.publish(
                input.source,
                by=context.caller.subject,
                key=input.idempotency_key,
                now=context.clock(),
                needed=await segments.windows(),
            )

        done = await publish(context, "rollup", input, do)
        if not isinstance(done, Publication):
            return done
        (live,) = await store.DEFINITIONS.live([done.name])
        return PublishRollupPayload(rollup=RollupDefinition.of(live), version=done.version, is_new=done.is_new)


async def _profile(profile_id: UUID, info: Info) -> model.Profile:
    """Read a profile with what is counted of it; one that was erased meanwhile has nothing."""
    found = await info.context.loaders.one(profiles_store.heads, profile_id)
    return found or model.Profile(id=profile_id)


async def _definition(name: str) -> RollupDefinition | None:
    return next((RollupDefinition.of(it) for it in await store.DEFINITIONS.live([name])), None)


def _is_shown(name: str, state: State) -> bool:
    """Tell whether a state is of a rollup that has a name: what segments have counted for themselves has none."""
    return "windows" in state and not is_tally(name)


def _version_of(state: Any) -> tuple[str, int]:
    """Read which version of which definition a state is of: `spend/3`."""
    name, _, number = state["version"].partition("/")
    return name, int(number)
