"""Customers of a round: what they do on several devices, and what must be known of each. Imports nothing of the hub."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.chaos.shoppers import Call

CUSTOMERS = 30
MOST_ORDERS = 3
CART_CHANGES = 4
SKUS = ("red-m", "red-l", "blue-m")


@dataclass(frozen=True, slots=True)
class Account:
    """What must be known of a customer: events, cents paid and given back by order, and pieces in the cart by sku."""

    events: int
    gross: Mapping[str, int]
    refunded: Mapping[str, int]
    cart: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody whose phone is joined by an `identify` and whose laptop by an `alias`, and who buys and returns."""

    name: str
    calls: Sequence[Call]
    account: Account


def customers(prefix: str, random: Random) -> list[Customer]:
    """Make the customers of one round."""
    return [_customer(f"{prefix}-{number}", random) for number in range(CUSTOMERS)]


def _customer(name: str, random: Random) -> Customer:
    told = _Told(name)
    for device in ("phone", "laptop"):
        told.call("track", event="Product Viewed", anonymousId=f"{name}-{device}", properties={"sku": SKUS[0]})
    told.call("identify", userId=name, anonymousId=f"{name}-phone", traits={"first_name": "Ada"})
    told.call("alias", userId=name, previousId=f"{name}-laptop")
    gross: dict[str, int] = {}
    refunded: dict[str, int] = {}
    for number in range(random.randint(1, MOST_ORDERS)):
        order_id = f"{name}-order-{number}"
        gross[order_id], refunded[order_id] = _buy(told, order_id, random)
    return Customer(
        name, told.calls, Account(len(told.calls) + CART_CHANGES, gross, refunded, _fill_cart(told, random))
    )


def _buy(told: "_Told", order_id: str, random: Random) -> tuple[int, int]:
    """Tell of an order, perhaps in two versions, and perhaps of a refund."""
    paid = given_back = 0
    for version in range(1, random.randint(1, 2) + 1):
        paid = random.randint(1_000, 9_999)
        event = "Order Completed" if version == 1 else "Order Updated"
        told.order(event, order_id, version=version, total=paid)
    if random.random() < 0.5:
        given_back = random.randint(1, 1_000)
        told.order("Order Refunded", order_id, refund_id=f"{order_id}-back", total=given_back)
    return paid, given_back


def _fill_cart(told: "_Told", random: Random) -> dict[str, int]:
    """Tell of changes of a cart after all orders, and what is in it then."""
    cart: Counter[str] = Counter()
    for minute in range(CART_CHANGES):
        sku, pieces = random.choice(SKUS), random.randint(1, 3)
        event, sign = ("Product Removed", -1) if cart[sku] >= pieces else ("Product Added", 1)
        cart[sku] += sign * pieces
        properties = {"sku": sku, "quantity": pieces}
        told.call(
            "track", event=event, properties=properties, userId=told.name, timestamp=f"2026-02-01T10:{minute:02}:00Z"
        )
    return {sku: pieces for sku, pieces in cart.items() if pieces}


class _Told:
    """The calls about one customer. What is told of an order happened before anything that is told of the cart."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls: list[Call] = []

    def call(self, kind: str, **fields: Any) -> None:
        self.calls.append(
            {"type": kind, "messageId": f"{self.name}-{len(self.calls)}", "timestamp": "2026-01-01T10:00:00Z", **fields}
        )

    def order(self, event: str, order_id: str, *, total: int, **properties: Any) -> None:
        amount = f"{total // 100}.{total % 100:02}"
        told = {"order_id": order_id, "currency": "EUR", "total": amount, **properties}
        self.call("track", event=event, properties=told, userId=self.name)
