"""Calls of the Segment spec as a web shop's SDK sends them, about 700 bytes each."""

import random
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, Final

PEOPLE: Final = 100_000
ZIPF: Final = 1.1
IDENTIFY_EVERY: Final = 20
"""Of the calls of people who come back, how many there are to one that says who they are."""

_CONTEXT = {
    "library": {"name": "analytics.js", "version": "2.11.1"},
    "locale": "en-GB",
    "timezone": "Europe/London",
    "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
    "page": {"path": "/checkout", "title": "Checkout", "url": "https://shop.example/checkout?step=2"},
}


def strangers(seed: int) -> Iterator[dict[str, Any]]:
    """Make calls without end, each from a device that was never met; the same seed makes the same calls."""
    chance = random.Random(seed)
    while True:
        order = chance.getrandbits(40)
        yield {
            "type": "track",
            "messageId": f"ajs-{chance.getrandbits(128):032x}",
            "userId": f"customer-{chance.randrange(10_000)}",
            "anonymousId": f"{chance.getrandbits(128):032x}",
            "event": "Checkout Started",
            "timestamp": "2026-11-02T09:30:12.345Z",
            "context": _CONTEXT,
            "properties": _checkout(chance, order),
        }


def returning(seed: int) -> Iterator[dict[str, Any]]:
    """Make calls without end of people who come back: person k is met in proportion to k to the power of -1.1.

    Each has one device. The same seed makes the same calls; every twentieth call is an `identify`.
    """
    chance = random.Random(seed)
    weights = list(accumulate(rank**-ZIPF for rank in range(1, PEOPLE + 1)))
    while True:
        for place, person in enumerate(chance.choices(range(PEOPLE), cum_weights=weights, k=IDENTIFY_EVERY)):
            call = {
                "messageId": f"ajs-{chance.getrandbits(128):032x}",
                "userId": f"customer-{person}",
                "anonymousId": f"device-{person}",
                "timestamp": "2026-11-02T09:30:12.345Z",
                "context": _CONTEXT,
            }
            if place == 0:
                traits = {"email": f"customer-{person}@example.com", "first_name": "Ada", "vip": chance.random() < 0.5}
                yield {**call, "type": "identify", "traits": traits}
            else:
                properties = _checkout(chance, chance.getrandbits(40))
                yield {**call, "type": "track", "event": "Checkout Started", "properties": properties}


def _checkout(chance: random.Random, order: int) -> dict[str, Any]:
    return {
        "order_id": f"{order}",
        "value": chance.randrange(500, 20_000) / 100,
        "currency": "GBP",
        "products": [_product(chance) for _ in range(2)],
    }


def _product(chance: random.Random) -> dict[str, Any]:
    number = chance.randrange(1_000)
    return {"product_id": f"p-{number}", "name": f"Coffee number {number}", "price": 12.5, "quantity": 1 + number % 3}
