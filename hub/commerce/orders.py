"""Orders in MongoDB: one document each, with its refunds, so that a read finds one state of both.

An order changes by compare-and-set on its own `rev`. `told` says what each profile has counted of it, as of which
revision of that profile, or will have with which event (see `recording`).
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from pymongo import IndexModel, UpdateOne

from hub import database, seal
from hub.commerce.model import (
    Contents,
    Fulfilment,
    FulfilmentKind,
    Line,
    Order,
    Refund,
    RefundedLine,
    SalesChannel,
    Stamp,
)
from hub.commerce.told import Told, foretold
from hub.database import Keyed, OwnIds, Row, insert_once
from hub.events.model import OF_TILLS
from hub.kit.pages import Page, Span
from hub.seal import Erasure, Personal


class OrderDocument(Keyed):
    """An order at rest. `_id` is made of source and order id.

    Without `profile_id` it has only been heard of, from `heard_from`. `version` is the stamp of its contents, which are
    the fields from `currency` to `lines`; `at` is when it was completed, or last changed while it is open.
    """

    rev: int
    source: str
    order_id: str
    profile_id: UUID | None
    at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None
    ready_at: datetime | None
    picked_up_at: datetime | None
    delivered_at: datetime | None = None
    version: dict[str, Any] | None
    currency: str | None
    gross: int | None
    shipping: int | None
    tax: int | None
    discount: int | None
    coupon: str | None
    channel: SalesChannel | None
    store_id: str | None
    associate_id: str | None
    fulfilment: dict[str, Any] | None
    payment_kind: str | None
    lines: list[dict[str, Any]]
    refunds: list[dict[str, Any]]
    returned: list[dict[str, Any]]
    told: dict[str, dict[str, Any]]
    heard_from: list[UUID] | None = None

    class Settings:
        """Where orders lie and how they are found."""

        name = "orders"
        # Amounts stay, for the books; what was bought and brought back says much of a person, names may have been
        # engraved, a coupon may be one person's alone. `returned` is of each refund why, and of which lines.
        personal: ClassVar[Personal | None] = Personal(
            "profile_id", ("lines", "returned", "coupon", "associate_id"), Erasure.BLANK, until_owned="heard_from"
        )
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel(
                [("profile_id", 1), ("at", -1), ("_id", -1)],
                name="profile",
                partialFilterExpression={"profile_id": {"$exists": True}},
            ),
            IndexModel([("heard_from", 1)], name="heard_from", sparse=True),
            # Partial, so that only receipts and refunds of stores pay for them.
            IndexModel(
                [("source", 1), ("at", 1)],
                name="receipts",
                partialFilterExpression={"source": {"$gt": OF_TILLS, "$lt": f"{OF_TILLS}\U0010ffff"}},
            ),
            IndexModel(
                [("refunds.store_id", 1), ("refunds.at", 1)],
                name="refunds_of_stores",
                partialFilterExpression={"refunds.store_id": {"$exists": True}},
            ),
        ]


@dataclass(frozen=True, slots=True)
class Kept:
    """An order as it is stored. `rev` is 0 where it is not."""

    order: Order
    rev: int = 0
    told: Mapping[UUID, Told] = field(default_factory=dict)


async def read(order_ids: Collection[UUID]) -> dict[UUID, Kept]:
    """Read orders with what was told of them. Those that do not exist are left out."""
    if not order_ids:
        return {}
    found = OrderDocument.get_pymongo_collection().find({"_id": {"$in": list(order_ids)}})
    return {row["_id"]: _kept_of(row) async for row in found}


async def told_of(order_ids: Collection[UUID]) -> dict[UUID, dict[UUID, Told]]:
    """Read what was told of orders, by their profiles."""
    if not order_ids:
        return {}
    found = OrderDocument.get_pymongo_collection().find({"_id": {"$in": list(order_ids)}}, {"told": 1})
    return {row["_id"]: _told_of(row) async for row in found}


async def load(order_ids: Collection[UUID]) -> dict[UUID, Order]:
    """Read orders. Those that do not exist, or have only been heard of, are left out."""
    return {key: it.order for key, it in (await read(order_ids)).items() if it.order.contents is not None}


async def pages(
    owners: Collection[OwnIds], wanted: Span, *, where: Mapping[str, Any] = database.EVERY_ROW
) -> dict[OwnIds, Page[Order]]:
    """Read a page of each profile's orders that match, newest first."""
    found = await database.pages(OrderDocument, owners, wanted, by="at", where=where)
    return {owner: page.each(order_of) for owner, page in found.items()}


