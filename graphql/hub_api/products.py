"""Products: what is for sale, in every language and currency, and the mutation `upsertProducts`."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Caller, CallerKind, Scope
from hub.commerce import catalogue, products, stock
from hub.commerce.catalogue import ProductStatus
from hub.commerce.checks import BadCommerce, stamped
from hub.kit import money, pages
from hub.profiles.consent import DEFAULT_BRAND
from hub_api.connections import After, Before, Connection, First, Last
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.money import Money
from hub_api.needs import Needs
from hub_api.nodes import Node, global_id
from hub_api.ratings import Reviewed
from hub_api.stock import Availability

Language: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Such as `de-AT`; the nearest there is, if left out in English.")
]
_SEES_DRAFTS = frozenset({CallerKind.STAFF, CallerKind.SERVER})


@strawberry.type
class LocalName:
    """A name in one language."""

    language: str = strawberry.field(description="Such as `de` or `de-AT`.")
    text: str = strawberry.field(description="The name.")

    @classmethod
    def listed(cls, names: Mapping[str, str]) -> list[Self]:
        """Show names by language."""
        return [cls(language=language, text=text) for language, text in sorted(names.items())]


@strawberry.type
class ProductPrice:
    """What one piece costs with one brand."""

    brand: str = strawberry.field(description="Which of the retailer's brands; `default` where there is only one.")
    price: Money = strawberry.field(description="What it costs.")
    compare_at: Money | None = strawberry.field(description="The price that is crossed out beside it.")

    @classmethod
    def of(cls, price: catalogue.Price) -> Self:
        """Show a price."""
        former = Money.of(price.compare_at) if price.compare_at else None
        return cls(brand=price.brand, price=Money.of(price.price), compare_at=former)


@strawberry.type
class ProductVariant:
    """What is put into a cart: a product in one size and colour."""

    variant: strawberry.Private[catalogue.Variant]
    sku: str = strawberry.field(description="Its own name in shop, till and warehouse.")
    names: list[LocalName] = strawberry.field(description="What sets it apart, in every language.")
    prices: list[ProductPrice] = strawberry.field(description="What it costs with each brand in each currency.")
    weight_grams: int | None = strawberry.field(description="What it weighs, packed, in grams.")

    @classmethod
    def of(cls, variant: catalogue.Variant) -> Self:
        """Show a variant."""
        return cls(
            variant=variant,
            sku=variant.sku,
            names=LocalName.listed(variant.names),
            prices=[ProductPrice.of(it) for it in variant.prices],
            weight_grams=variant.weight_grams,
        )

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def name(self, language: Language = None) -> str | None:
        """What sets it apart, in the nearest language."""
        return catalogue.name_in(self.variant.names, language)

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def price(self, currency_code: str, brand: str = DEFAULT_BRAND) -> ProductPrice | None:
        """What it costs in a currency: the brand's own price, else that of the brand `default`."""
        found = self.variant.price(currency_code, brand)
        return ProductPrice.of(found) if found else None

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def availability(self, info: Info) -> Availability:
        """How many pieces there are, and where."""
        return Availability.of(self.sku, await info.context.loaders.one(stock.load, self.sku))


@strawberry.type
class Product(Node, Reviewed):
    """Something that is sold, always whole and of one version."""

    product: strawberry.Private[catalogue.Product]
    product_id: str = strawberry.field(description="Its name in the shop's own systems.")
    names: list[LocalName] = strawberry.field(description="What it is called, in every language.")
    status: ProductStatus = strawberry.field(description="Whether it is sold.")
    category: str | None = strawberry.field(description="Where it belongs.")
    image_url: str | None = strawberry.field(description="A picture of it.")
    variants: list[ProductVariant] = strawberry.field(description="The sizes and colours it comes in.")
    updated_at: datetime = strawberry.field(description="Of which time this version is.")

    @classmethod
    def of(cls, product: catalogue.Product) -> Self:
        """Show a product."""
        return cls(
            id=global_id("Product", product.id),
            product=product,
            product_id=product.product_id,
            names=LocalName.listed(product.names),
            status=product.status,
            category=product.category,
            image_url=product.image_url,
            variants=[ProductVariant.of(it) for it in product.variants],
            updated_at=product.updated_at,
        )

    @classmethod
    def seen(cls, product: catalogue.Product | None, caller: Caller) -> Self | None:
        """Show a product, if there is one and the caller may see it."""
        if product is None or (product.status is ProductStatus.DRAFT and caller.kind not in _SEES_DRAFTS):
            return None
        return cls.of(product)

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def name(self, language: Language = None) -> str | None:
        """What it is called in the nearest language."""
        return catalogue.name_in(self.product.names, language)


@strawberry.input
class ProductFilter:
    """Which products are wanted; what is left out asks nothing."""

    category: str | None = strawberry.field(default=None, description="Of this category.")
    brand: str | None = strawberry.field(default=None, description="With a price of this brand.")
    status: ProductStatus | None = strawberry.field(default=None, description="Whether it is sold.")


class AskForOne(BadCommerce):
    """A product is asked for by two names, or by none."""

    def __init__(self) -> None:
        super().__init__("product", "Ask by `productId` or by `sku`.")


