"""Who is who: merging two profiles, undoing it, and the clashes that a person decides."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.intake import merging
from hub.intake.merging import CannotMerge
from hub.kit import ids, pages
from hub.kit.errors import HubError
from hub.profiles import clashes, store
from hub.profiles.clashes import ClashState
from hub.profiles.model import IdentifierKind
from hub_api.connections import After, Before, Connection, First, Last
from hub_api.context import Context, Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs
from hub_api.nodes import BadId, Node, global_id, parsed, uuid_of
from hub_api.profiles import Profile
from hub_api.subjects import profile_id_of


class NoSuchClash(HubError):
    """An id names no clash."""

    code = "NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such clash.")


@strawberry.type
class Clash(Node):
    """A name of one known customer that came with those of another. Nobody is merged by it: a person decides."""

    profile_id: strawberry.Private[UUID]
    claimant_id: strawberry.Private[UUID]
    kind: IdentifierKind = strawberry.field(description="What sort of name.")
    value: str = strawberry.field(description="The name in the form in which it is looked up.")
    source: str = strawberry.field(description="Who told of it.")
    at: datetime = strawberry.field(description="When it was told first.")
    state: ClashState = strawberry.field(description="What became of it.")

    @classmethod
    def of(cls, clash: clashes.Clash) -> Self:
        """Show a clash."""
        return cls(
            id=global_id("Clash", clash.id),
            profile_id=clash.holder,
            claimant_id=clash.claimant,
            kind=clash.identifier.kind,
            value=clash.identifier.value,
            source=clash.source,
            at=clash.at,
            state=clash.state,
        )

    @strawberry.field(extensions=[Needs(Scope.PROFILE_MERGE)])
    async def holder(self, info: Info) -> Profile | None:
        """Whose name it is, as far as the hub believes."""
        profile = await info.context.loaders.one(store.heads, self.profile_id)
        return Profile.of(profile) if profile else None

    @strawberry.field(extensions=[Needs(Scope.PROFILE_MERGE)])
    async def claimant(self, info: Info) -> Profile | None:
        """With whose names it came."""
        profile = await info.context.loaders.one(store.heads, self.claimant_id)
        return Profile.of(profile) if profile else None


@strawberry.type
class ClashQueries:
    """How clashes are found."""

    @strawberry.field(name="clashes", extensions=[Needs(Scope.PROFILE_MERGE)])
    async def all_clashes(
        self,
        state: ClashState = ClashState.OPEN,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Clash]:
        """The clashes of one state, the newest first."""
        return Connection.of(await clashes.page(pages.span(first, after, last, before), state=state), Clash.of)


@strawberry.input
class MergeProfilesInput:
    """Two profiles of one customer."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    into: strawberry.ID = strawberry.field(description="The profile that stays. Its word counts where both have one.")
    absorb: strawberry.ID = strawberry.field(description="The profile that becomes part of it.")


@strawberry.input
class UnmergeProfilesInput:
    """A profile that was merged into another one."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    absorbed: strawberry.ID = strawberry.field(description="The id that it had before it was merged.")


@strawberry.input
class DismissClashInput:
    """A clash that is none."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID = strawberry.field(description="The clash.")


@strawberry.type
class MergeProfilesPayload:
    """Both are one."""

    profile: Profile | None = strawberry.field(
        description="The profile that both are now; none if it was erased since."
    )


@strawberry.type
class UnmergeProfilesPayload:
    """They are two again."""

    profile: Profile | None = strawberry.field(description="The profile that the other one was part of.")
    unmerged: Profile | None = strawberry.field(description="The profile that stands by itself.")


@strawberry.type
class DismissClashPayload:
    """The clash is not listed any more, however often it comes."""

    clash: Clash | None = strawberry.field(description="The clash; none if one of both was erased since.")


@strawberry.type
class ProfilesNotMergeable(UserError):
    """The profiles cannot be merged, or not be divided, as they stand."""

    @classmethod
    def of(cls, error: CannotMerge) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input"])


MergeProfilesResult: TypeAlias = Annotated[
    MergeProfilesPayload | ProfilesNotMergeable | IdempotencyKeyReused,
    strawberry.union("MergeProfilesResult", description="What became of `mergeProfiles`."),
]
UnmergeProfilesResult: TypeAlias = Annotated[
    UnmergeProfilesPayload | ProfilesNotMergeable | IdempotencyKeyReused,
    strawberry.union("UnmergeProfilesResult", description="What became of `unmergeProfiles`."),
]
DismissClashResult: TypeAlias = Annotated[
    DismissClashPayload | IdempotencyKeyReused,
    strawberry.union("DismissClashResult", description="What became of `dismissClash`."),
]


@strawberry.type
class MergingMutations:
    """What decides who is who."""

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_MERGE)])
    async def merge_profiles(self, info: Info, input: MergeProfilesInput) -> MergeProfilesResult:  # noqa: A002 - its name on the wire
        """Make one customer of two. Looking up either id gives the one from then on."""
        context = info.context
        into, absorb = profile_id_of(input.into), profile_id_of(input.absorb)

        async def do() -> Done:
            key = _key(context, "mergeProfiles", input.idempotency_key)
            await merging.merge(into, absorb, key=key, now=context.clock())
            return Done({}, Change("merge profiles", str(into), None, {"absorbed": str(absorb)}))

        try:
            await context.once("mergeProfiles", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        except CannotMerge as error:
            return ProfilesNotMergeable.of(error)
        head = (await store.heads([into])).get(into)
        return MergeProfilesPayload(profile=Profile.of(head) if head else None)

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_MERGE)])
    async def unmerge_profiles(self, info: Info, input: UnmergeProfilesInput) -> UnmergeProfilesResult:  # noqa: A002 - its name on the wire
        """Make two customers of one again. What happened since they were merged stays with the one that stayed."""
        context = info.context
        absorbed = profile_id_of(input.absorbed)

        async def do() -> Done:
            key = _key(context, "unmergeProfiles", input.idempotency_key)
            head = await merging.unmerge(absorbed, key=key, now=context.clock())
            return Done({"head": str(head)}, Change("unmerge profiles", str(head), {"absorbed": str(absorbed)}, None))

        try:
            answer = await context.once("unmergeProfiles", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        except CannotMerge as error:
            return ProfilesNotMergeable.of(error)
        both = [uuid_of(answer["head"]), absorbed]
        head, free = [Profile.of(it) if it else None for it in map((await store.heads(both)).get, both)]
        return UnmergeProfilesPayload(profile=head, unmerged=free)

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_MERGE)])
    async def dismiss_clash(self, info: Info, input: DismissClashInput) -> DismissClashResult:  # noqa: A002 - its name on the wire
        """Say that a clash is nothing: both stay two."""
        type_name, own_id = parsed(input.id)
        if type_name != "Clash":
            raise BadId
        clash_id = uuid_of(own_id)

        async def do() -> Done:
            if clash_id not in await clashes.load([clash_id]):
                raise NoSuchClash
            await clashes.dismiss(clash_id)
            change = Change("dismiss clash", str(clash_id), {"state": ClashState.OPEN}, {"state": ClashState.DISMISSED})
            return Done({}, change)

        try:
            await info.context.once("dismissClash", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        clash = (await clashes.load([clash_id])).get(clash_id)
        return DismissClashPayload(clash=Clash.of(clash) if clash else None)


def _key(context: Context, mutation: str, key: str) -> UUID:
    """Make the key of the effect: done again after a crash, it is done once."""
    return ids.key_of(mutation, context.caller.kind, context.caller.subject, key)
