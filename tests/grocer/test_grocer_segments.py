"""Twenty segments of a real grocer's customers, week by week through a year: household by household as the file says.

`./dev test` takes forty households, `./dev chaos` four hundred.
"""

import os
from collections import defaultdict
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

import msgspec
import pytest

from hub.database import Database
from hub.intake.accept import accept
from hub.segments import service, store
from tests.grocer import oracle, regulars
from tests.grocer.deciles import DECILES
from tests.grocer.regulars import Basket, Buyer
from tests.grocer.shelves import SHELVES
from tests.intake.inflow import SHOP
from tests.rankings.floor import ranked
from tests.rollups.stage import Shop

HOUSEHOLDS: Final = 400 if os.environ.get("HUB_GROCER") == "whole" else 40
SEGMENTS: Final = {**regulars.SEGMENTS, **SHELVES}
NAMES: Final = [*SEGMENTS, *DECILES]
DATES: Final = tuple(datetime(2017, month, day, 12, tzinfo=UTC) for month, day in ((4, 14), (8, 2), (12, 30)))
"""When it is looked who is in: at noon, with the baskets of that morning."""

pytestmark = pytest.mark.timeout(3600 if HOUSEHOLDS > 40 else 300)


def call(basket: Basket) -> dict[str, object]:
    at = basket.at.isoformat(timespec="milliseconds")
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": str(basket.id),
        "userId": str(basket.household),
        "timestamp": f"{at}Z",
        "properties": {
            "order_id": str(basket.id),
            "total": f"{basket.cents / 100:.2f}",
            "currency": "USD",
            "pieces": basket.pieces,
            "hour": basket.at.hour,
            "departments": list(basket.departments),
            "products": [_product(department, pieces) for department, pieces in basket.shelves],
        },
    }


def _product(department: str | None, pieces: int) -> dict[str, object]:
    return {"product_id": str(department), "quantity": pieces, **({"category": department} if department else {})}


async def test_twenty_segments_equal_an_independent_computation_household_by_household_at_three_dates(
    shop: Shop, database: Database
) -> None:
    bought = regulars.baskets(oracle.households()[:HOUSEHOLDS])
    shop.now = datetime(2017, 1, 1, tzinfo=UTC)
    await shop.publish(*regulars.ROLLUPS)
    for name, (rule, _) in [*SEGMENTS.items(), *DECILES.items()]:
        await service.publish(f"{{segment: {name}, when: '{rule}'}}", by="test", key=name, now=shop.now)

    until = 0
    for noon in DATES:
        more = [it for it in bought[until:] if it.at.replace(tzinfo=UTC) <= noon]
        until += len(more)
        for week, baskets in groupby(more, lambda it: it.at.toordinal() // 7):
            sunday = datetime.fromordinal(7 * week + 7).replace(tzinfo=UTC)
            shop.now = min(sunday, noon)
            receipt = await accept(SHOP, [msgspec.json.encode(call(it)) for it in baskets], now=shop.now)
            assert not receipt.refused
            await shop.kept()
            await ranked(shop)
        shop.now = noon
        await ranked(shop)
        right = expected(bought[:until], noon)
        assert await found(database) == right
        assert await store.sizes(NAMES) == {name: sum(name in it for it in right.values()) for name in NAMES}
    assert [name for name in NAMES if not await database["events"].count_documents(entered(name))] == []


def entered(name: str) -> dict[str, str]:
    return {"name": "Segment Entered", "properties.segment": name}


def expected(bought: list[Basket], now: datetime) -> dict[str, set[str]]:
    of_household: defaultdict[int, list[Basket]] = defaultdict(list)
    for it in bought:
        of_household[it.household].append(it)
    naive = now.replace(tzinfo=None)
    cut = {name: households(bought) for name, (_, households) in DECILES.items()}
    return {
        str(household): {
            *(name for name, (_, is_in) in SEGMENTS.items() if is_in(Buyer(baskets, naive))),
            *(name for name, in_it in cut.items() if household in in_it),
        }
        for household, baskets in of_household.items()
    }


async def found(database: Database) -> dict[str, set[str]]:
    names = {row["profile_id"]: row["value"] async for row in database["identifiers"].find({"kind": "user"})}
    rows = database["profiles"].find({}, {"segments.in.name": 1})
    return {names[row["_id"]]: {it["name"] for it in row["segments"]["in"]} async for row in rows}
