"""Suppressions: addresses that must not be written to, and the mutations that change their list."""

from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Forbidden, Scope
from hub.profiles.consent import ALL, BadConsent, is_name
from hub.profiles.model import Channel
from hub.profiles.suppression import Bans, SuppressionReason
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.needs import Needs


@strawberry.type
class Suppression:
    """An address of a customer that must not be written to."""

    channel: Channel = strawberry.field(description="On which channel.")
    brand: str | None = strawberry.field(description="By whom; none means by nobody.")
    reason: SuppressionReason = strawberry.field(description="Why.")

    @classmethod
    def all_of(cls, channel: Channel, bans: Bans) -> list[Self]:
        """Show why an address must not be written to."""
        return [
            cls(channel=channel, brand=None if brand == ALL else brand, reason=reason)
            for brand, reason in sorted(bans.items())
        ]


@strawberry.input
class SuppressAddressInput:
    """An address that must not be written to."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    channel: Channel = strawberry.field(description="On which channel.")
    address: str = strawberry.field(description="The address, in any spelling. It is kept as a keyed hash.")
    reason: SuppressionReason = strawberry.field(description="Why.")
    brand: str | None = strawberry.field(default=None, description="By whom; by nobody, if left out.")


@strawberry.input
class LiftSuppressionInput:
    """An address that may be written to again."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    channel: Channel = strawberry.field(description="On which channel.")
    address: str = strawberry.field(description="The address, in any spelling.")
    brand: str | None = strawberry.field(default=None, description="The brand of the suppression that is meant.")


@strawberry.type
class SuppressAddressPayload:
    """The address is on the list."""

    suppressions: list[Suppression] = strawberry.field(description="What stands on the list for it now.")


@strawberry.type
class LiftSuppressionPayload:
    """The address is off the list, or was never on it."""

    suppressions: list[Suppression] = strawberry.field(description="What still stands on the list for it.")


SuppressAddressResult: TypeAlias = Annotated[
    SuppressAddressPayload | IdempotencyKeyReused,
    strawberry.union("SuppressAddressResult", description="What became of `suppressAddress`."),
]
LiftSuppressionResult: TypeAlias = Annotated[
    LiftSuppressionPayload | IdempotencyKeyReused,
    strawberry.union("LiftSuppressionResult", description="What became of `liftSuppression`."),
]


@strawberry.type
class SuppressionMutations:
    """What changes the list."""

    @strawberry.mutation(extensions=[Needs(Scope.CONSENT_WRITE)])
    async def suppress_address(self, info: Info, input: SuppressAddressInput) -> SuppressAddressResult:  # noqa: A002 - the argument's name on the wire
        """Let an address get nothing any more but what is legally necessary. It holds though the person is erased."""
        context, address = info.context, (input.channel, input.address)

        async def do() -> Done:
            brand = _brand(info, input.brand)
            hashed = await context.suppressions.suppress(address, input.reason, brand=brand, now=context.clock())
            return Done({}, Change("suppress address", hashed, None, {brand: input.reason.value}, brands=_named(brand)))

        try:
            await context.once("suppressAddress", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        bans = (await context.suppressions.among([address])).get(address, {})
        return SuppressAddressPayload(suppressions=Suppression.all_of(input.channel, bans))

    @strawberry.mutation(extensions=[Needs(Scope.CONSENT_WRITE)])
    async def lift_suppression(self, info: Info, input: LiftSuppressionInput) -> LiftSuppressionResult:  # noqa: A002 - the argument's name on the wire
        """Let an address be written to again, as far as consent allows."""
        context, address = info.context, (input.channel, input.address)

        async def do() -> Done:
            brand = _brand(info, input.brand)
            hashed = await context.suppressions.lift(address, brand=brand)
            return Done({}, Change("lift suppression", hashed, {brand: "suppressed"}, None, brands=_named(brand)))

        try:
            await context.once("liftSuppression", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        bans = (await context.suppressions.among([address])).get(address, {})
        return LiftSuppressionPayload(suppressions=Suppression.all_of(input.channel, bans))


def _named(brand: str) -> frozenset[str]:
    return frozenset({brand} - {ALL})


def _brand(info: Info, named: str | None) -> str:
    """Give the brand that is meant, which must be one of the caller's own.

    Raises:
        BadConsent: it is no name.
        Forbidden: it is not.
    """
    caller = info.context.caller
    if named is not None and not is_name(named):
        raise BadConsent("A brand is a name of a-z, 0-9, - and _, at most 64 of them.")
    if not caller.reaches([named] if named else [], caller.stores):
        raise Forbidden(Scope.CONSENT_WRITE)
    return named or ALL
