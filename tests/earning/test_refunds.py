"""Row 36: a refund takes back what its order has really earned, line by line and cumulatively."""

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from hub.database import Database
from hub.ledger import service as ledger
from hub.ledger.model import About
from hub.ledger.moves import Spend
from hub.ledger.service import Request, fixed
from tests.commerce.ordering import profile_id_of, sale
from tests.earning.ordering import BASE, PAID, written
from tests.earning.shop import CLUB, activate, balance, bought, earned, gave_back, moved, told
from tests.intake.inflow import NOW, route_all, said, track

TWICE = f"times: 2, from: {{amount: 20.00, {PAID}}}"


async def spend(database: Database, user: str, points: int) -> None:
    owner = await profile_id_of(database, user)
    move = fixed(Spend("points", points, "reward/r"))
    before = await database["wallets"].find_one({"owner": owner}) or {}
    key = f"spend {before['numbered']}"
    await ledger.post_one(Request("club", owner, key, move, About(cause="x"), NOW), now=NOW)


async def test_row_36_a_full_refund_takes_back_what_that_order_has_earned_and_no_other(database: Database) -> None:
    await activate()
    await bought("ada", "A-1", "50.00")
    await bought("ada", "A-2", "30.00")

    await gave_back("ada", "A-1", "50.00", refund="R-1")

    assert await balance(database, "ada") == 30
    assert await moved(database, "ada") == [("order/shop/A-1", 50), ("order/shop/A-2", 30), ("order/shop/A-1", -50)]


async def test_row_36_ten_refunds_of_a_tenth_take_back_what_one_of_all_does_to_the_point(database: Database) -> None:
    await activate(written(BASE, multipliers=[TWICE]))
    await bought("ada", "A-1", "23.35")
    await bought("bob", "B-1", "23.35")
    assert await balance(database, "ada") == 46

    for part in range(10):
        await gave_back("ada", "A-1", "2.33" if part % 2 else "2.34", refund=f"R-{part}")
    await gave_back("bob", "B-1", "23.35", refund="R-b")

    assert [await balance(database, it) for it in ("ada", "bob")] == [0, 0]


async def test_row_36_a_refund_that_arrives_before_its_order_counts_when_that_is_there(database: Database) -> None:
    await activate()

    await gave_back("ada", "A-1", "20.00", refund="R-1")
    assert await database["wallets"].count_documents({}) == 0
    await bought("ada", "A-1", "50.00")

    assert await moved(database, "ada") == [("order/shop/A-1", 30)]


@pytest.mark.parametrize("later", [CLUB.replace("points: 1", "points: 7"), written("visit: {points: 1}")])
async def test_row_36_a_refund_goes_by_the_rules_of_then_also_after_they_were_changed_or_deleted(
    database: Database, later: str
) -> None:
    await activate(at=NOW - timedelta(days=2))
    await bought("ada", "A-1", "50.00")
    await activate(later, key="l", at=NOW + timedelta(hours=1))

    await gave_back("ada", "A-1", "20.00", refund="R-1")

    assert await balance(database, "ada") == 30


async def test_row_36_a_line_comes_back_without_an_amount(database: Database) -> None:
    await activate(written(f"{BASE}, lines: 'product.category = \"Beans\"'"))
    lines = [
        {"sku": "A", "price": "10.00", "quantity": 2, "category": "Beans"},
        {"sku": "B", "price": "30.00", "category": "Cups"},
    ]
    await bought("ada", "A-1", "50.00", products=lines)

    for refund, sku, left in (("R-1", "B", 20), ("R-2", "A", 10), ("R-2", "A", 10), ("R-3", "A", 0)):
        back = [{"sku": sku}]
        await told(sale("Refunded", "ada", "A-1", message=f"{refund} {left}", refund_id=refund, products=back))
        assert await balance(database, "ada") == left


async def test_row_15_a_return_in_a_store_takes_back_what_was_earned_online(database: Database) -> None:
    await activate()
    await bought("ada", "A-1", "50.00", channel="web")

    returned = sale("Refunded", "ada", "A-1", message="r", refund_id="R-1", total="50.00", store_id="S-1")
    await told(returned)

    assert await balance(database, "ada") == 0


