"""Carts: what somebody has put together and not bought yet, made of events that may come in any order and twice.

A cart is the set of its changes since the last time it was seen whole. Changes are put in order by when they happened,
so that whoever has heard the same events has the same cart; joining two carts in any order gives the same one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Any, Final, TypeAlias
from uuid import UUID

from hub.commerce.catalogue import Product, ProductStatus, Variant
from hub.commerce.checks import LONGEST_ID, LONGEST_URL
from hub.events.model import Event
from hub.kit import ids, money
from hub.kit.money import BadMoney, Money
from hub.profiles.consent import DEFAULT_BRAND

ONLY_CART: Final = "cart"
"""The id of the cart of a shop that names none: each customer has one."""

CART_UPDATED: Final = "Cart Updated"
MOST_LINES: Final = 200
MOST_QUANTITY: Final = 100_000
MOST_CHANGES: Final = 200
"""How many changes are kept one by one; of more, the oldest become what the cart was after them."""

Place: TypeAlias = tuple[datetime, UUID]
"""Where a change stands in the order of all: when it happened, and of two at the same time by event."""


class ChangeKind(StrEnum):
    """What an event does to a cart."""

    ADD = "add"
    REMOVE = "remove"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class CartLine:
    """So many pieces of one thing. `price` is that of one piece, as the shop said or the catalogue says."""

    sku: str
    quantity: int
    product_id: str | None = None
    name: str | None = None
    variant: str | None = None
    price: Money | None = None
    url: str | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What one event does. `WHOLE` says all that is in the cart; `REMOVE` with quantity 0 takes out every piece."""

    at: datetime
    event_id: UUID
    kind: ChangeKind
    lines: tuple[CartLine, ...]

    @property
    def place(self) -> Place:
        """Where it stands among all changes."""
        return self.at, self.event_id


