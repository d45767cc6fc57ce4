"""Stores: where a customer can walk in, when, and what they can do there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar, Final
from uuid import UUID

from pymongo import IndexModel

from hub import database
from hub.access.model import Caller
from hub.commerce import checks, newest
from hub.commerce.checks import BadCommerce
from hub.commerce.newest import Kept
from hub.commerce.opening import Opening
from hub.database import Keyed, Row
from hub.kit import ids
from hub.kit.local_time import Hours, Weekday, zone_of
from hub.kit.pages import Page, Span
from hub.profiles.consent import DEFAULT_BRAND

MOST_HOURS: Final = 10
"""How many stretches one day has."""
MOST_EXCEPTIONS: Final = 400
_COUNTRY_LETTERS: Final = 2


class StoreChannel(StrEnum):
    """How a customer gets an order from a store."""

    PICKUP = "pickup"
    CURBSIDE = "curbside"
    SHIP_FROM_STORE = "ship_from_store"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a store stands. `country` is an ISO 3166 code of two letters."""

    street: str
    postal_code: str
    city: str
    country: str


@dataclass(frozen=True, slots=True)
class Store:
    """A store. `store_id` is the retailer's own name for it; it is also the name of the location of its stock."""

    store_id: str
    name: str
    address: Address
    opening: Opening
    updated_at: datetime
    brand: str = DEFAULT_BRAND
    channels: frozenset[StoreChannel] = frozenset()

    @property
    def id(self) -> UUID:
        """The key of its document."""
        return id_of(self.store_id)


def id_of(store_id: str) -> UUID:
    """Make the key of a store's document."""
    return ids.key_of("store", store_id)


class StoreDocument(Keyed):
    """A store at rest, whole."""

    store_id: str
    name: str
    brand: str
    address: dict[str, str]
    zone: str
    weekly: list[dict[str, Any]]
    exceptions: list[dict[str, Any]]
    channels: list[StoreChannel]
    updated_at: datetime
    digest: str

    class Settings:
        """Where stores lie and how they are found."""

        name = "stores"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("updated_at", -1), ("_id", -1)], name="newest")]


async def upsert(caller: Caller, stores: Sequence[Store], *, now: datetime) -> Kept:
    """Store new versions of stores, each whole, unless a newer one is stored. Repeating it changes nothing.

    Raises:
        BadCommerce: one of them cannot be; then none is stored.
        OutOfReach: the caller is limited to other brands or stores.
    """
    checks.check_count("stores", stores)
    _check(stores)
    checks.check_times("stores", (it.updated_at for it in stores), now=now)
    if caller.brands or caller.stores:
        stored = await load([it.store_id for it in stores])
        for store in (*stores, *stored.values()):
            checks.check_reach(caller, brands=[store.brand], stores=[store.store_id])
    return await newest.keep(StoreDocument, [_row_of(it) for it in stores], name="store_id")


async def load(store_ids: Collection[str]) -> dict[str, Store]:
    """Read stores by their own ids. Those that do not exist are left out."""
    if not store_ids:
        return {}
    return {it.store_id: it for it in (await under([id_of(it) for it in store_ids])).values()}


async def under(keys: Collection[UUID]) -> dict[UUID, Store]:
    """Read stores by the keys of their documents. Those that do not exist are left out."""
    found = StoreDocument.get_pymongo_collection().find({"_id": {"$in": list(keys)}})
    return {row["_id"]: _store_of(row) async for row in found}


async def page(wanted: Span, *, brand: str | None = None, channel: StoreChannel | None = None) -> Page[Store]:
    """Read a page of stores, the one changed last first."""
    asked = {"brand": brand, "channels": channel and channel.value}
    where = {name: value for name, value in asked.items() if value is not None}
    return (await database.page(StoreDocument, wanted, by="updated_at", where=where)).each(_store_of)


def _check(stores: Sequence[Store]) -> None:
    checks.check_unique("stores", (it.store_id for it in stores))
    for place, store in enumerate(stores):
        at = f"stores[{place}]"
        for name, value in (
            ("storeId", store.store_id),
            ("name", store.name),
            ("brand", store.brand),
            ("address.street", store.address.street),
            ("address.postalCode", store.address.postal_code),
            ("address.city", store.address.city),
        ):
            checks.check_id(f"{at}.{name}", value)
        country = store.address.country
        if len(country) != _COUNTRY_LETTERS or not (country.isascii() and country.isalpha() and country.isupper()):
            raise BadCommerce(f"{at}.address.country", "A country is an ISO 3166 code, such as DE.")
        if zone_of(store.opening.zone) is None:
            raise BadCommerce(f"{at}.timeZone", "A time zone is a name such as Europe/Berlin.")
        days = [*store.opening.weekly.values(), *store.opening.exceptions.values()]
        if any(len(hours) > MOST_HOURS for hours in days) or len(store.opening.exceptions) > MOST_EXCEPTIONS:
            raise BadCommerce(
                f"{at}.hours", f"A day has at most {MOST_HOURS} stretches, a store {MOST_EXCEPTIONS} exceptions."
            )


def _row_of(store: Store) -> Row:
    address = store.address
    return {
        "_id": store.id,
        "store_id": store.store_id,
        "name": store.name,
        "brand": store.brand,
        "address": {
            "street": address.street,
            "postal_code": address.postal_code,
            "city": address.city,
            "country": address.country,
        },
        "zone": store.opening.zone,
        "weekly": [
            {"day": day.value, "hours": _hours_row(hours)} for day, hours in sorted(store.opening.weekly.items())
        ],
        "exceptions": [
            {"date": day.isoformat(), "hours": _hours_row(hours)}
            for day, hours in sorted(store.opening.exceptions.items())
        ],
        "channels": sorted(it.value for it in store.channels),
        "updated_at": store.updated_at,
    }


def _hours_row(hours: Sequence[Hours]) -> list[Row]:
    return [{"since": it.since, "until": it.until} for it in hours]


def _store_of(row: Mapping[str, Any]) -> Store:
    return Store(
        store_id=row["store_id"],
        name=row["name"],
        brand=row["brand"],
        address=Address(**row["address"]),
        opening=Opening(
            zone=row["zone"],
            weekly={Weekday(it["day"]): _hours_of(it["hours"]) for it in row["weekly"]},
            exceptions={date.fromisoformat(it["date"]): _hours_of(it["hours"]) for it in row["exceptions"]},
        ),
        channels=frozenset(StoreChannel(it) for it in row["channels"]),
        updated_at=row["updated_at"],
    )


def _hours_of(rows: Sequence[Mapping[str, int]]) -> tuple[Hours, ...]:
    return tuple(Hours(it["since"], it["until"]) for it in rows)
