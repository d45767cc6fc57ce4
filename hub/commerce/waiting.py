"""Who waits for a variant that is sold out, and how they hear that it is back: the first n of them for n pieces.

The choice is saved in the stock's document before anybody is told, and everybody who tells reads it from there: so no
crash and no rival tells more people than there are pieces, or one of them twice.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

import structlog
from pymongo import IndexModel, UpdateOne
from pymongo.errors import PyMongoError

from hub.commerce import checks, products, stock
from hub.commerce.stock import Chosen, Restock, Stock
from hub.database import Keyed, insert_once
from hub.events.announcing import Announcement, announce
from hub.events.model import Event
from hub.kit import ids
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.seal import Personal

log = structlog.get_logger(__name__)

BACK_IN_STOCK: Final = "Back In Stock"
REQUESTED: Final = "Back In Stock Requested"
AT_ONCE: Final = 500
EVERY_SECONDS: Final = 15.0


class WishDocument(Keyed):
    """A wish: a profile and a variant. `asked_by` names the latest asking, which is answered once."""

    profile_id: UUID
    sku: str
    asked_by: UUID
    since: datetime
    waiting: bool

    class Settings:
        """Where wishes lie and how the oldest that wait are found."""

        name = "wishes"
        personal = Personal("profile_id", ())
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel(
                [("sku", 1), ("since", 1), ("_id", 1)], name="waiting", partialFilterExpression={"waiting": True}
            ),
            IndexModel([("profile_id", 1)], name="profile"),
        ]


@dataclass(frozen=True, slots=True)
class Wish:
    """That a customer wants to hear when a variant is back. `asked_by` is what they asked with: an event, a key."""

    profile_id: UUID
    sku: str
    asked_by: UUID
    since: datetime

    @property
    def id(self) -> UUID:
        """The key of its document: who waits already keeps their place."""
        return ids.key_of("wish", self.profile_id, self.sku)


async def ask(wishes: Sequence[Wish]) -> None:
    """Let customers wait. One who waits already keeps their place; one who was told waits anew."""
    rows = [
        {
            "_id": it.id,
            "profile_id": it.profile_id,
            "sku": it.sku,
            "asked_by": it.asked_by,
            "since": it.since,
            "waiting": True,
        }
        for it in {it.id: it for it in reversed(wishes)}.values()
    ]
    known = await insert_once(WishDocument, rows)
    if known:
        # The same asking, heard again after it was answered, is no new one.
        again = [
            UpdateOne(
                {"_id": rows[place]["_id"], "waiting": False, "asked_by": {"$ne": rows[place]["asked_by"]}},
                {"$set": rows[place]},
            )
            for place in sorted(known)
        ]
        await WishDocument.get_pymongo_collection().bulk_write(again, ordered=False)


async def note(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Let those wait whose events ask for it: a projection of the intake."""
    del profiles, now
    wishes = [
        Wish(event.profile_id, sku, event.id, event.at)
        for event in events
        if event.name == REQUESTED and event.profile_id is not None
        if isinstance(sku := event.properties.get("sku"), str) and 1 <= len(sku) <= checks.LONGEST_ID
    ]
    if wishes:
        await ask(wishes)


async def tell(skus: Sequence[str], *, now: datetime) -> None:
    """Tell those who wait for variants that came back, until nobody waits or no piece is left. It may be repeated."""
    for sku in skus:
        while (found := (await stock.load([sku])).get(sku)) and found.restock:
            # Each step is saved at the revision that was read: whoever was faster, the next look goes on from there.
            if found.restock.chosen:
                await _announce(found, found.restock, now)
                await stock.save([replace(found, restock=_told(found.restock))])
            else:
                chosen = await _first_waiting(sku, found.restock.left)
                restock = replace(found.restock, chosen=chosen) if chosen else None
                await stock.save([replace(found, restock=restock)])


async def sweep(*, now: datetime) -> None:
    """Finish what somebody began to tell and did not end."""
    await tell(await stock.restocked(AT_ONCE), now=now)


async def keep(clock: Callable[[], datetime]) -> None:
    """Until cancelled, finish what somebody began to tell: a loop beside the router."""
    while True:
        try:
            await sweep(now=clock())
        except PyMongoError as error:
            log.warning("back_in_stock_waits_for_database", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


async def _first_waiting(sku: str, pieces: int) -> tuple[Chosen, ...]:
    """Choose whose turn it is: one piece for each customer, under however many profiles they asked."""
    found = WishDocument.get_pymongo_collection().find({"sku": sku, "waiting": True})
    rows = await found.sort([("since", 1), ("_id", 1)]).limit(AT_ONCE).to_list()
    heads = await profiles_store.heads({row["profile_id"] for row in rows})
    customers: set[UUID] = set()
    chosen: list[Chosen] = []
    for row in rows:
        head = heads.get(row["profile_id"])
        if head and head.id not in customers and len(customers) == pieces:
            break
        if head:
            customers.add(head.id)
        chosen.append(Chosen(row["_id"], row["asked_by"], head.id if head else None))
    return tuple(chosen)


async def _announce(found: Stock, restock: Restock, now: datetime) -> None:
    product = (await products.by_sku([found.sku])).get(found.sku)
    properties = {"sku": found.sku, "on_hand": found.total, **({"product_id": product.product_id} if product else {})}
    customers = dict.fromkeys(it.profile_id for it in restock.chosen if it.profile_id is not None)
    cause = f"{found.sku}/{restock.number}"
    await announce([Announcement(BACK_IN_STOCK, it, cause, now, properties) for it in customers], now=now)
    answered = [
        UpdateOne({"_id": it.wish_id, "asked_by": it.asked_by}, {"$set": {"waiting": False}}) for it in restock.chosen
    ]
    await WishDocument.get_pymongo_collection().bulk_write(answered, ordered=False)


def _told(restock: Restock) -> Restock | None:
    customers = {it.profile_id for it in restock.chosen} - {None}
    left = restock.left - len(customers)
    return Restock(restock.number, left) if left > 0 else None
