"""Stores: where they are and when they are open, and the mutation `upsertStores`."""

from datetime import date, datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.commerce import stores
from hub.commerce.checks import BadCommerce, stamped
from hub.commerce.opening import Opening
from hub.commerce.stores import StoreChannel
from hub.kit import local_time, pages
from hub.kit.local_time import Hours, Weekday
from hub.profiles.consent import DEFAULT_BRAND
from hub_api.connections import After, Before, Connection, First, Last
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.needs import Needs
from hub_api.nodes import Node, global_id


@strawberry.type
class Address:
    """Where something is."""

    street: str = strawberry.field(description="Street and number.")
    postal_code: str = strawberry.field(description="As the country writes it.")
    city: str = strawberry.field(description="The town.")
    country: str = strawberry.field(description="ISO 3166, such as `DE`.")


@strawberry.type
class OpenHours:
    """One stretch of a day, in local time."""

    opens: str = strawberry.field(description="Such as `09:00`.")
    closes: str = strawberry.field(description="Such as `20:00`; not after `opens` means the next day.")

    @classmethod
    def of(cls, hours: Hours) -> Self:
        """Show a stretch."""
        opens, closes = hours.written
        return cls(opens=opens, closes=closes)


@strawberry.type
class WeekdayHours:
    """When it is open on one weekday."""

    day: Weekday = strawberry.field(description="The weekday.")
    hours: list[OpenHours] = strawberry.field(description="None: shut.")


@strawberry.type
class DateHours:
    """When it is open on one date, instead of the hours of its weekday."""

    day: date = strawberry.field(description="The date.")
    hours: list[OpenHours] = strawberry.field(description="None: shut.")


@strawberry.type
class Store(Node):
    """A store."""

    store: strawberry.Private[stores.Store]
    store_id: str = strawberry.field(description="Its name in the retailer's own systems.")
    name: str = strawberry.field(description="What customers call it.")
    brand: str = strawberry.field(description="Which of the retailer's brands it belongs to.")
    address: Address = strawberry.field(description="Where it is.")
    time_zone: str = strawberry.field(description="The IANA zone of its hours.")
    weekly: list[WeekdayHours] = strawberry.field(description="When it is open, by weekday.")
    exceptions: list[DateHours] = strawberry.field(description="When it is open on single dates.")
    channels: list[StoreChannel] = strawberry.field(description="How an order is had from it.")
    updated_at: datetime = strawberry.field(description="Of which time this version is.")

    @classmethod
    def of(cls, store: stores.Store) -> Self:
        """Show a store."""
        address, hours = store.address, store.opening
        return cls(
            id=global_id("Store", store.id),
            store=store,
            store_id=store.store_id,
            name=store.name,
            brand=store.brand,
            address=Address(
                street=address.street,
                postal_code=address.postal_code,
                city=address.city,
                country=address.country,
            ),
            time_zone=hours.zone,
            weekly=[
                WeekdayHours(day=day, hours=[OpenHours.of(it) for it in stretches])
                for day, stretches in hours.weekly.items()
            ],
            exceptions=[
                DateHours(day=day, hours=[OpenHours.of(it) for it in stretches])
                for day, stretches in sorted(hours.exceptions.items())
            ],
            channels=sorted(store.channels),
            updated_at=store.updated_at,
        )

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def open(self, info: Info, at: datetime | None = None) -> bool:
        """Whether it is open, now or at another time."""
        return self.store.opening.at(stamped(at) if at else info.context.clock())


@strawberry.type
class StoreQueries:
    """How stores are found."""

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def store(self, info: Info, store_id: str) -> Store | None:
        """One store, by its own id."""
        found = await info.context.loaders.one(stores.load, store_id)
        return Store.of(found) if found else None

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def stores(
        self,
        *,
        brand: str | None = None,
        channel: StoreChannel | None = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Store]:
        """Stores, the one changed last first; those of one brand or with one channel, if given."""
        found = await stores.page(pages.span(first, after, last, before), brand=brand, channel=channel)
        return Connection.of(found, Store.of)


@strawberry.input
class AddressInput:
    """Where something is."""

    street: str = strawberry.field(description="Street and number.")
    postal_code: str = strawberry.field(description="As the country writes it.")
    city: str = strawberry.field(description="The town.")
    country: str = strawberry.field(description="ISO 3166, such as `DE`.")


