"""The calls by which the grocer's tills tell of a year of baskets: shuffled, some in two versions, some of them twice.

A line says the shelf's price of a piece, rounded up to a cent, and as its discount all that was not paid of it.
"""

from collections.abc import Collection, Iterator
from itertools import groupby
from operator import itemgetter
from random import Random
from typing import Any

import polars as pl

from tests.grocer.oracle import transactions

Call = dict[str, Any]
Row = dict[str, Any]

DOUBLED = 0.05
"""The share of calls that is sent once more."""
CORRECTED = 0.1
"""The share of baskets that a till tells too early, without their last lines, and corrects."""


def calls(households: Collection[int], random: Random) -> list[Call]:
    """Make every call about the baskets of some households, in no order."""
    made = [call for lines in _baskets(households) for call in _of_basket(lines, random)]
    made += random.sample(made, round(len(made) * DOUBLED))
    random.shuffle(made)
    return made


def _baskets(households: Collection[int]) -> Iterator[list[Row]]:
    found = pl.scan_parquet(transactions()).filter(pl.col("household_id").is_in(list(households)))
    for _, lines in groupby(found.sort("basket_id").collect().iter_rows(named=True), itemgetter("basket_id")):
        yield list(lines)


def _of_basket(lines: list[Row], random: Random) -> Iterator[Call]:
    corrected = len(lines) > 1 and random.random() < CORRECTED
    yield _call("Order Completed", lines[: len(lines) // 2] if corrected else lines, version=1)
    if corrected:
        yield _call("Order Updated", lines, version=2)


def _call(event: str, lines: list[Row], *, version: int) -> Call:
    first = lines[0]
    order_id = str(first["basket_id"])
    return {
        "type": "track",
        "messageId": f"{order_id}-{version}",
        "userId": f"household-{first['household_id']}",
        "event": event,
        "timestamp": f"{first['transaction_timestamp'].isoformat(timespec='milliseconds')}Z",
        "properties": {
            "order_id": order_id,
            "version": version,
            "channel": "pos",
            "store_id": str(first["store_id"]),
            "currency": "USD",
            "total": _decimal(sum(_cents(line["sales_value"]) for line in lines)),
            "products": [_line(line) for line in lines],
        },
    }


def _line(line: Row) -> dict[str, Any]:
    pieces, paid = line["quantity"], _cents(line["sales_value"])
    shelf = paid + _cents(line["retail_disc"]) + _cents(line["coupon_match_disc"])
    price = -(-shelf // pieces) if pieces else 0
    return {
        "product_id": str(line["product_id"]),
        "quantity": pieces,
        "price": _decimal(price),
        "discount": _decimal(price * pieces - paid),
    }


def _cents(dollars: float) -> int:
    return round(dollars * 100)


def _decimal(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"
