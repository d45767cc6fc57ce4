"""A year of a real grocer's households under a program, with returns by chance: points to the point, by a plain sum.

`./dev test` takes eight households, `./dev chaos` four hundred. What is expected is worked out by nothing of the hub.
"""

import os
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from hub.database import Database
from hub.ledger import flushing, verifying
from hub.programs import service as programs
from tests.grocer import oracle, regulars
from tests.grocer.regulars import Basket
from tests.grocer.test_grocer_segments import call
from tests.intake.inflow import NOW, route_all, said, track

HOUSEHOLDS: Final = 400 if os.environ.get("HUB_GROCER") == "whole" else 8
BATCH: Final = 500
PROGRAM: Final = """
program: grocer
texts: {en: the club}
zone: America/New_York
currency: USD
wallets:
  - {wallet: points, kind: spendable, one: {en: point}, many: {en: points}, expires: never, negative: negative}
  - {wallet: status, kind: qualifying, one: {en: point}, many: {en: points}, expires: {end_of: year}}
rules:
  - {rule: base, wallet: points,
     per: {amount: 1.00, points: 1, tax: after, discount: after, shipping: before, round: down, by: order}}
  - {rule: tenth, wallet: points, order: {every: 10, points: 100}}
  - {rule: status, wallet: status,
     per: {amount: 2.00, points: 3, tax: after, discount: after, shipping: before, round: nearest, by: order}}
multipliers:
  - {multiplier: big, times: 2, of: [base], from: {amount: 50.00, tax: after, discount: after, shipping: before}}
"""

pytestmark = pytest.mark.timeout(3600 if HOUSEHOLDS > 8 else 300)


async def test_a_year_of_baskets_and_returns_gives_each_household_the_points_of_a_plain_calculation(
    database: Database,
) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    drafted = await programs.draft(PROGRAM, by="test", key="k", now=NOW)
    await programs.activate(drafted.version, by="test", key="k", now=datetime(2016, 12, 1, tzinfo=UTC))
    # Which of two baskets of the same moment is the tenth one, nobody can say.
    alone = {(it.household, it.at): it for it in regulars.baskets(oracle.households()[:HOUSEHOLDS]) if it.cents > 0}
    bought = list(alone.values())
    back = {it.id: returns(chance, it) for it in bought if chance.random() < 0.2}
    told = shuffled(chance, bought, back)

    for start in range(0, len(told), BATCH):
        assert not (await said(*told[start : start + BATCH])).refused
        await route_all()
    while await flushing.flush_waiting(1_000, now=NOW.replace(hour=23)):
        pass

    assert await found(database) == expected(bought, back), f"seed {seed}"
    assert (await verifying.verify()).differences == []


def returns(chance: random.Random, basket: Basket) -> list[int]:
    """Some returns of a basket, in cents: parts of it, or all in one."""
    if chance.random() < 0.3:
        return [basket.cents]
    return [chance.randint(1, basket.cents // 3 + 1) for _ in range(chance.randint(1, 4))]


def shuffled(chance: random.Random, bought: Sequence[Basket], back: Mapping[Any, list[int]]) -> list[dict[str, Any]]:
    """All that is told: baskets in the order of the year, returns before or after theirs, some of it twice."""
    placed: list[tuple[float, dict[str, Any]]] = []
    for place, it in enumerate(bought):
        placed.append((place, call(it)))
        for number, cents in enumerate(back.get(it.id, ())):
            placed.append((place + chance.uniform(-200, 800), refund(it, number, cents)))
    placed += [(at + chance.uniform(0, 300), it) for at, it in chance.sample(placed, len(placed) // 20)]
    return [it for _, it in sorted(placed, key=lambda pair: pair[0])]


def refund(basket: Basket, number: int, cents: int) -> dict[str, Any]:
    properties = {
        "order_id": str(basket.id),
        "refund_id": str(number),
        "currency": "USD",
        "total": f"{cents / 100:.2f}",
    }
    message = f"{basket.id} back {number}"
    return track("Order Refunded", userId=str(basket.household), messageId=message, properties=properties)


def expected(bought: Sequence[Basket], back: Mapping[Any, list[int]]) -> dict[str, tuple[int, int]]:
    """Points and status of each household: plainly, from the baskets less what came back."""
    of_household: defaultdict[int, list[Basket]] = defaultdict(list)
    for it in bought:
        of_household[it.household].append(it)
    right: dict[str, tuple[int, int]] = {}
    for household, baskets in of_household.items():
        points = status = 0
        for number, it in enumerate(sorted(baskets, key=lambda it: it.at), start=1):
            left = max(0, it.cents - sum(back.get(it.id, ())))
            points += left * 2 // 100 if left >= 5_000 else left // 100
            points += 100 if number % 10 == 0 and left > 0 else 0
            status += (left * 3 + 100) // 200
        right[str(household)] = points, status
    return right


async def found(database: Database) -> dict[str, tuple[int, int]]:
    names = {row["profile_id"]: row["value"] async for row in database["identifiers"].find({"kind": "user"})}
    sums: dict[str, tuple[int, int]] = dict.fromkeys(names.values(), (0, 0))
    async for row in database["wallets"].find():
        sums[names[row["owner"]]] = balance(row["wallets"].get("points")), balance(row["wallets"].get("status"))
    return sums


def balance(wallet: Mapping[str, Any] | None) -> int:
    return sum(lot["left"] for lot in wallet["lots"]) - int(wallet["owed"]) if wallet else 0
