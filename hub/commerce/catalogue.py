"""The catalogue: products with their variants, what they are called in each language, and what they cost.

A product is one value with all of its variants and prices, so that nobody ever sees the name of one version beside the
price of another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from hub.commerce.checks import BadCommerce, check_id, check_names, check_unique, check_url
from hub.kit import ids
from hub.kit.languages import by_nearness
from hub.kit.money import Money
from hub.profiles.consent import DEFAULT_BRAND

MOST_VARIANTS: Final = 200
MOST_PRICES: Final = 100
MOST_GRAMS: Final = 100_000_000


def id_of(product_id: str) -> UUID:
    """Make the key of a product's document."""
    return ids.key_of("product", product_id)


class ProductStatus(StrEnum):
    """Whether a product is sold."""

    ACTIVE = "active"
    DRAFT = "draft"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Price:
    """What one piece costs with one brand; `compare_at` is the price that is crossed out beside it."""

    price: Money
    brand: str = DEFAULT_BRAND
    compare_at: Money | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """What is put into a cart: a product in one size and colour. `names` says what sets it apart, by language."""

    sku: str
    names: Mapping[str, str] = field(default_factory=dict)
    prices: tuple[Price, ...] = ()
    weight_grams: int | None = None

    def price(self, currency: str, brand: str = DEFAULT_BRAND) -> Price | None:
        """Choose the price in a currency: the brand's own, else that of the default brand."""
        asked = {it.brand: it for it in self.prices if it.price.currency == currency}
        return asked.get(brand) or asked.get(DEFAULT_BRAND)


@dataclass(frozen=True, slots=True)
class Product:
    """Something that is sold. `product_id` is the shop's own name for it, and every till's and app's."""

    product_id: str
    names: Mapping[str, str]
    updated_at: datetime
    variants: tuple[Variant, ...]
    status: ProductStatus = ProductStatus.ACTIVE
    category: str | None = None
    image_url: str | None = None

    @property
    def id(self) -> UUID:
        """The key of its document."""
        return id_of(self.product_id)

    @property
    def brands(self) -> frozenset[str]:
        """The brands that have a price for it."""
        return frozenset(price.brand for variant in self.variants for price in variant.prices)

    def variant(self, sku: str) -> Variant | None:
        """Find a variant by its sku."""
        return next((it for it in self.variants if it.sku == sku), None)


def name_in(names: Mapping[str, str], language: str | None) -> str | None:
    """Say a name in the language nearest to the one wished for; None where there is no name at all."""
    return next((names[it] for it in by_nearness(names, language)), None)


def check(products: Sequence[Product]) -> None:
    """Let products pass that can be.

    Raises:
        BadCommerce: the first that cannot be, by its place in the list.
    """
    check_unique("products", (it.product_id for it in products))
    for place, product in enumerate(products):
        at = f"products[{place}]"
        check_id(f"{at}.productId", product.product_id)
        if not product.names:
            raise BadCommerce(f"{at}.names", "A product has a name in one language at least.")
        check_names(f"{at}.names", product.names)
        check_id(f"{at}.category", product.category)
        check_url(f"{at}.imageUrl", product.image_url)
        if not 1 <= len(product.variants) <= MOST_VARIANTS:
            raise BadCommerce(f"{at}.variants", f"A product has 1 to {MOST_VARIANTS} variants.")
        check_unique(f"{at}.variants", (it.sku for it in product.variants))
        for number, variant in enumerate(product.variants):
            _check_variant(f"{at}.variants[{number}]", variant)


def _check_variant(at: str, variant: Variant) -> None:
    check_id(f"{at}.sku", variant.sku)
    check_names(f"{at}.names", variant.names)
    if variant.weight_grams is not None and not 0 <= variant.weight_grams <= MOST_GRAMS:
        raise BadCommerce(f"{at}.weightGrams", f"A weight is 0 to {MOST_GRAMS:,} grams.")
    if len(variant.prices) > MOST_PRICES:
        raise BadCommerce(f"{at}.prices", f"A variant has at most {MOST_PRICES} prices.")
    check_unique(f"{at}.prices", (f"{it.brand}\n{it.price.currency}" for it in variant.prices))
    for number, price in enumerate(variant.prices):
        check_id(f"{at}.prices[{number}].brand", price.brand)
        if price.price.minor < 0:
            raise BadCommerce(f"{at}.prices[{number}].amount", "A price is not below zero.")
        if price.compare_at is not None and price.compare_at.minor <= price.price.minor:
            raise BadCommerce(f"{at}.prices[{number}].compareAt", "The price crossed out is higher than the price.")