@dataclass(frozen=True, slots=True)
class Cart:
    """A cart of a profile. `changes` are in their order; a `WHOLE` stands only at their beginning.

    `used` says that something was put into it at some time: an order empties many a cart that nobody has ever filled.
    """

    profile_id: UUID
    cart_id: str
    changes: tuple[Change, ...] = ()
    used: bool = False
    rev: int = field(default=0, compare=False)

    @property
    def id(self) -> UUID:
        """The key of its document."""
        return ids.key_of("cart", self.profile_id, self.cart_id)

    @property
    def changed_at(self) -> datetime | None:
        """When it was last changed."""
        return self.changes[-1].at if self.changes else None

    def joined(self, changes: Sequence[Change]) -> "Cart":
        """Take in changes, in whatever order and however often they come."""
        used = self.used or any(it.lines for it in changes)
        # What a whole cart was made of is in it: of the same event, that one stands.
        every = sorted((*changes, *self.changes), key=lambda it: it.kind is ChangeKind.WHOLE)
        ordered = sorted({it.event_id: it for it in every}.values(), key=lambda it: it.place)
        begin = max((place for place, it in enumerate(ordered) if it.kind is ChangeKind.WHOLE), default=0)
        kept = ordered[begin:]
        if len(kept) > MOST_CHANGES:
            # Half of them, so that not each of the next ones has to do it again.
            old, kept = kept[: -MOST_CHANGES // 2], kept[-MOST_CHANGES // 2 :]
            kept = [replace(old[-1], kind=ChangeKind.WHOLE, lines=_folded(old)), *kept]
        return replace(self, changes=tuple(kept), used=used)

    def has(self, event_id: UUID) -> bool:
        """Tell whether an event still counts, and is not older than when the cart was last seen whole."""
        return any(it.event_id == event_id for it in self.changes)

    def lines(self, products: Mapping[str, Product]) -> tuple[CartLine, ...]:
        """List what is in it, at the prices of the catalogue where that knows them. `products` are by sku."""
        return priced(_folded(self.changes), products)


def priced(
    lines: Iterable[CartLine],
    products: Mapping[str, Product],
    currency: str | None = None,
    brand: str = DEFAULT_BRAND,
) -> tuple[CartLine, ...]:
    """Give lines the prices of the catalogue where that has them, in one currency or in that of each line.

    Where the catalogue has none the shop's own price stays, if it is in that currency. `products` are by sku.
    """
    return tuple(_repriced(it, products.get(it.sku), currency, brand) for it in lines)


def value_of(lines: Sequence[CartLine]) -> Money | None:
    """Add up lines. None where nothing has a price, or prices are in several currencies."""
    priced = [Money(it.price.minor * it.quantity, it.price.currency) for it in lines if it.price]
    if not priced or len({it.currency for it in priced}) > 1:
        return None
    return reduce(Money.__add__, priced)


def together(carts: Iterable[Cart]) -> list[Cart]:
    """Join the carts of one person that have the same id; the one changed last stands for each, and stands first."""
    by_id: dict[str, Cart] = {}
    for cart in sorted(carts, key=lambda it: [change.place for change in it.changes[-1:]], reverse=True):
        known = by_id.get(cart.cart_id)
        by_id[cart.cart_id] = replace(known.joined(cart.changes), used=known.used or cart.used) if known else cart
    return list(by_id.values())


def read(event: Event) -> tuple[str, Change] | None:
    """Tell what an event does to which cart; None where it does nothing, or cannot be understood.

    `Product Added` and `Product Removed` name one thing and how many pieces (1, and all). `Cart Viewed` says what is in
    the cart if it has `products`. `Order Completed` empties it, but one from a till, which knows of no cart.
    """
    said = event.properties
    cart_id = _id(said, "cart_id") if "cart_id" in said else ONLY_CART
    if cart_id is None:
        return None
    match event.name:
        case "Product Added":
            kind, lines = ChangeKind.ADD, _lines([said], said, unsaid=1)
        case "Product Removed":
            kind, lines = ChangeKind.REMOVE, _lines([said], said, unsaid=0)
        case "Cart Viewed" if isinstance(said.get("products"), list):
            kind, lines = ChangeKind.WHOLE, _lines(said["products"][:MOST_LINES], said, unsaid=1)
            return cart_id, Change(event.at, event.id, kind, lines)
        case "Order Completed" if "cart_id" in said or said.get("channel") != "pos":
            return cart_id, Change(event.at, event.id, ChangeKind.WHOLE, ())
        case _:
            return None
    return (cart_id, Change(event.at, event.id, kind, lines)) if lines else None


def announced(cart: Cart, lines: Sequence[CartLine]) -> dict[str, Any]:
    """Say what a cart holds, in the words of Segment's e-commerce events: amounts are numbers."""
    value = value_of(lines)
    return {
        "cart_id": cart.cart_id,
        "item_count": sum(it.quantity for it in lines),
        **({"value": float(value.amount), "currency": value.currency} if value else {}),
        "products": [_product(it) for it in lines],
    }


def _product(line: CartLine) -> dict[str, Any]:
    said = {
        "sku": line.sku,
        "product_id": line.product_id,
        "name": line.name,
        "variant": line.variant,
        "quantity": line.quantity,
        "price": float(line.price.amount) if line.price else None,
        "currency": line.price.currency if line.price else None,
        "url": line.url,
        "image_url": line.image_url,
    }
    return {name: value for name, value in said.items() if value is not None}


def _folded(changes: Sequence[Change]) -> tuple[CartLine, ...]:
    lines: dict[str, CartLine] = {}
    for change in changes:
        if change.kind is ChangeKind.WHOLE:
            lines = {}
        for line in change.lines:
            standing = lines[line.sku].quantity if line.sku in lines else 0
            if change.kind is ChangeKind.REMOVE:
                left = max(0, standing - line.quantity) if line.quantity else 0
                line = replace(lines.get(line.sku, line), quantity=left)  # noqa: PLW2901 - the same line, fewer pieces
            else:
                line = replace(line, quantity=min(standing + line.quantity, MOST_QUANTITY))  # noqa: PLW2901 - as above
            lines[line.sku] = line
    return tuple(it for it in lines.values() if it.quantity > 0)[:MOST_LINES]


def _repriced(line: CartLine, product: Product | None, currency: str | None, brand: str) -> CartLine:
    said = line.price if line.price and currency in {None, line.price.currency} else None
    variant = product.variant(line.sku) if product and product.status is ProductStatus.ACTIVE else None
    if product is None or variant is None:
        return replace(line, price=said)
    known = variant.price(currency or _currency_of(line, variant), brand)
    return replace(line, product_id=product.product_id, price=known.price if known else said)


def _currency_of(line: CartLine, variant: Variant) -> str:
    """Choose the currency of a line: that of the shop's price, else the only one in which the catalogue has one."""
    known = {it.price.currency for it in variant.prices}
    return line.price.currency if line.price else next(iter(known)) if len(known) == 1 else ""


def _lines(said: Sequence[Any], around: Mapping[str, Any], *, unsaid: int) -> tuple[CartLine, ...]:
    lines = (_line(it, around.get("currency"), unsaid) for it in said if isinstance(it, Mapping))
    return tuple(it for it in lines if it is not None)


def _line(said: Mapping[str, Any], currency: object, unsaid: int) -> CartLine | None:
    product_id = _id(said, "product_id")
    sku = _id(said, "sku") or product_id
    quantity = _quantity(said.get("quantity"), unsaid)
    if sku is None or quantity is None:
        return None
    return CartLine(
        sku=sku,
        quantity=quantity,
        product_id=product_id,
        name=_text(said, "name"),
        variant=_text(said, "variant"),
        price=_price(said.get("price"), said.get("currency", currency)),
        url=_text(said, "url", LONGEST_URL),
        image_url=_text(said, "image_url", LONGEST_URL),
    )


def _id(said: Mapping[str, Any], name: str) -> str | None:
    """Read an id: text, or a whole number, as many shops have them; the same as in an order."""
    value = said.get(name)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(said, name)


def _text(said: Mapping[str, Any], name: str, longest: int = LONGEST_ID) -> str | None:
    value = said.get(name)
    return value if isinstance(value, str) and 1 <= len(value) <= longest else None


def _quantity(said: object, unsaid: int) -> int | None:
    """Read how many pieces, which some shops send as text; None where that cannot be."""
    if said is None:
        return unsaid
    if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) <= len(str(MOST_QUANTITY)):
        said = int(said)
    if isinstance(said, bool) or not isinstance(said, int | float) or said != said // 1:
        return None
    return int(said) if 1 <= said <= MOST_QUANTITY else None


def _price(said: object, currency: object) -> Money | None:
    """Read a price. An amount without a currency is no money."""
    if said is None or currency is None:
        return None
    try:
        price = Money.of(said, money.currency_of(currency))
    except BadMoney:
        return None
    return price if price.minor >= 0 else None
