"""The RFM grid: every customer in one cell, whose scores are those of the rankings."""

import math
from collections import Counter
from decimal import Decimal
from random import Random
from typing import Final
from uuid import UUID

import pytest

from hub.database import Database
from hub.journeys import language as journeys
from hub.kit.problems import InvalidDefinition
from hub.profiles import listing
from hub.rankings import rfm
from hub.rankings.rfm import Amount, Cell, NotGraded
from hub.segments import language, service
from runtime.known import known_offline
from tests.rankings.floor import members, publish, ranked
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
            assert graded == await listing.count(query), (score, least)


CELLS: Final = {
    "champions": "rfm.recency >= 4 and rfm.frequency = 5",
    "sleeping": "rfm.recency between 1 and 2 and rfm.monetary in [4, 5]",
    "graded": "exists(rfm.monetary)",
    "not-best": "rfm.monetary != 5",
}


async def test_a_rule_that_asks_for_scores_is_read_alike_of_one_and_of_all_and_follows_every_order(
    shop: Shop, database: Database
) -> None:
    random = Random(11)
    await publish(shop, *(f"{{segment: {name}, when: '{rule}'}}" for name, rule in CELLS.items()))
    for step in range(4):
        for _ in range(25):
            user = f"u{min(random.randrange(23), random.randrange(23))}"
            await shop.order(random.choice([5, 5, 20, 99.99]), user=user)
        await shop.say("Page Viewed", user=f"never bought {step}")
        await shop.route()
        await ranked(shop)

        scores = await graded_naively(database)
        assert await members(database, "champions") == {
            it for it, (recency, frequency, _) in scores.items() if recency >= 4 and frequency == 5
        }
        assert await members(database, "sleeping") == {
            it for it, (recency, _, monetary) in scores.items() if recency <= 2 and monetary >= 4
        }
        assert await members(database, "graded") == scores.keys()
        for name, rule in CELLS.items():
            query = {"$and": [{"absorbed_by": None}, await service.found_by(rule, now=shop.now)]}
            found = {row["_id"] async for row in database["profiles"].find(query, {"_id": 1})}
            rows = database["profiles"].find({"segments.in.name": name}, {"_id": 1})
            assert {row["_id"] async for row in rows} == found, name
        grid = await rfm.grid("purchases")
        cells = Counter((it.recency, it.frequency, it.monetary) for it in grid.cells for _ in range(it.customers))
        assert cells == Counter(scores.values())


async def graded_naively(database: Database) -> dict[str, tuple[int, int, int]]:
    """Count for each customer how many of all stand before them, three times."""
    owners = {row["profile_id"]: row["value"] async for row in database["identifiers"].find({"kind": "user"})}
    rows = [row async for row in database["profiles"].find({"rollups.purchases.count": {"$gt": 0}})]
    state = {row["_id"]: row["rollups"]["purchases"] for row in rows}
    orders = (
        sorted(state, key=lambda it: (state[it]["last"]["at"], it), reverse=True),
        sorted(state, key=lambda it: (-state[it]["count"], it)),
        sorted(state, key=lambda it: (-state[it]["sum"], it)),
    )
    cuts = [math.ceil(len(state) * fifths / 5) for fifths in range(1, 5)]
    return {
        owners[it]: (score(orders[0], it, cuts), score(orders[1], it, cuts), score(orders[2], it, cuts)) for it in state
    }


def score(order: list[UUID], who: UUID, cuts: list[int]) -> int:
    return 1 + sum(order.index(who) < cut for cut in cuts)


def test_a_score_is_a_number_and_a_journey_asks_for_the_segment() -> None:
    known = known_offline(())
    for rule, refusal in {
        'rfm.recency = "5"': "`rfm.recency` is a number",
        "rfm.recent >= 4": "`rfm` has no `recent`. Did you mean `rfm.recency`?",
    }.items():
        with pytest.raises(InvalidDefinition) as raised:
            language.read(f"segment: a\nwhen: '{rule}'", known)
        assert refusal in str(raised.value)
    source = "{journey: best, enter: {event: Page Viewed, where: rfm.recency = 5}, steps: [{wait: 1d}]}"
    with pytest.raises(InvalidDefinition, match="`rfm` is not known here"):
        journeys.read(source, templates=(), known=known)


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
