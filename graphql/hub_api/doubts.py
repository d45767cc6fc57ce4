"""Deliveries in doubt: how many messages are unknown or went out twice, and which."""

from typing import Annotated, Self

import strawberry

from hub.access.model import Limited, Scope
from hub.kit import pages
from hub.messaging import doubts
from hub.messaging.doubts import Doubt
from hub_api.connections import After, Before, Connection, First, Last
from hub_api.context import Info
from hub_api.messages import Message
from hub_api.needs import Needs

OfBrand = Annotated[str | None, strawberry.argument(description="Of this brand; of all that the caller may see, else.")]


@strawberry.type
class DeliveryNumbers:
    """How many messages there are, and of how many nobody can say that they arrived once."""

    messages: int = strawberry.field(description="All messages, whatever became of them.")
    unknown: int = strawberry.field(description="Those that may or may not have arrived: they are never sent again.")
    duplicates: int = strawberry.field(description="Those that a provider took twice under one key.")
    unknown_per_million: float = strawberry.field(description="`unknown` of a million messages.")
    duplicates_per_million: float = strawberry.field(description="`duplicates` of a million messages.")

    @classmethod
    def of(cls, numbers: doubts.Numbers) -> Self:
        """Show the numbers."""
        return cls(
            messages=numbers.messages,
            unknown=numbers.unknown,
            duplicates=numbers.duplicates,
            unknown_per_million=numbers.unknown_per_million,
            duplicates_per_million=numbers.duplicates_per_million,
        )


@strawberry.type
class DoubtQueries:
    """How messages in doubt are found."""

    @strawberry.field(extensions=[Needs(Scope.JOURNEYS_READ)])
    async def delivery_numbers(self, info: Info, brand: OfBrand = None) -> DeliveryNumbers:
        """How well messages arrive: once, and not twice. Who is limited to brands is told of those only."""
        own = info.context.caller.brands
        if brand is not None and own and brand not in own:
            raise Limited
        return DeliveryNumbers.of(await doubts.numbers(own if brand is None else {brand}))

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ)])
    async def doubtful_messages(  # noqa: PLR0917 - a connection has as many
        self,
        info: Info,
        doubt: Doubt,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Message]:
        """The messages in doubt, of the caller's brands, the newest first."""
        wanted = pages.span(first, after, last, before)
        return Connection.of(await doubts.page(doubt, wanted, brands=info.context.caller.brands), Message.of)