@strawberry.input
class OpenHoursInput:
    """One stretch of a day, in local time."""

    opens: str = strawberry.field(description="`00:00` to `23:59`.")
    closes: str = strawberry.field(description="`00:00` to `24:00`; not after `opens` means the next day.")


@strawberry.input
class WeekdayHoursInput:
    """When it is open on one weekday; a day that is left out it is shut."""

    day: Weekday = strawberry.field(description="The weekday.")
    hours: list[OpenHoursInput] = strawberry.field(description="None: shut.")


@strawberry.input
class DateHoursInput:
    """When it is open on one date, instead of the hours of its weekday."""

    day: date = strawberry.field(description="The date.")
    hours: list[OpenHoursInput] = strawberry.field(description="None: shut.")


@strawberry.input
class StoreInput:
    """One version of a store, whole: what is left out is gone."""

    store_id: str = strawberry.field(description="Its name in the retailer's own systems.")
    name: str = strawberry.field(description="What customers call it.")
    address: AddressInput = strawberry.field(description="Where it is.")
    time_zone: str = strawberry.field(description="The IANA zone of its hours, such as `Europe/Berlin`.")
    updated_at: datetime = strawberry.field(description="Of which time this version is: the newest stands.")
    brand: str = strawberry.field(default=DEFAULT_BRAND, description="Which of the retailer's brands.")
    weekly: list[WeekdayHoursInput] = strawberry.field(default_factory=list, description="When it is open.")
    exceptions: list[DateHoursInput] = strawberry.field(default_factory=list, description="Single dates.")
    channels: list[StoreChannel] = strawberry.field(default_factory=list, description="How an order is had from it.")


@strawberry.input
class UpsertStoresInput:
    """Versions of up to 500 stores."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    stores: list[StoreInput] = strawberry.field(description="1 to 500.")


@strawberry.type
class UpsertStoresPayload:
    """The stores are stored."""

    upserted: list[str] = strawberry.field(description="The ids of those that stand as they were given.")
    outdated: list[str] = strawberry.field(description="The ids of those of which a newer version is stored.")


UpsertStoresResult: TypeAlias = Annotated[
    UpsertStoresPayload | IdempotencyKeyReused,
    strawberry.union("UpsertStoresResult", description="What became of `upsertStores`."),
]


@strawberry.type
class StoreMutations:
    """What changes stores."""

    @strawberry.mutation(extensions=[Needs(Scope.COMMERCE_WRITE)])
    async def upsert_stores(
        self,
        info: Info,
        input: UpsertStoresInput,  # noqa: A002 - its name on the wire
    ) -> UpsertStoresResult:
        """Store versions of stores, each whole. The newest wins, in whatever order they arrive."""
        context = info.context

        async def do() -> Done:
            given = [_store(f"stores[{place}]", it) for place, it in enumerate(input.stores)]
            kept = await stores.upsert(context.caller, given, now=context.clock())
            answer = {"upserted": list(kept.kept), "outdated": list(kept.outdated)}
            about = (frozenset(it.brand for it in given), frozenset(it.store_id for it in given))
            return Done(answer, Change("upsert stores", "stores", None, answer, *about))

        try:
            answer = await context.once("upsertStores", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return UpsertStoresPayload(upserted=answer["upserted"], outdated=answer["outdated"])


def _store(place: str, given: StoreInput) -> stores.Store:
    days = [it.day for it in given.weekly]
    dates = [it.day for it in given.exceptions]
    if len(set(days)) < len(days) or len(set(dates)) < len(dates):
        raise BadCommerce(place, "The same day stands here twice.")
    at = given.address
    return stores.Store(
        store_id=given.store_id,
        name=given.name,
        address=stores.Address(at.street, at.postal_code, at.city, at.country),
        opening=Opening(
            zone=given.time_zone,
            weekly={it.day: _hours(f"{place}.weekly", it.hours) for it in given.weekly},
            exceptions={it.day: _hours(f"{place}.exceptions", it.hours) for it in given.exceptions},
        ),
        updated_at=stamped(given.updated_at),
        brand=given.brand,
        channels=frozenset(given.channels),
    )


def _hours(place: str, given: list[OpenHoursInput]) -> tuple[Hours, ...]:
    stretches = []
    for it in given:
        since, until = local_time.minutes_of(it.opens), local_time.minutes_of(it.closes)
        if since is None or until is None or it.opens == "24:00":
            raise BadCommerce(place, "A time is written like 09:00, and the last one is 24:00.")
        stretches.append(Hours(since, until))
    return tuple(stretches)