async def of(own_ids: OwnIds) -> AsyncIterator[Order]:
    """Read the orders that a person has, newest first, for as long as more are asked for."""
    wanted = {"profile_id": {"$in": list(own_ids)}}
    async for row in OrderDocument.get_pymongo_collection().find(wanted).sort([("at", -1), ("_id", -1)]):
        yield order_of(row)


async def open_pickups(owners: Collection[OwnIds], wanted: Span) -> dict[OwnIds, Page[Order]]:
    """Read a page of what each profile has bought and still has to pick up, newest first."""
    where = {
        "fulfilment.kind": {"$in": [FulfilmentKind.PICKUP, FulfilmentKind.CURBSIDE]},
        "completed_at": {"$ne": None},
        "cancelled_at": None,
        "picked_up_at": None,
    }
    return await pages(owners, wanted, where=where)


async def join(heard: Mapping[UUID, Order]) -> dict[UUID, Kept]:
    """Add to orders what was heard of them, whoever else does so at the same time. Repeating it changes nothing.

    Returns:
        The orders as they are stored then, each with all that was heard of it.
    """
    kept: dict[UUID, Kept] = {}
    left = set(heard)
    while left:
        before = await read(left)
        after = {
            key: Kept(before[key].order.joined(heard[key]), before[key].rev, before[key].told)
            if key in before
            else Kept(heard[key], told=foretold(heard[key]))
            for key in left
        }
        same = {key for key in before if after[key].order == before[key].order}
        written = await _write({key: after[key] for key in left - same})
        kept |= {key: after[key] for key in same | written}
        # The others were changed meanwhile: look again.
        left -= same | written
    return kept


async def tell(told: Iterable[tuple[UUID, UUID, Told]]) -> None:
    """Note in orders what profiles have counted of them (order, profile, what), unless it is newer already."""
    updates = [
        UpdateOne(
            {"_id": order_id, f"told.{profile_id}.rev": {"$not": {"$gte": it.rev}}},
            {"$set": {f"told.{profile_id}": it.row}},
        )
        for order_id, profile_id, it in told
    ]
    if updates:
        await OrderDocument.get_pymongo_collection().bulk_write(updates, ordered=False)


async def revs(order_ids: Collection[UUID]) -> dict[UUID, int]:
    """Read in which revision orders are stored."""
    found = OrderDocument.get_pymongo_collection().find({"_id": {"$in": list(order_ids)}}, {"rev": 1})
    return {row["_id"]: row["rev"] async for row in found}


async def bounds(profile_ids: Collection[UUID]) -> dict[UUID, tuple[datetime, datetime]]:
    """Look up the times of the first and the last order that each profile has. One without orders is left out."""
    stages: list[Row] = [
        {"$match": {"profile_id": {"$in": list(profile_ids)}, "completed_at": {"$ne": None}, "cancelled_at": None}},
        {"$group": {"_id": "$profile_id", "first": {"$min": "$completed_at"}, "last": {"$max": "$completed_at"}}},
    ]
    found = await OrderDocument.get_pymongo_collection().aggregate(stages)
    return {row["_id"]: (row["first"], row["last"]) async for row in found}


async def receipts(source: str, since: datetime, until: datetime) -> list[Order]:
    """Read what a source has sold from a moment until before another one, also what was cancelled, the first first."""
    where = {"source": source, "at": {"$gte": since, "$lt": until}}
    found = OrderDocument.get_pymongo_collection().find(where).sort("at", 1)
    return [order_of(row) for row in await found.batch_size(database.AT_ONCE).to_list()]


async def refunded_in(store_id: str, since: datetime, until: datetime) -> list[Order]:
    """Read the orders of whatever source of which something was given back in a store in that time."""
    where = {"refunds": {"$elemMatch": {"store_id": store_id, "at": {"$gte": since, "$lt": until}}}}
    found = OrderDocument.get_pymongo_collection().find({**where, "refunds.store_id": store_id})
    return [order_of(row) for row in await found.batch_size(database.AT_ONCE).to_list()]


async def _write(changed: Mapping[UUID, Kept]) -> set[UUID]:
    """Write orders, each only where its `rev` is still the one that was read, and tell which were written."""
    new = [key for key, it in changed.items() if it.rev == 0]
    taken = await insert_once(OrderDocument, [_new_row(key, changed[key]) for key in new])
    written = {key for place, key in enumerate(new) if place not in taken}
    known = {key: it for key, it in changed.items() if it.rev > 0}
    if known:
        updates = [UpdateOne({"_id": key, "rev": it.rev}, _change(it)) for key, it in known.items()]
        done = await OrderDocument.get_pymongo_collection().bulk_write(updates, ordered=False)
        if done.matched_count < len(known):
            # Some were changed meanwhile. Which ones does not matter: joined once more, the others stay as they are.
            return written
    return written | known.keys()


