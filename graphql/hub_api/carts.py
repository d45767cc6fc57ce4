"""Carts: what a customer has put together and not bought yet."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from hub.access.model import Scope
from hub.commerce import carts, carts_store, products
from hub.commerce.catalogue import Product as CatalogueProduct
from hub.database import OwnIds
from hub_api.context import Info
from hub_api.money import Money
from hub_api.needs import Needs
from hub_api.products import Product


@strawberry.type
class CartLine:
    """So many pieces of one thing."""

    line: strawberry.Private[carts.CartLine]
    sku: str = strawberry.field(description="The variant.")
    quantity: int = strawberry.field(description="How many pieces.")
    name: str | None = strawberry.field(description="What the shop called it when it was put in.")
    price: Money | None = strawberry.field(description="Of one piece: as the catalogue says, else as the shop said.")

    @classmethod
    def of(cls, line: carts.CartLine) -> Self:
        """Show a line."""
        price = Money.of(line.price) if line.price else None
        return cls(line=line, sku=line.sku, quantity=line.quantity, name=line.name, price=price)

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def product(self, info: Info) -> Product | None:
        """What the catalogue says of it today."""
        found = await info.context.loaders.one(products.by_sku, self.sku)
        return Product.seen(found, info.context.caller)


@strawberry.type
class Cart:
    """A cart of a customer."""

    profile_id: strawberry.Private[UUID]
    cart_id: str = strawberry.field(description="Its name in the shop; `cart` where the shop names none.")
    changed_at: datetime | None = strawberry.field(description="When something was last put in or taken out.")
    item_count: int = strawberry.field(description="How many pieces are in it.")
    value: Money | None = strawberry.field(description="What they cost; none without prices, or in two currencies.")
    lines: list[CartLine] = strawberry.field(description="What is in it.")

    @classmethod
    def of(cls, cart: carts.Cart, catalogue: Mapping[str, CatalogueProduct], profile_id: UUID) -> Self:
        """Show a cart of a customer at the prices of the catalogue."""
        lines = cart.lines(catalogue)
        value = carts.value_of(lines)
        return cls(
            profile_id=profile_id,
            cart_id=cart.cart_id,
            changed_at=cart.changed_at,
            item_count=sum(it.quantity for it in lines),
            value=Money.of(value) if value else None,
            lines=[CartLine.of(it) for it in lines],
        )


async def carts_of(info: Info, own_ids: OwnIds) -> list[Cart]:
    """Show the carts of a customer, the one changed last first."""
    loaders = info.context.loaders
    found = await loaders.one(carts_store.of_people, own_ids) or []
    skus = sorted({line.sku for cart in found for line in cart.lines({})})
    known = await asyncio.gather(*(loaders.one(products.by_sku, sku) for sku in skus))
    catalogue = {sku: product for sku, product in zip(skus, known, strict=True) if product}
    return [Cart.of(it, catalogue, own_ids[0]) for it in found]
