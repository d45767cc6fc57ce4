"""The RFM grid: every customer in one cell, whose scores are those of the rankings."""

from collections import Counter
from decimal import Decimal
from random import Random

import pytest

from hub.database import Database
from hub.profiles import store as profiles
from hub.rankings import rfm
from hub.rankings.rfm import Amount, Cell, NotGraded
from hub.segments import service
from tests.rollups.stage import DAY, Shop

EUR_10 = [Amount(Decimal("10.00"), "EUR")]


async def test_five_customers_are_in_five_cells(shop: Shop) -> None:
    for number in range(5):
        shop.now += DAY
        for _ in range(number + 1):
            await shop.order(10, user=f"u{number}")
    await shop.route()

    found = await rfm.grid("purchases")

    assert (found.customers, found.others) == (5, 0)
    assert found.cells == [
        Cell(score, score, score, 1, [Amount(Decimal(10 * score), "EUR")]) for score in (5, 4, 3, 2, 1)
    ]


async def test_the_scores_of_the_grid_are_those_of_the_rankings(shop: Shop, database: Database) -> None:
    random = Random(7)
    for _ in range(60):
        user = f"u{min(random.randrange(23), random.randrange(23))}"
        await shop.order(random.choice([5, 5, 20, 99.99]), user=user, currency=random.choice(["EUR"] * 12 + ["USD"]))
    await shop.route()

    found = await rfm.grid("purchases")

    spent = database["profiles"].find({"rollups.purchases.sum": {"$exists": True}})
    sums: Counter[str] = Counter()
    async for row in spent:
        sums[row["rollups"]["purchases"]["currency"]] += row["rollups"]["purchases"]["sum"]
    assert sum(it.customers for it in found.cells) == found.customers
    shown: Counter[str | None] = Counter()
    for cell in found.cells:
        for it in cell.revenue:
            shown[it.currency] += int(it.amount * 1_000_000)
    assert shown == sums
    best = {"recency": "bottom(purchases.days_since_last", "frequency": "top(purchases.count"}
    for score, rule in {**best, "monetary": "top(purchases.sum"}.items():
        for least in (5, 4, 3, 2):
            share = 20 * (6 - least)
            query = await service.found_by(f"{rule}, {share}%) and exists(purchases.sum)", now=shop.now)
            graded = sum(it.customers for it in found.cells if getattr(it, score) >= least)
            assert graded == await profiles.count(query), (score, least)


async def test_who_has_bought_in_several_currencies_is_in_no_cell_and_is_counted(shop: Shop) -> None:
    await shop.order(10, user="ada")
    await shop.order(10, user="bob")
    await shop.order(10, user="bob", currency="USD")
    await shop.route()

    found = await rfm.grid("purchases")

    assert (found.customers, found.others) == (1, 1)
    assert [(it.customers, it.revenue) for it in found.cells] == [(1, EUR_10)]


async def test_where_nobody_has_bought_the_grid_is_empty(shop: Shop) -> None:
    assert shop
    found = await rfm.grid("purchases")

    assert (found.customers, found.others, found.cells) == (0, 0, [])


async def test_a_rollup_that_adds_nothing_up_is_refused_with_a_sentence(shop: Shop) -> None:
    await shop.publish("{rollup: visits, event: Page Viewed}")

    for name, sentence in {
        "visits": "`visits` adds nothing up, so that nobody has spent anything by it.",
        "purchase": "There is no rollup `purchase`. Did you mean `purchases`?",
    }.items():
        with pytest.raises(NotGraded) as raised:
            await rfm.grid(name)
        assert raised.value.message == sentence
