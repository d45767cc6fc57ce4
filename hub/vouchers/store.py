"""Vouchers in MongoDB. A voucher is born with the posting that holds its points, and changes only by compare-and-set.

Each change says that something follows from it (`unsettled_at`): points, places, an announcement. A sweep sees to it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pymongo import IndexModel, ReturnDocument, UpdateOne

from hub import database, seal
from hub.database import EVERY_ROW, Keyed, OwnIds, Row
from hub.definitions import Version
from hub.kit.pages import Page, Span
from hub.ledger import flushing
from hub.rewards.model import Cost
from hub.seal import Erasure, Personal
from hub.vouchers.model import Order, Voucher, VoucherState

NAME = "vouchers"


class VoucherDocument(Keyed):
    """A voucher at rest. `_id` is made of its code.

    Attributes:
        places: the documents in which it has a place of a stock, of its owner, of an order.
        order_place: which of them is the order's.
        expires_at: when it is over; looked for while it can be used.
        unsettled_at: since when something follows from its state that is not done.
    """

    profile_id: UUID
    code: str
    reward: str
    version: int
    program: str | None
    wallet: str | None
    points: int
    state: str
    cause: str
    issued_at: datetime
    expires_at: datetime
    places: list[UUID]
    order: dict[str, str] | None
    order_place: UUID | None
    store: str | None
    leased_until: datetime | None
    used_at: datetime | None
    unsettled_at: datetime | None

    class Settings:
        """Where vouchers lie and how they are found."""

        name = NAME
        # What was given to an order stays, for the day of its store; the code that its owner held does not.
        personal = Personal("profile_id", ("code",), Erasure.BLANK)
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("profile_id", 1), ("issued_at", -1), ("_id", -1)], name="profile"),
            IndexModel([("order.order_id", 1)], name="order", sparse=True),
            IndexModel([("store", 1), ("used_at", 1)], name="store", sparse=True),
            IndexModel([("unsettled_at", 1)], name="unsettled", sparse=True),
            IndexModel(
                [("expires_at", 1)], name="expiry", partialFilterExpression={"state": VoucherState.ISSUED.value}
            ),
            IndexModel(
                [("leased_until", 1)], name="lease", partialFilterExpression={"state": VoucherState.RESERVED.value}
            ),
        ]


def row_of(voucher: Voucher, places: Collection[UUID]) -> Row:
    """Make the row of a voucher that comes to be, its personal fields sealed."""
    cost = voucher.cost
    row: Row = {
        "_id": voucher.id,
        "profile_id": voucher.profile_id,
        "code": voucher.code,
        "reward": voucher.reward.name,
        "version": voucher.reward.number,
        "program": cost.program if cost else None,
        "wallet": cost.wallet if cost else None,
        "points": cost.points if cost else 0,
        "state": voucher.state.value,
        "cause": voucher.cause,
        "issued_at": voucher.issued_at,
        "expires_at": voucher.expires_at,
        "places": list(places),
        "unsettled_at": voucher.issued_at,
    }
    return seal.shut(VoucherDocument, row)


def voucher_of(sealed: Mapping[str, Any]) -> Voucher:
    """Make a voucher of its row."""
    row = seal.opened(VoucherDocument, sealed)
    order = row.get("order")
    return Voucher(
        id=row["_id"],
        code=row.get("code") or "",
        profile_id=row["profile_id"],
        reward=Version(row["reward"], row["version"]),
        cost=Cost(row["program"], row["wallet"], row["points"]) if row["points"] else None,
        state=VoucherState(row["state"]),
        issued_at=row["issued_at"],
        expires_at=row["expires_at"],
        cause=row["cause"],
        order=Order(order["source"], order["order_id"]) if order else None,
        store=row.get("store"),
        leased_until=row.get("leased_until"),
        used_at=row.get("used_at"),
    )


async def insert(row: Row) -> None:
    """Store a voucher that no points are held for. One that is stored stays as it is."""
    await database.insert_once(VoucherDocument, [row])


async def read(voucher_id: UUID) -> Row | None:
    """Read the row of a voucher, be it in its own collection or still with the posting that it was born with."""
    rows = VoucherDocument.get_pymongo_collection()
    found = await rows.find_one({"_id": voucher_id})
    if found is None and await flushing.born(voucher_id):
        found = await rows.find_one({"_id": voucher_id})
    return found


async def change(voucher_id: UUID, where: Row, changes: Row) -> Row | None:
    """Change a voucher by compare-and-set. None: it is not as `where` says.

    Returns:
        The row as it is then.
    """
    rows = VoucherDocument.get_pymongo_collection()
    return await rows.find_one_and_update({"_id": voucher_id, **where}, changes, return_document=ReturnDocument.AFTER)


async def move(where: Row, state: VoucherState, *, limit: int, now: datetime) -> int:
    """Bring some of the vouchers that are as `where` says into a state. Tell how many there were."""
    rows = VoucherDocument.get_pymongo_collection()
    found = [row["_id"] async for row in rows.find(where, {"_id": 1}).limit(limit)]
    changes = {"$set": {"state": state.value, "unsettled_at": now}}
    await rows.update_many({"_id": {"$in": found}, **where}, changes)
    return len(found)


async def usable(reward: str, owners: Collection[UUID], *, limit: int) -> list[Row]:
    """Read the vouchers of a reward that these can use, the newest first, those still in outboxes among them."""
    await flushing.flush(owners)
    wanted = {"profile_id": {"$in": list(owners)}, "reward": reward, "state": VoucherState.ISSUED.value}
    found = VoucherDocument.get_pymongo_collection().find(wanted).sort([("issued_at", -1), ("_id", -1)])
    return await found.limit(limit).to_list()


async def open_counts(owners: Collection[UUID], *, now: datetime) -> dict[UUID, int]:
    """Count the vouchers of each owner that can still be used or are reserved, those still in outboxes among them."""
    await flushing.flush(owners)
    reserved = {"state": VoucherState.RESERVED.value, "leased_until": {"$gt": now}}
    # A lease that is over leaves an issued voucher behind, which nobody may have looked at since.
    states = [VoucherState.ISSUED.value, VoucherState.RESERVED.value]
    usable = {"state": {"$in": states}, "expires_at": {"$gt": now}}
    stages: list[Row] = [
        {"$match": {"profile_id": {"$in": list(owners)}, "$or": [usable, reserved]}},
        {"$group": {"_id": "$profile_id", "count": {"$sum": 1}}},
    ]
    found = await VoucherDocument.get_pymongo_collection().aggregate(stages)
    return {row["_id"]: row["count"] async for row in found}


async def held(rewards: Collection[str], owners: Collection[UUID]) -> frozenset[str]:
    """Tell of which of these rewards somebody has a voucher, be it used or not."""
    await flushing.flush(owners)
    states = [VoucherState.ISSUED.value, VoucherState.RESERVED.value, VoucherState.USED.value]
    wanted = {"profile_id": {"$in": list(owners)}, "reward": {"$in": list(rewards)}, "state": {"$in": states}}
    return frozenset(await VoucherDocument.get_pymongo_collection().distinct("reward", wanted))


async def lapsed(limit: int, *, now: datetime) -> list[Row]:
    """Read vouchers that an order has reserved and did not pay for in time."""
    wanted = {"state": VoucherState.RESERVED.value, "leased_until": {"$lte": now}}
    return await VoucherDocument.get_pymongo_collection().find(wanted).limit(limit).to_list()


async def unsettled(limit: int, *, before: datetime) -> list[Row]:
    """Read vouchers from whose state something follows that is not done, the oldest change first."""
    found = VoucherDocument.get_pymongo_collection().find({"unsettled_at": {"$lte": before}})
    return await found.sort("unsettled_at", 1).limit(limit).to_list()


async def settled(rows: Sequence[Row]) -> None:
    """Say that all is done that follows from these rows, where they are still as they were read."""
    changes = [
        UpdateOne(
            {"_id": row["_id"], "state": row["state"], "unsettled_at": row["unsettled_at"]},
            {"$unset": {"unsettled_at": ""}},
        )
        for row in rows
    ]
    if changes:
        await VoucherDocument.get_pymongo_collection().bulk_write(changes, ordered=False)


async def put_off(rows: Sequence[Row], until: datetime) -> None:
    """Look at these again later."""
    wanted = {"_id": {"$in": [row["_id"] for row in rows]}, "unsettled_at": {"$ne": None}}
    await VoucherDocument.get_pymongo_collection().update_many(wanted, {"$set": {"unsettled_at": until}})


async def with_places(pairs: Collection[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Tell of pairs of vouchers and documents of places which of them the vouchers say that they have."""
    wanted = {"_id": {"$in": [who for who, _ in pairs]}}
    found = VoucherDocument.get_pymongo_collection().find(wanted, {"places": 1})
    return {(row["_id"], place) async for row in found for place in row["places"]}


