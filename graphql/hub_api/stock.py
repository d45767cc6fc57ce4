"""Stock: how many pieces there are and where, and the mutations `setStock` and `notifyWhenBack`."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.commerce import checks, products, stock, stores, waiting
from hub.kit import ids
from hub.kit.errors import HubError
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.needs import Needs
from hub_api.stores import Store


@strawberry.type
class StockLevel:
    """How many pieces lie at one place."""

    location: str = strawberry.field(description="The store or warehouse.")
    on_hand: int = strawberry.field(description="How many pieces.")
    updated_at: datetime = strawberry.field(description="Since when this is known.")

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def store(self, info: Info) -> Store | None:
        """The store of this name; none where it is a warehouse."""
        found = await info.context.loaders.one(stores.load, self.location)
        return Store.of(found) if found else None


@strawberry.type
class Availability:
    """How many pieces of a variant there are."""

    sku: str = strawberry.field(description="The variant.")
    total: int = strawberry.field(description="How many pieces at all places together.")
    locations: list[StockLevel] = strawberry.field(description="How many at each place, by its name.")

    @classmethod
    def of(cls, sku: str, found: stock.Stock | None) -> Self:
        """Show the stock of a variant; one that was never counted has none."""
        levels = sorted(found.levels.values(), key=lambda it: it.location) if found else []
        return cls(
            sku=sku,
            total=found.total if found else 0,
            locations=[StockLevel(location=it.location, on_hand=it.on_hand, updated_at=it.updated_at) for it in levels],
        )


@strawberry.type
class StockQueries:
    """How stock is found."""

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def availability(self, info: Info, sku: str) -> Availability:
        """How many pieces of a variant there are, and where."""
        return Availability.of(sku, await info.context.loaders.one(stock.load, sku))


@strawberry.input
class StockLevelInput:
    """How many pieces lie at one place: counted, not added."""

    sku: str = strawberry.field(description="The variant.")
    location: str = strawberry.field(description="The store, by its own id, or the warehouse.")
    on_hand: int = strawberry.field(description="How many pieces, 0 or more.")
    updated_at: datetime = strawberry.field(description="When they were counted: the newest count stands.")


@strawberry.input
class SetStockInput:
    """Up to 500 counts."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    levels: list[StockLevelInput] = strawberry.field(description="1 to 500, one for each variant and place.")


@strawberry.type
class OutdatedLevel:
    """A count that does not stand, for a newer one does."""

    sku: str = strawberry.field(description="The variant.")
    location: str = strawberry.field(description="The place.")


@strawberry.type
class SetStockPayload:
    """The counts stand, and who waited for a variant that came back is being told."""

    outdated: list[OutdatedLevel] = strawberry.field(description="Those of which a newer count is stored.")


SetStockResult: TypeAlias = Annotated[
    SetStockPayload | IdempotencyKeyReused,
    strawberry.union("SetStockResult", description="What became of `setStock`."),
]


@strawberry.input
class NotifyWhenBackInput:
    """A variant to wait for."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    sku: str = strawberry.field(description="The variant.")


@strawberry.type
class NotifyWhenBackPayload:
    """The asking customer waits. When the variant comes back, the first n who wait are told of n pieces."""

    availability: Availability = strawberry.field(description="How many there are now; they may be back already.")


NotifyWhenBackResult: TypeAlias = Annotated[
    NotifyWhenBackPayload | IdempotencyKeyReused,
    strawberry.union("NotifyWhenBackResult", description="What became of `notifyWhenBack`."),
]


class NotFound(HubError):
    """The asking customer or the variant is not known here."""

    code = "NOT_FOUND"


@strawberry.type
class StockMutations:
    """What changes stock, and who waits for it."""

    @strawberry.mutation(extensions=[Needs(Scope.COMMERCE_WRITE)])
    async def set_stock(self, info: Info, input: SetStockInput) -> SetStockResult:  # noqa: A002 - its name on the wire
        """Store counts. A variant whose total leaves zero is back: who waits for it is told, the oldest first."""
        context = info.context

        async def do() -> Done:
            counts = [
                (it.sku, stock.Level(it.location, it.on_hand, checks.stamped(it.updated_at))) for it in input.levels
            ]
            outdated = await stock.count(context.caller, counts, now=context.clock())
            skus = sorted({sku for sku, _ in counts})
            await waiting.tell(skus, now=context.clock())
            answer = {"outdated": [[sku, level.location] for sku, level in outdated]}
            places = frozenset(it.location for it in input.levels)
            return Done(answer, Change("set stock", "stock", after={"skus": skus, **answer}, stores=places))

        try:
            answer = await context.once("setStock", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return SetStockPayload(outdated=[OutdatedLevel(sku=sku, location=it) for sku, it in answer["outdated"]])

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_SELF)])
    async def notify_when_back(
        self,
        info: Info,
        input: NotifyWhenBackInput,  # noqa: A002 - its name on the wire
    ) -> NotifyWhenBackResult:
        """Wait for a variant that is sold out. Who waits already keeps their place."""
        context = info.context

        async def do() -> Done:
            profile_id = await context.own_profile_id()
            if profile_id is None:
                raise NotFound("The hub has not heard of you yet.")
            if not {*await products.by_sku([input.sku]), *await stock.load([input.sku])}:
                raise NotFound("There is no such variant.")
            caller = context.caller
            asked_by = ids.key_of("notifyWhenBack", caller.kind, caller.subject, input.idempotency_key)
            await waiting.ask([waiting.Wish(profile_id, input.sku, asked_by, context.clock())])
            return Done({"sku": input.sku}, Change("wait for variant", str(profile_id), after={"sku": input.sku}))

        try:
            answer = await context.once("notifyWhenBack", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        sku = answer["sku"]
        return NotifyWhenBackPayload(availability=Availability.of(sku, (await stock.load([sku])).get(sku)))
