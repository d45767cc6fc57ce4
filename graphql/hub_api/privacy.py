"""Privacy: the mutations `exportProfile` and `eraseProfile`, and the receipt of an erasure."""

from datetime import datetime, timedelta
from typing import Annotated, Final, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.privacy import download, store
from hub.privacy.store import Standing
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.needs import Needs
from hub_api.subjects import NoSuchProfile, meant, profile_id_of

_LASTS: Final = timedelta(minutes=15)
_ID: Final = "Whose; a customer leaves it out, and means themself."


@strawberry.type
class ErasedCollection:
    """What an erasure did in one collection."""

    collection: str = strawberry.field(description="Its name in MongoDB.")
    rows: int = strawberry.field(description="How many rows were deleted, or lost their personal fields.")


@strawberry.type
class Erasure:
    """The receipt of an erasure. It holds nothing of the person."""

    standing: Standing = strawberry.field(description="`ERASED` once a second look has found nothing more.")
    asked_at: datetime = strawberry.field(description="When it was asked for.")
    erased_at: datetime | None = strawberry.field(description="When the second look was done.")
    counts: list[ErasedCollection] = strawberry.field(
        description="Every collection that can hold personal data, by name, also those that held none."
    )

    @classmethod
    def of(cls, erasure: store.Erasure) -> Self:
        """Show a receipt."""
        return cls(
            standing=erasure.standing,
            asked_at=erasure.asked_at,
            erased_at=erasure.erased_at,
            counts=[ErasedCollection(collection=name, rows=rows) for name, rows in sorted(erasure.counts.items())],
        )


@strawberry.type
class PrivacyQueries:
    """How a receipt is found again."""

    @strawberry.field(extensions=[Needs(Scope.PROFILE_ERASE)])
    async def erasure(self, info: Info, profile_id: strawberry.ID) -> Erasure | None:
        """The receipt of a profile that was erased; none where it was not."""
        found = await info.context.loaders.one(store.load, profile_id_of(profile_id))
        return Erasure.of(found) if found else None


@strawberry.input
class ExportProfileInput:
    """Whose data to give out."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID | None = strawberry.field(default=None, description=_ID)


@strawberry.type
class ExportProfilePayload:
    """Where everything about the person can be fetched, as one JSON file."""

    url: str = strawberry.field(description="Whoever has it may fetch the file until it expires.")
    expires_at: datetime = strawberry.field(description="Until when. For a new address, ask again under another key.")


@strawberry.input
class EraseProfileInput:
    """Whom to forget."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID | None = strawberry.field(default=None, description=_ID)


@strawberry.type
class EraseProfilePayload:
    """The person is forgotten."""

    receipt: Erasure = strawberry.field(description="What was deleted and blanked.")


ExportProfileResult: TypeAlias = Annotated[
    ExportProfilePayload | IdempotencyKeyReused,
    strawberry.union("ExportProfileResult", description="What became of `exportProfile`."),
]
EraseProfileResult: TypeAlias = Annotated[
    EraseProfilePayload | IdempotencyKeyReused,
    strawberry.union("EraseProfileResult", description="What became of `eraseProfile`."),
]


async def _to_erase(info: Info, id_: strawberry.ID | None) -> UUID:
    """Tell who is meant. Staff may also mean somebody who was erased before, and are given that receipt."""
    try:
        return (await meant(info, id_, Scope.PROFILE_ERASE)).id
    except NoSuchProfile:
        if id_ is None:
            raise
        return profile_id_of(id_)


@strawberry.type
class PrivacyMutations:
    """What a person may ask for."""

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_EXPORT, or_self=True)])
    async def export_profile(self, info: Info, input: ExportProfileInput) -> ExportProfileResult:  # noqa: A002 - the argument's name on the wire
        """Give one person everything about them as a file."""
        context = info.context

        async def do() -> Done:
            profile = await meant(info, input.id, Scope.PROFILE_EXPORT)
            # Kept with the answer: a later address needs another key, and so leaves another entry in the audit.
            answer = {"profile": str(profile.id), "until": context.clock() + _LASTS}
            return Done(answer, Change("export profile", str(profile.id)))

        try:
            answer = await context.once("exportProfile", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        url = download.address(context.settings, UUID(answer["profile"]), until=answer["until"])
        return ExportProfilePayload(url=url, expires_at=answer["until"])

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_ERASE, or_self=True, unlimited=True)])
    async def erase_profile(self, info: Info, input: EraseProfileInput) -> EraseProfileResult:  # noqa: A002 - the argument's name on the wire
        """Forget a person: delete or blank every trace of them that a query can reach. It cannot be undone."""
        context = info.context

        async def do() -> Done:
            erasure = await context.privacy.erase(await _to_erase(info, input.id), now=context.clock())
            change = Change("erase profile", str(erasure.profile_id), None, {"rows": sum(erasure.counts.values())})
            return Done({"profile": str(erasure.profile_id)}, change)

        try:
            answer = await context.once("eraseProfile", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        erasure_id = UUID(answer["profile"])
        return EraseProfilePayload(receipt=Erasure.of((await store.load([erasure_id]))[erasure_id]))
