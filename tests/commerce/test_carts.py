"""A cart is made of events, in whatever order they come and however often, and everybody has the same one."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.commerce import carts
from hub.commerce.carts import MOST_CHANGES, Cart, Change
from hub.commerce.catalogue import Price, Product, ProductStatus, Variant
from hub.events.model import Event, Kind, Trust
from hub.kit import ids
from hub.kit.money import Money

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADA = ids.key_of("ada")
RED, BLUE = {"sku": "red-m", "price": 19.9, "currency": "EUR"}, {"sku": "blue-m", "price": "5.00", "currency": "EUR"}


def happened(name: str, minute: int, /, **properties: Any) -> Event:
    at = NOW + timedelta(minutes=minute)
    id_ = ids.key_of(name, minute, repr(properties))
    return Event(id_, "shop", Trust.CLIENT, Kind.TRACK, name, "ada", None, properties, {}, {}, at, at)


def change(event: Event) -> Change:
    said = carts.read(event)
    assert said, event
    return said[1]


def cart(*events: Event) -> Cart:
    return Cart(ADA, "cart").joined([change(it) for it in events])


def pieces(found: Cart) -> dict[str, int]:
    return {line.sku: line.quantity for line in found.lines({})}


STORY = (
    happened("Product Added", 1, **RED),
    happened("Product Added", 2, **RED, quantity=2),
    happened("Product Removed", 3, sku="red-m", quantity=1),
    happened("Product Added", 4, **BLUE),
    happened("Product Removed", 5, sku="blue-m"),
)


def test_what_is_added_is_added_up_and_what_is_removed_is_taken_out() -> None:
    assert pieces(cart(*STORY)) == {"red-m": 2}
    assert carts.value_of(cart(*STORY).lines({})) == Money(3980, "EUR")


@pytest.mark.parametrize("order", list(itertools.permutations(range(5)))[::7])
def test_the_same_events_in_any_order_and_twice_make_the_same_cart(order: tuple[int, ...]) -> None:
    one_by_one = Cart(ADA, "cart")
    for place in (*order, *order):
        one_by_one = one_by_one.joined([change(STORY[place])])

    assert one_by_one == cart(*STORY)


def test_a_cart_seen_whole_replaces_what_was_before_and_nothing_that_came_after() -> None:
    whole = happened("Cart Viewed", 3, products=[{**BLUE, "quantity": 4}], currency="EUR")
    before, after = happened("Product Added", 2, **RED), happened("Product Added", 4, **RED)

    for order in itertools.permutations((before, whole, after)):
        assert pieces(cart(*order)) == {"blue-m": 4, "red-m": 1}


def test_an_order_empties_its_cart_and_what_is_added_late_from_before_it_does_not_come_back() -> None:
    found = cart(STORY[0], happened("Order Completed", 9, order_id="A-1"))

    assert pieces(found) == {}
    assert pieces(found.joined([change(STORY[1])])) == {}
    assert pieces(found.joined([change(happened("Product Added", 10, **BLUE))])) == {"blue-m": 1}


def test_which_cart_an_event_is_about() -> None:
    def cart_of(name: str, /, **said: Any) -> str | None:
        found = carts.read(happened(name, 1, **said))
        return found[0] if found else None

    assert cart_of("Product Added", **RED) == "cart"
    assert cart_of("Product Added", **RED, cart_id="c1") == "c1"
    assert cart_of("Order Completed", order_id="A-1", cart_id=7) == "7"
    assert cart_of("Order Completed", order_id="A-1") == "cart"
    assert cart_of("Order Completed", order_id="A-1", cart_id="c1", channel="pos") == "c1"
    assert cart_of("Order Completed", order_id="A-1", channel="pos") is None
    assert cart_of("Cart Viewed") is None
    assert cart_of("Cart Viewed", products=[]) == "cart"
    assert cart_of("Product Viewed", **RED) is None


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"sku": ""},
        {"sku": True},
        {"sku": "x" * 256},
        *({"sku": "x", "quantity": quantity} for quantity in (0, -1, 1.5, "many", True, 10**9, float("inf"), "9" * 40)),
        {"sku": "x", "cart_id": 7.5},
        {"sku": "x", "cart_id": ""},
    ],
)
def test_what_cannot_be_understood_changes_no_cart(said: dict[str, Any]) -> None:
    assert carts.read(happened("Product Added", 1, **said)) is None


@pytest.mark.parametrize("said", [{"sku": 7}, {"product_id": 7}])
def test_an_id_may_come_as_a_number_as_in_an_order(said: dict[str, Any]) -> None:
    assert pieces(cart(happened("Product Added", 1, **said))) == {"7": 1}


@pytest.mark.parametrize("quantity", [3, 3.0, "3"])
def test_a_quantity_may_come_as_text_or_with_a_point(quantity: object) -> None:
    assert pieces(cart(happened("Product Added", 1, product_id="x", quantity=quantity))) == {"x": 3}


@pytest.mark.parametrize(
    "said",
    [
        {"price": 5},
        {"price": "abc", "currency": "EUR"},
        {"price": float("nan"), "currency": "EUR"},
        {"price": 5, "currency": "Taler"},
        {"price": -5, "currency": "EUR"},
    ],
)
def test_a_price_that_is_no_money_is_no_price(said: dict[str, Any]) -> None:
    (line,) = cart(happened("Product Added", 1, sku="x", **said)).lines({})

    assert line.price is None
    assert carts.value_of([line]) is None


def product(*prices: Money, status: ProductStatus = ProductStatus.ACTIVE) -> Product:
    variant = Variant("red-m", prices=tuple(Price(it) for it in prices))
    return Product("shirt", {"en": "Shirt"}, NOW, (variant,), status=status)


@pytest.mark.parametrize(
    ("said", "known", "price"),
    [
        (RED, product(Money(1490, "EUR")), Money(1490, "EUR")),
        (RED, product(Money(1490, "EUR"), Money(1690, "USD")), Money(1490, "EUR")),
        (RED, product(Money(1690, "USD")), Money(1990, "EUR")),
        (RED, product(Money(1490, "EUR"), status=ProductStatus.ARCHIVED), Money(1990, "EUR")),
        ({"sku": "red-m"}, product(Money(1490, "EUR")), Money(1490, "EUR")),
        ({"sku": "red-m"}, product(Money(1490, "EUR"), Money(1690, "USD")), None),
        (RED, None, Money(1990, "EUR")),
    ],
)
def test_a_price_is_read_again_in_the_catalogue_where_that_has_one(
    said: dict[str, Any], known: Product | None, price: Money | None
) -> None:
    (line,) = cart(happened("Product Added", 1, **said)).lines({"red-m": known} if known else {})

    assert line.price == price


def test_prices_in_two_currencies_have_no_sum() -> None:
    both = cart(happened("Product Added", 1, **RED), happened("Product Added", 2, **{**BLUE, "currency": "USD"}))

    assert carts.value_of(both.lines({})) is None


def test_a_cart_that_is_changed_without_end_keeps_its_pieces_and_a_bounded_number_of_changes() -> None:
    found = Cart(ADA, "cart")
    for minute in range(MOST_CHANGES + 50):
        found = found.joined([change(happened("Product Added", minute, **RED))])

    assert pieces(found) == {"red-m": MOST_CHANGES + 50}
    assert len(found.changes) <= MOST_CHANGES
    assert found.joined([change(happened("Product Added", 0, **RED))]) == found


def test_what_is_announced_is_in_the_words_of_the_e_commerce_events() -> None:
    found = cart(happened("Product Added", 1, **RED, quantity=2, name="Shirt", product_id="shirt"))

    assert carts.announced(found, found.lines({})) == {
        "cart_id": "cart",
        "item_count": 2,
        "value": 39.8,
        "currency": "EUR",
        "products": [
            {
                "sku": "red-m",
                "product_id": "shirt",
                "name": "Shirt",
                "quantity": 2,
                "price": 19.9,
                "currency": "EUR",
            }
        ],
    }
