"""Carts in MongoDB, and how events become carts: one document for each customer and cart."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from pymongo import IndexModel, UpdateOne

from hub import database, seal
from hub.commerce import carts, products
from hub.commerce.carts import Cart, CartLine, Change, ChangeKind
from hub.database import Keyed, OwnIds, Row, insert_once
from hub.events.announcing import Announcement, announce
from hub.events.model import Event
from hub.kit.money import Money
from hub.kit.pages import Span
from hub.profiles.model import Profile
from hub.seal import Personal

MOST_CARTS: Final = 100
"""How many carts of a customer are looked at: those changed last."""


class CartDocument(Keyed):
    """A cart at rest. `_id` is made of profile and cart id."""

    profile_id: UUID
    cart_id: str
    changes: list[dict[str, Any]]
    changed_at: datetime
    used: bool
    rev: int

    class Settings:
        """Where carts lie and how they are found."""

        name = "carts"
        personal = Personal("profile_id", ("changes",))
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("profile_id", 1), ("changed_at", -1), ("_id", -1)], name="profile")
        ]


async def note(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Bring events into the carts they are about, and announce each cart that changed: a projection of the intake.

    Repeating it changes nothing, and so does doing it twice at the same time: a cart is joined, never replaced.
    """
    heard: defaultdict[tuple[UUID, str], list[Change]] = defaultdict(list)
    for event in events:
        said = carts.read(event)
        if said and event.profile_id is not None:
            heard[event.profile_id, said[0]].append(said[1])
    if not heard:
        return
    # A cart may lie under several profiles of a person who was two before, and is all of them together.
    every = {key: [(own, key[1]) for own in profiles[key[0]].own_ids] for key in heard}
    while True:
        standing = await _at({place for places in every.values() for place in places})
        wanted = {key: standing.get(key, Cart(*key)).joined(changes) for key, changes in heard.items()}
        # Whoever was faster with one of them: the next look takes in what they wrote.
        if await _save([cart for key, cart in wanted.items() if cart != standing.get(key)]):
            break
    known = {**standing, **wanted}
    updates = []
    for key, changes in heard.items():
        (cart,) = carts.together(known[place] for place in every[key] if place in known)
        # An event that came after a later one had shown the whole cart has changed nothing.
        counted = [it for it in changes if cart.has(it.event_id)]
        if counted and cart.used:
            updates.append((replace(cart, profile_id=key[0]), max(counted, key=lambda it: it.place)))
    await _announce(updates, now=now)


async def of_people(owners: Collection[OwnIds]) -> dict[OwnIds, list[Cart]]:
    """Read the carts of customers, each joined over all of the customer's profiles, the one changed last first."""
    found = await database.pages(CartDocument, owners, Span(MOST_CARTS), by="changed_at")
    return {owner: carts.together(_cart_of(row) for _, row in page.rows) for owner, page in found.items()}


async def load(ids: Collection[UUID]) -> dict[UUID, Cart]:
    """Read carts as they lie, each under its profile. Those that do not exist are left out."""
    found = CartDocument.get_pymongo_collection().find({"_id": {"$in": list(ids)}})
    return {row["_id"]: _cart_of(row) async for row in found}


async def _announce(updates: Sequence[tuple[Cart, Change]], *, now: datetime) -> None:
    catalogue = await products.by_sku({line.sku for cart, _ in updates for line in cart.lines({})})
    await announce(
        [
            Announcement(
                name=carts.CART_UPDATED,
                profile_id=cart.profile_id,
                cause=str(newest.event_id),
                at=newest.at,
                properties=carts.announced(cart, cart.lines(catalogue)),
            )
            for cart, newest in updates
        ],
        now=now,
    )


async def _at(places: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], Cart]:
    return {(it.profile_id, it.cart_id): it for it in (await load([Cart(*place).id for place in places])).values()}


async def _save(changed: Sequence[Cart]) -> bool:
    """Write carts as decided, each only where its `rev` is still the one that was read. False: some were not."""
    # Most carts are new, and an insert costs a third of an upsert.
    taken = await insert_once(CartDocument, [{"_id": it.id, **_row_of(it)} for it in changed if it.rev == 0])
    updates = [UpdateOne({"_id": it.id, "rev": it.rev}, {"$set": _row_of(it)}) for it in changed if it.rev]
    if not updates:
        return not taken
    written = await CartDocument.get_pymongo_collection().bulk_write(updates, ordered=False)
    return not taken and written.matched_count == len(updates)


def _row_of(cart: Cart) -> Row:
    row: Row = {
        "profile_id": cart.profile_id,
        "cart_id": cart.cart_id,
        "changes": [
            {
                "at": it.at,
                "event_id": it.event_id,
                "kind": it.kind.value,
                "lines": [_line_row(line) for line in it.lines],
            }
            for it in cart.changes
        ],
        "changed_at": cart.changed_at,
        "used": cart.used,
        "rev": cart.rev + 1,
    }
    return seal.shut(CartDocument, row)


def _line_row(line: CartLine) -> Row:
    said = {
        "sku": line.sku,
        "quantity": line.quantity,
        "product_id": line.product_id,
        "name": line.name,
        "variant": line.variant,
        "minor": line.price and line.price.minor,
        "currency": line.price and line.price.currency,
        "url": line.url,
        "image_url": line.image_url,
    }
    return {name: value for name, value in said.items() if value is not None}


def _cart_of(sealed: Mapping[str, Any]) -> Cart:
    row = seal.opened(CartDocument, sealed)
    changes = tuple(
        Change(it["at"], it["event_id"], ChangeKind(it["kind"]), tuple(_line_of(line) for line in it["lines"]))
        for it in row["changes"]
    )
    return Cart(row["profile_id"], row["cart_id"], changes, used=row["used"], rev=row["rev"])


def _line_of(row: Mapping[str, Any]) -> CartLine:
    said = {name: value for name, value in row.items() if name not in {"minor", "currency"}}
    return CartLine(**said, price=Money(row["minor"], row["currency"]) if "minor" in row else None)