async def test_a_cancelled_order_loses_its_points_and_stays_without(database: Database) -> None:
    await activate()
    await bought("ada", "A-1", "50.00")

    await told(track("Order Cancelled", userId="ada", messageId="c", properties={"order_id": "A-1"}))
    await bought("ada", "A-1", "70.00", name="Updated", version=1)

    assert await moved(database, "ada") == [("order/shop/A-1", 50), ("order/shop/A-1", -50)]


@pytest.mark.parametrize(
    ("policy", "spent", "left"),
    [
        ("only_pending", 30, 20),
        ("only_pending, pending: 14d", 0, 0),
        ("within_balance", 30, 0),
        ("negative", 30, -30),
    ],
)
async def test_of_points_that_are_spent_a_refund_takes_what_the_wallet_lets_it(
    database: Database, policy: str, spent: int, left: int
) -> None:
    await activate(written(BASE, wallet=f"expires: never, negative: {policy}"))
    await bought("ada", "A-1", "50.00")
    if spent:
        await spend(database, "ada", spent)

    await gave_back("ada", "A-1", "50.00", refund="R-1")

    assert await balance(database, "ada") == left


async def test_points_that_are_owed_are_paid_by_the_next_ones(database: Database) -> None:
    await activate(written(BASE, wallet="expires: never, negative: negative"))
    await bought("ada", "A-1", "50.00")
    await spend(database, "ada", 50)
    await gave_back("ada", "A-1", "50.00", refund="R-1")

    await bought("ada", "A-2", "60.00")

    assert await balance(database, "ada") == 10


Telling = tuple[str, dict[str, Any]]
"""A key that a message is told under, and the message."""


def a_life(chance: Random, order: str) -> tuple[list[Telling], int]:
    """An order with some refunds, all that is told of it, and what a plain calculation says it earns in the end."""
    prices = [chance.randint(1, 9_999) for _ in range(chance.randint(1, 3))]
    lines = [{"sku": f"S{place}", "price": f"{price / 100:.2f}"} for place, price in enumerate(prices)]
    total, left = sum(prices), [Fraction(it) for it in prices]
    told_: list[Telling] = [
        ("bought", sale("Completed", "ada", order, message=f"{order} b", total=f"{total / 100:.2f}", products=lines))
    ]
    loose = Fraction(0)
    for refund in range(chance.randint(0, 4)):
        fields: dict[str, Any] = {"refund_id": f"{order}-{refund}"}
        if chance.random() < 0.5:
            place = chance.randrange(len(prices))
            fields["products"] = [{"sku": f"S{place}"}]
            loose += prices[place] - left[place]
            left[place] = Fraction(0)
        else:
            amount = chance.randint(1, total // 3 + 1)
            fields["total"] = f"{amount / 100:.2f}"
            loose += amount
        told_.append((f"r{refund}", sale("Refunded", "ada", order, message=f"{order} r{refund}", **fields)))
    kept = max(Fraction(0), sum(left, Fraction(0)) - loose)
    return told_, int(kept * (2 if kept >= 2_000 else 1) / 100)


@pytest.mark.parametrize("seed", [4711, 4712, 4713, 4714])
async def test_row_36_random_refunds_in_any_sequence_leave_what_a_plain_calculation_says(
    database: Database, seed: int
) -> None:
    """A failure is told by its seed."""
    chance = Random(seed)
    await activate(written(BASE, multipliers=[TWICE], wallet="expires: never, negative: negative"))
    lives = [a_life(chance, f"A-{it}") for it in range(12)]
    messages: list[dict[str, Any]] = [call for told_, _ in lives for _, call in told_]
    messages += chance.sample(messages, 10)
    chance.shuffle(messages)

    for batch in _batches(chance, messages):
        assert not (await said(*batch)).refused
        await route_all()
        await spend_some(chance, database)

    got = await earned(database, "ada")
    assert [got.get(f"order/shop/A-{it}", 0) for it in range(len(lives))] == [expected for _, expected in lives]


def _batches(chance: Random, messages: Sequence[dict[str, Any]]) -> list[Sequence[dict[str, Any]]]:
    found, at = [], 0
    while at < len(messages):
        size = chance.randint(1, 12)
        found.append(messages[at : at + size])
        at += size
    return found


async def spend_some(chance: Random, database: Database) -> None:
    """Spend part of what there is, so that a refund may ask for points that are gone."""
    if await database["wallets"].count_documents({}) and (has := await balance(database, "ada")) > 1:
        await spend(database, "ada", chance.randint(1, has))
