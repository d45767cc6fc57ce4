"""Exports: what the hub knows, row after row, in the shape in which it can be brought in again.

What only the hub says of a row stands under `hub`; an import leaves that out.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from hub.bulk.rows import HUB, RowKind
from hub.commerce import orders
from hub.commerce.model import Contents
from hub.commerce.orders import OrderDocument
from hub.database import EVERY_ROW, Keyed, Row
from hub.events import store as events_store
from hub.events.model import Event, Kind
from hub.events.store import EventDocument
from hub.kit.money import Money
from hub.profiles import identifier_store
from hub.profiles import store as profiles_store
from hub.profiles.model import IdentifierKind, Owned, Profile
from hub.profiles.store import ProfileDocument

BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Kind:
    """Where the rows of a kind lie, and how a batch of them is shown."""

    document: type[Keyed]
    shown: Callable[[list[Row]], Awaitable[list[dict[str, Any]]]]


async def count(kind: RowKind) -> int:
    """Tell about how many rows there are."""
    return await _KINDS[kind].document.get_pymongo_collection().estimated_document_count()


async def rows(kind: RowKind) -> AsyncIterator[dict[str, Any]]:
    """Give every row of a kind, in order of its id. A row is as it is when it is read."""
    exported = _KINDS[kind]
    async for batch in batches(exported.document):
        for row in await exported.shown(batch):
            yield row


async def batches(document: type[Keyed], among: Mapping[str, Any] = EVERY_ROW) -> AsyncIterator[list[Row]]:
    """Give the rows that a query finds, as they lie there, in order of their ids, never many at once."""
    last: UUID | None = None
    while True:
        where: Row = {**among} if last is None else {**among, "_id": {"$gt": last}}
        found = document.get_pymongo_collection().find(where).sort("_id", 1).limit(BATCH)
        batch = await found.batch_size(BATCH).to_list()
        if not batch:
            return
        last = batch[-1]["_id"]
        yield batch


async def _profiles(batch: list[Row]) -> list[dict[str, Any]]:
    return await shown([it for row in batch if (it := profiles_store.profile_of(row)).absorbed_by is None])


async def shown(heads: Sequence[Profile]) -> list[dict[str, Any]]:
    """Give the row of each of these profiles."""
    named = await identifier_store.by_profile([own for head in heads for own in head.own_ids])
    return [_profile(it, [owned for own in it.own_ids for owned in named.get(own, ())]) for it in heads]


def _profile(profile: Profile, named: list[Owned]) -> dict[str, Any]:
    users = sorted(it.identifier.value for it in named if it.identifier.kind is IdentifierKind.USER)
    return {
        "userId": users[0] if users else None,
        **profile.traits,
        HUB: {
            "id": str(profile.id),
            "stage": profile.stage,
            "events": profile.events,
            "firstSeenAt": profile.first_seen_at,
            "lastSeenAt": profile.last_seen_at,
        },
    }


async def _events(batch: list[Row]) -> list[dict[str, Any]]:
    events = [events_store.event_of(row) for row in batch]
    message_ids = {row["_id"]: row["message_id"] for row in batch}
    heads = await _heads({it.profile_id for it in events if it.profile_id is not None})
    return [_event(it, message_ids[it.id], heads) for it in events]


def _event(event: Event, message_id: str, heads: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "messageId": message_id,
        "userId": event.user_id,
        "anonymousId": event.anonymous_id,
        "event": event.name,
        "timestamp": event.at,
        "properties": dict(event.properties if event.kind is not Kind.IDENTIFY else event.traits),
        "context": dict(event.context),
        HUB: {
            "id": str(event.id),
            "profileId": heads.get(event.profile_id) if event.profile_id else None,
            "source": event.source,
            "kind": event.kind.value,
        },
    }


async def _orders(batch: list[Row]) -> list[dict[str, Any]]:
    known = [(it, it.contents) for it in map(orders.order_of, batch) if it.contents is not None]
    heads = await _heads({contents.profile_id for _, contents in known})
    named = await identifier_store.by_profile([contents.profile_id for _, contents in known])
    users = {
        profile_id: next((it.identifier.value for it in owned if it.identifier.kind is IdentifierKind.USER), None)
        for profile_id, owned in named.items()
    }
    return [
        {
            "order_id": order.order_id,
            "userId": users.get(contents.profile_id),
            "timestamp": order.at,
            **_contents(contents),
            HUB: {
                "id": str(order.id),
                "profileId": heads.get(contents.profile_id),
                "source": order.source,
                "status": order.status.value,
                "refunded": _amount(order.refunded),
                "net": _amount(order.net),
            },
        }
        for order, contents in known
    ]


def _contents(said: Contents) -> dict[str, Any]:
    def amount(minor: int | None) -> str | None:
        return str(Money(minor, said.currency).amount) if minor is not None and said.currency else None

    return {
        "currency": said.currency,
        "total": amount(said.gross),
        **{name: amount(getattr(said, name)) for name in ("shipping", "tax", "discount")},
        **{name: getattr(said, name) for name in ("coupon", "channel", "store_id", "associate_id", "payment_kind")},
        "fulfilment": (
            {"kind": said.fulfilment.kind.value, "location": said.fulfilment.location} if said.fulfilment else None
        ),
        "products": [
            {
                **{name: getattr(it, name) for name in ("product_id", "sku", "variant", "name", "category")},
                "quantity": _plain(it.quantity),
                **{name: amount(getattr(it, name)) for name in ("price", "discount", "tax")},
            }
            for it in said.lines
        ],
    }


def _amount(money: Money | None) -> str | None:
    return str(money.amount) if money else None


def _plain(quantity: Decimal) -> int | str:
    return int(quantity) if quantity == quantity.to_integral_value() else str(quantity)


async def _heads(profile_ids: set[UUID]) -> dict[UUID, str]:
    """Tell whose rows under these ids are today."""
    return {profile_id: str(head.id) for profile_id, head in (await profiles_store.heads(profile_ids)).items()}


_KINDS: Final[Mapping[RowKind, _Kind]] = {
    RowKind.PROFILES: _Kind(ProfileDocument, _profiles),
    RowKind.EVENTS: _Kind(EventDocument, _events),
    RowKind.ORDERS: _Kind(OrderDocument, _orders),
}