def order_of(row: Mapping[str, Any]) -> Order:
    """Make an order of its row."""
    row = seal.opened(OrderDocument, row)
    returned = {it["refund_id"]: it for it in row["returned"]}
    return Order(
        source=row["source"],
        order_id=row["order_id"],
        contents=_contents_of(row) if row["version"] else None,
        completed_at=row["completed_at"],
        cancelled_at=row["cancelled_at"],
        ready_at=row["ready_at"],
        picked_up_at=row["picked_up_at"],
        delivered_at=row.get("delivered_at"),
        refunds={it["refund_id"]: _refund_of(it, returned.get(it["refund_id"], {})) for it in row["refunds"]},
        heard_from=frozenset(row.get("heard_from") or ()),
    )


def _kept_of(row: Mapping[str, Any]) -> Kept:
    return Kept(order_of(row), row["rev"], _told_of(row))


def _told_of(row: Mapping[str, Any]) -> dict[UUID, Told]:
    return {UUID(profile_id): Told.of(it) for profile_id, it in row["told"].items()}


_PLAIN = ("currency", "gross", "shipping", "tax", "discount", "coupon", "store_id", "payment_kind")
"""Contents that lie in a row as they are."""


def _contents_of(row: Mapping[str, Any]) -> Contents:
    to = row["fulfilment"]
    return Contents(
        stamp=Stamp(**row["version"]),
        profile_id=row["profile_id"],
        **{name: row[name] for name in _PLAIN},
        channel=SalesChannel(row["channel"]) if row["channel"] else None,
        associate_id=row.get("associate_id"),
        fulfilment=Fulfilment(FulfilmentKind(to["kind"]), to["location"]) if to else None,
        lines=tuple(Line(**{**it, "quantity": Decimal(it["quantity"])}) for it in row.get("lines") or ()),
    )


def _refund_of(row: Row, returned: Row) -> Refund:
    lines = tuple(RefundedLine(**{**it, "quantity": Decimal(it["quantity"])}) for it in returned.get("lines", ()))
    return Refund(**{**row, "stamp": Stamp(**row["stamp"])}, reason=returned.get("reason"), lines=lines)


_OF_REFUND = ("refund_id", "at", "currency", "amount")
"""What of a refund stays, for the books."""


def _row_of(kept: Kept) -> Row:
    order = kept.order
    contents = order.contents
    row: Row = {
        "rev": kept.rev + 1,
        "source": order.source,
        "order_id": order.order_id,
        "at": order.at,
        "completed_at": order.completed_at,
        "cancelled_at": order.cancelled_at,
        "ready_at": order.ready_at,
        "picked_up_at": order.picked_up_at,
        "delivered_at": order.delivered_at,
        "version": _plain(contents.stamp) if contents else None,
        "refunds": [
            {
                **{name: getattr(it, name) for name in _OF_REFUND},
                **({"store_id": it.store_id} if it.store_id else {}),
                **({"by_lines": True} if it.by_lines else {}),
                "stamp": _plain(it.stamp),
            }
            for it in order.refunds.values()
        ],
        "returned": [
            {"refund_id": it.refund_id, "reason": it.reason, "lines": _line_rows(it.lines)}
            for it in order.refunds.values()
        ],
        **{name: getattr(contents, name, None) for name in _PLAIN},
        "channel": contents.channel if contents else None,
        "associate_id": contents.associate_id if contents else None,
        "fulfilment": _plain(contents.fulfilment) if contents and contents.fulfilment else None,
        "lines": _line_rows(contents.lines) if contents else [],
        # Left out, not empty, where it is nobody's yet: the index holds only orders of somebody.
        **({"profile_id": contents.profile_id} if contents else {"heard_from": sorted(order.heard_from)}),
    }
    return seal.shut(OrderDocument, row)


def _change(kept: Kept) -> Row:
    """Give the update that writes an order. Once it is somebody's, it does not matter from whom it was heard before."""
    found = {"$set": _row_of(kept)}
    return {**found, "$unset": {"heard_from": ""}} if kept.order.contents else found


def _new_row(order_id: UUID, kept: Kept) -> Row:
    return {**_row_of(kept), "_id": order_id, "told": {str(owner): it.row for owner, it in kept.told.items()}}


def _line_rows(lines: Sequence[Line | RefundedLine]) -> list[Row]:
    return [{**_plain(line), "quantity": str(line.quantity)} for line in lines]


def _plain(value: Any) -> Row:
    """Give the fields of a value. `dataclasses.asdict` would copy each of them, which costs ten times as much."""
    return {name: getattr(value, name) for name in value.__slots__}
