"""Made-up people and the goods they look at. Everything follows from the seed and the customer's number."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any

_FIRST = (("Qu", "Br", "Th", "V", "Z", "Dr", "K", "Wr", "Xy", "Pl"), ("illa", "enno", "orva", "udo", "essa", "immo"))
_LAST = (
    ("Oster", "Quill", "Bramble", "Thistle", "Wolden", "Fenner"),
    ("moor", "wick", "hagen", "strand", "by", "lund"),
)

PRODUCTS = (
    ("sku-101", "House Espresso 250 g", 8.9),
    ("sku-102", "Ethiopia Guji 250 g", 13.5),
    ("sku-103", "Decaf Huila 250 g", 11.9),
    ("sku-201", "Paper Filters 100", 4.2),
    ("sku-301", "Hand Grinder", 64.0),
    ("sku-302", "Pour-over Kettle", 49.5),
)
"""SKU, name, price in EUR."""


class Reach(StrEnum):
    """How a customer can be told something, once they have said who they are."""

    EMAIL = "email"
    PHONE = "phone"
    DEVICE = "device"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Customer:
    """A made-up person: ids, the traits they identify themselves with, and the context of all their events."""

    user_id: str
    anonymous_id: str
    traits: Mapping[str, Any]
    context: Mapping[str, Any]


def made_up(rng: Random, *, day: str, number: int, reach: Reach, vip: bool) -> Customer:
    """Make customer `number` of a day; no two of a day share a name, an id or an address (up to 100,000)."""
    name = f"{day}-{number:04d}"
    first = rng.choice(_FIRST[0]) + rng.choice(_FIRST[1])
    last = f"{rng.choice(_LAST[0])}{rng.choice(_LAST[1])}"
    traits: dict[str, Any] = {"firstName": first, "lastName": f"{last} {number:04d}"}
    if reach is Reach.EMAIL:
        traits["email"] = f"{first}.{last}.{name}@example.com".lower()
    if reach is Reach.PHONE or (reach is Reach.EMAIL and rng.random() < 0.5):
        # +44 7700 900000 and the next 999 numbers are kept free for made-up people.
        traits["phone"] = f"+4477009{number:05d}"
    if vip:
        traits["vip"] = True
    device = {"device": {"type": "android", "token": f"token-{name}"}} if reach is Reach.DEVICE else {}
    return Customer(user_id=f"user-{name}", anonymous_id=f"anonymous-{name}", traits=traits, context=device)


def basket(rng: Random) -> list[dict[str, Any]]:
    """Pick one to three products, as Segment's e-commerce events name them."""
    picked = rng.sample(PRODUCTS, rng.randint(1, 3))
    return [
        {"product_id": sku, "sku": sku, "name": name, "price": price, "quantity": rng.randint(1, 2)}
        for sku, name, price in picked
    ]


def worth(products: list[dict[str, Any]]) -> float:
    """Add up a basket, in EUR."""
    return round(sum(product["price"] * product["quantity"] for product in products), 2)
