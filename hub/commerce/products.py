"""Products in MongoDB: one document each, with all of its variants and prices."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pymongo import IndexModel

from hub import database
from hub.access.model import Caller
from hub.commerce import catalogue, checks, newest
from hub.commerce.catalogue import Price, Product, ProductStatus, Variant
from hub.commerce.newest import Kept
from hub.database import Keyed, Row
from hub.kit.money import Money
from hub.kit.pages import Page, Span


class ProductDocument(Keyed):
    """A product at rest, whole: `_id` is made of its id."""

    product_id: str
    names: dict[str, str]
    status: ProductStatus
    category: str | None
    image_url: str | None
    variants: list[dict[str, Any]]
    updated_at: datetime
    digest: str

    class Settings:
        """Where products lie and how they are found."""

        name = "products"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("variants.sku", 1), ("updated_at", -1), ("_id", 1)], name="sku"),
            IndexModel([("updated_at", -1), ("_id", -1)], name="newest"),
            IndexModel([("category", 1), ("updated_at", -1), ("_id", -1)], name="category"),
        ]


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """Which products are wanted; None asks nothing. Without `drafts`, those that are sold or were."""

    category: str | None = None
    brand: str | None = None
    status: ProductStatus | None = None
    drafts: bool = True


async def upsert(caller: Caller, products: Sequence[Product], *, now: datetime) -> Kept:
    """Store new versions of products, each whole, unless a newer one is stored. Repeating it changes nothing.

    Args:
        caller: who does it; one who is limited to brands changes only products that no other brand has a price for.
        products: at most 500.
        now: no version may be newer than this.

    Raises:
        BadCommerce: one of them cannot be; then none is stored.
        OutOfReach: one of them, as given or as stored, is another brand's too.
    """
    checks.check_count("products", products)
    catalogue.check(products)
    checks.check_times("products", (it.updated_at for it in products), now=now)
    if caller.brands or caller.stores:
        stored = await load([it.product_id for it in products])
        for product in (*products, *stored.values()):
            checks.check_reach(caller, brands=product.brands, stores=())
    return await newest.keep(ProductDocument, [_row_of(it) for it in products], name="product_id")


async def load(product_ids: Collection[str]) -> dict[str, Product]:
    """Read products by their own ids. Those that do not exist are left out."""
    if not product_ids:
        return {}
    return {it.product_id: it for it in (await under([catalogue.id_of(it) for it in product_ids])).values()}


async def under(keys: Collection[UUID]) -> dict[UUID, Product]:
    """Read products by the keys of their documents. Those that do not exist are left out."""
    found = ProductDocument.get_pymongo_collection().find({"_id": {"$in": list(keys)}})
    return {row["_id"]: _product_of(row) async for row in found}


async def by_sku(skus: Collection[str]) -> dict[str, Product]:
    """Read the products that have these variants; of two that claim the same sku, the one changed last."""
    if not skus:
        return {}
    found = ProductDocument.get_pymongo_collection().find({"variants.sku": {"$in": list(skus)}})
    products = [_product_of(row) async for row in found.sort([("updated_at", 1), ("_id", -1)])]
    wanted = set(skus)
    return {it.sku: product for product in products for it in product.variants if it.sku in wanted}


async def page(wanted: Span, *, only: ProductFilter) -> Page[Product]:
    """Read a page of products, the one changed last first."""
    asked = {
        "category": only.category,
        "variants.prices.brand": only.brand,
        "status": only.status and only.status.value,
    }
    where: Row = {name: value for name, value in asked.items() if value is not None}
    if not only.drafts:
        where = {"$and": [where, {"status": {"$ne": ProductStatus.DRAFT.value}}]}
    rows = await database.page(ProductDocument, wanted, by="updated_at", where=where)
    return rows.each(_product_of)


def _row_of(product: Product) -> Row:
    return {
        "_id": product.id,
        "product_id": product.product_id,
        "names": dict(product.names),
        "status": product.status.value,
        "category": product.category,
        "image_url": product.image_url,
        "variants": [_variant_row(it) for it in product.variants],
        "updated_at": product.updated_at,
    }


def _variant_row(variant: Variant) -> Row:
    return {
        "sku": variant.sku,
        "names": dict(variant.names),
        "weight_grams": variant.weight_grams,
        "prices": [
            {
                "brand": it.brand,
                "currency": it.price.currency,
                "minor": it.price.minor,
                "compare_at_minor": it.compare_at.minor if it.compare_at else None,
            }
            for it in variant.prices
        ],
    }


def _product_of(row: Mapping[str, Any]) -> Product:
    return Product(
        product_id=row["product_id"],
        names=row["names"],
        status=ProductStatus(row["status"]),
        category=row["category"],
        image_url=row["image_url"],
        variants=tuple(
            Variant(
                sku=it["sku"],
                names=it["names"],
                weight_grams=it["weight_grams"],
                prices=tuple(_price_of(price) for price in it["prices"]),
            )
            for it in row["variants"]
        ),
        updated_at=row["updated_at"],
    )


def _price_of(row: Mapping[str, Any]) -> Price:
    former = row["compare_at_minor"]
    return Price(
        price=Money(row["minor"], row["currency"]),
        brand=row["brand"],
        compare_at=None if former is None else Money(former, row["currency"]),
    )