async def with_vouchers(named: Collection[Order]) -> set[Order]:
    """Tell which of these orders have a voucher, or took one that was not given back since."""
    if not named:
        return set()
    states = [VoucherState.RESERVED.value, VoucherState.USED.value]
    wanted = {"order.order_id": {"$in": [it.order_id for it in named]}, "state": {"$in": states}}
    found = VoucherDocument.get_pymongo_collection().find(wanted, {"order": 1})
    return {Order(row["order"]["source"], row["order"]["order_id"]) async for row in found}.intersection(named)


async def of_order(order: Order) -> list[Row]:
    """Read the vouchers that an order has or took."""
    wanted = {"order.source": order.source, "order.order_id": order.order_id}
    return await VoucherDocument.get_pymongo_collection().find(wanted).to_list()


async def of_store(store: str, since: datetime, until: datetime) -> list[Voucher]:
    """Read the vouchers that were used in a store within a time, the earliest first, also if reversed since."""
    wanted = {"store": store, "used_at": {"$gte": since, "$lt": until}}
    found = VoucherDocument.get_pymongo_collection().find(wanted).sort("used_at", 1)
    return [voucher_of(row) async for row in found]


async def pages(
    owners: Collection[OwnIds], wanted: Span, *, where: Mapping[str, Any] = EVERY_ROW
) -> dict[OwnIds, Page[Row]]:
    """Read the same page of each of these owners' vouchers, newest first, those still in outboxes among them."""
    await flushing.flush({it for own in owners for it in own})
    return await database.pages(VoucherDocument, owners, wanted, by="issued_at", where=where)