@strawberry.type
class ProductQueries:
    """How products are found. Only staff and servers see drafts."""

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def product(self, info: Info, product_id: str | None = None, sku: str | None = None) -> Product | None:
        """One product, by its own id or by the sku of one of its variants."""
        loaders = info.context.loaders
        if product_id is not None and sku is None:
            found = await loaders.one(products.load, product_id)
        elif sku is not None and product_id is None:
            found = await loaders.one(products.by_sku, sku)
        else:
            raise AskForOne
        return Product.seen(found, info.context.caller)

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def products(
        self,
        info: Info,
        *,
        filter: ProductFilter | None = None,  # noqa: A002 - its name on the wire
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Product]:
        """Products, the one changed last first."""
        asked = filter or ProductFilter()
        only = products.ProductFilter(
            asked.category, asked.brand, asked.status, drafts=info.context.caller.kind in _SEES_DRAFTS
        )
        return Connection.of(await products.page(pages.span(first, after, last, before), only=only), Product.of)


@strawberry.input
class LocalNameInput:
    """A name in one language."""

    language: str = strawberry.field(description="Such as `de` or `de-AT`.")
    text: str = strawberry.field(description="The name.")


@strawberry.input
class ProductPriceInput:
    """What one piece costs with one brand."""

    amount: Decimal = strawberry.field(description="With no more digits than the currency has.")
    currency_code: str = strawberry.field(description="ISO 4217, such as `EUR`.")
    brand: str = strawberry.field(default=DEFAULT_BRAND, description="Which of the retailer's brands.")
    compare_at: Decimal | None = strawberry.field(default=None, description="A higher price, crossed out beside it.")


@strawberry.input
class ProductVariantInput:
    """What is put into a cart."""

    sku: str = strawberry.field(description="Its own name in shop, till and warehouse.")
    names: list[LocalNameInput] = strawberry.field(default_factory=list, description="What sets it apart.")
    prices: list[ProductPriceInput] = strawberry.field(default_factory=list, description="What it costs.")
    weight_grams: int | None = strawberry.field(default=None, description="What it weighs, packed, in grams.")


@strawberry.input
class ProductInput:
    """One version of a product, whole: what is left out is gone."""

    product_id: str = strawberry.field(description="Its name in the shop's own systems.")
    names: list[LocalNameInput] = strawberry.field(description="What it is called, in one language at least.")
    updated_at: datetime = strawberry.field(description="Of which time this version is: the newest stands.")
    variants: list[ProductVariantInput] = strawberry.field(description="1 to 200.")
    status: ProductStatus = strawberry.field(default=ProductStatus.ACTIVE, description="Whether it is sold.")
    category: str | None = strawberry.field(default=None, description="Where it belongs.")
    image_url: str | None = strawberry.field(default=None, description="A picture of it; begins with https://.")


@strawberry.input
class UpsertProductsInput:
    """Versions of up to 500 products."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    products: list[ProductInput] = strawberry.field(description="1 to 500.")


@strawberry.type
class UpsertProductsPayload:
    """The products are stored; whoever reads one from now on sees this version of it or a newer one."""

    upserted: list[str] = strawberry.field(description="The ids of those that stand as they were given.")
    outdated: list[str] = strawberry.field(description="The ids of those of which a newer version is stored.")


UpsertProductsResult: TypeAlias = Annotated[
    UpsertProductsPayload | IdempotencyKeyReused,
    strawberry.union("UpsertProductsResult", description="What became of `upsertProducts`."),
]


@strawberry.type
class ProductMutations:
    """What changes products."""

    @strawberry.mutation(extensions=[Needs(Scope.COMMERCE_WRITE)])
    async def upsert_products(
        self,
        info: Info,
        input: UpsertProductsInput,  # noqa: A002 - its name on the wire
    ) -> UpsertProductsResult:
        """Store versions of products, each whole. The newest wins, in whatever order they arrive."""
        context = info.context

        async def do() -> Done:
            given = [_product(f"products[{place}]", it) for place, it in enumerate(input.products)]
            kept = await products.upsert(context.caller, given, now=context.clock())
            answer = {"upserted": list(kept.kept), "outdated": list(kept.outdated)}
            brands = frozenset(brand for it in given for brand in it.brands)
            return Done(answer, Change("upsert products", "products", after=answer, brands=brands))

        try:
            answer = await context.once("upsertProducts", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return UpsertProductsPayload(upserted=answer["upserted"], outdated=answer["outdated"])


def _product(place: str, given: ProductInput) -> catalogue.Product:
    return catalogue.Product(
        product_id=given.product_id,
        names=_names(f"{place}.names", given.names),
        status=given.status,
        category=given.category,
        image_url=given.image_url,
        variants=tuple(
            catalogue.Variant(
                sku=it.sku,
                names=_names(f"{place}.variants[{number}].names", it.names),
                weight_grams=it.weight_grams,
                prices=tuple(
                    _price(f"{place}.variants[{number}].prices[{which}]", price)
                    for which, price in enumerate(it.prices)
                ),
            )
            for number, it in enumerate(given.variants)
        ),
        updated_at=stamped(given.updated_at),
    )


def _names(place: str, given: list[LocalNameInput]) -> dict[str, str]:
    names = {it.language: it.text for it in given}
    if len(names) < len(given):
        raise BadCommerce(place, "The same language stands here twice.")
    return names


def _price(place: str, given: ProductPriceInput) -> catalogue.Price:
    try:
        currency = money.currency_of(given.currency_code)
        former = money.Money.of(str(given.compare_at), currency) if given.compare_at is not None else None
        return catalogue.Price(money.Money.of(str(given.amount), currency), given.brand, former)
    except money.BadMoney as error:
        raise BadCommerce(place, error.message) from None
