"""What it costs to send something: weighed and priced by the catalogue, by the table that is in force."""

from collections.abc import Mapping, Sequence

from hub.commerce import carts, products, shipping_store
from hub.commerce.carts import CartLine
from hub.commerce.catalogue import Product
from hub.commerce.checks import BadCommerce
from hub.commerce.shipping import Option, Parcel
from hub.kit import money
from hub.kit.money import BadMoney


async def quote(
    lines: Sequence[CartLine], *, country: str, currency: str, brand: str, method: str | None
) -> list[Option]:
    """List the ways in which lines can be sent, or one of them, each at the price of the first rule that fits.

    Raises:
        BadCommerce: there are no lines or too many, or one of them has no price in this currency.
    """
    try:
        code = money.currency_of(currency)
    except BadMoney as error:
        raise BadCommerce("currencyCode", error.message) from None
    if not 1 <= len(lines) <= carts.MOST_LINES or not all(1 <= it.quantity <= carts.MOST_QUANTITY for it in lines):
        raise BadCommerce("lines", f"1 to {carts.MOST_LINES} lines of 1 to {carts.MOST_QUANTITY:,} pieces are sent.")
    known = await products.by_sku({it.sku for it in lines})
    priced = carts.priced(lines, known, code, brand)
    value = carts.value_of(priced)
    if value is None or not all(it.price for it in priced):
        raise BadCommerce("lines", f"Not everything has a price in {code}.")
    parcel = Parcel(value, _grams(lines, known), country, brand)
    return (await shipping_store.in_force()).options(parcel, method)


def _grams(lines: Sequence[CartLine], known: Mapping[str, Product]) -> int | None:
    """Add up weights; None where one is unknown."""
    total = 0
    for line in lines:
        variant = known[line.sku].variant(line.sku) if line.sku in known else None
        if variant is None or variant.weight_grams is None:
            return None
        total += variant.weight_grams * line.quantity
    return total
