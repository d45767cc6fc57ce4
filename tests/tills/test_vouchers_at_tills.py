"""Vouchers at the till: the code and the receipt are all it says, the discount is all it learns."""

from datetime import timedelta
from typing import Any

import pytest

from hub.database import Database
from hub.vouchers.model import VoucherState
from tests.tills.tilling import Till
from tests.vouchers.stage import COFFEE, Stage

FIVE: str = """\
reward: five
kind: amount
gives: {amount: 5.00, currency: EUR}
labels: {en: Five off, de: Fünf weniger}
cost: {program: beans, points: 100}
stores: [berlin-1]
stacking: discount
"""
TENTH: str = """\
reward: tenth
kind: percent
gives: {percent: 10, most: 20.00, currency: EUR}
labels: {en: A tenth off}
stacking: discount
"""


async def shown(ada: Stage, reward: str = "coffee", order_id: str = "4711", **said: Any) -> dict[str, Any]:
    """Redeem a reward in the app, and show its code at the till."""
    voucher = await ada.redeem(reward)
    return {"code": voucher.code, "order_id": order_id, **said}


@pytest.fixture
async def rich(ada: Stage) -> Stage:
    await ada.publish(COFFEE, FIVE, TENTH)
    await ada.earn(1000)
    return ada


async def test_the_till_is_told_the_discount_and_nothing_of_whose_it_is(till: Till, rich: Stage) -> None:
    five = await till.post("vouchers/use", await shown(rich, "five", language="de"))
    tenth = await till.post("vouchers/use", await shown(rich, "tenth", "4712"))
    coffee = await till.post("vouchers/use", await shown(rich, "coffee", "4713"))

    nothing = {"amount": None, "percent": None, "most": None, "skus": []}
    assert five.json() == {
        **nothing,
        "state": "used",
        "leased_until": None,
        "reward": "five",
        "kind": "amount",
        "label": "Fünf weniger",
        "amount": {"currency": "EUR", "amount": "5.00"},
    }
    assert (tenth.json()["percent"], tenth.json()["most"]) == (10, {"currency": "EUR", "amount": "20.00"})
    assert (coffee.json()["kind"], coffee.json()["skus"]) == ("free_product", ["A-1"])


async def test_the_first_receipt_wins_and_is_answered_the_same_again(till: Till, munich: Till, rich: Stage) -> None:
    voucher = await shown(rich)
    first = await till.post("vouchers/use", voucher)
    again = await till.post("vouchers/use", {**voucher, "code": voucher["code"].replace("-", " ").lower()})

    assert (first.status_code, again.json()) == (200, first.json())
    assert await till.refused("vouchers/use", {**voucher, "order_id": "4712"}) == (422, "ALREADY_USED", "code")
    # The receipts of another store are others, even under the same number.
    assert await munich.refused("vouchers/use", voucher) == (422, "ALREADY_USED", "code")
    assert await rich.available() == 900


async def test_a_receipt_that_is_being_paid_has_the_voucher_to_itself_until_it_lets_go(
    till: Till, rich: Stage, database: Database
) -> None:
    voucher = await shown(rich)
    other = {**voucher, "order_id": "4712"}
    reserved = await till.post("vouchers/reserve", voucher)
    assert (reserved.json()["state"], reserved.json()["leased_until"] is not None) == ("reserved", True)
    assert await till.refused("vouchers/use", other) == (422, "RESERVED", "code")

    released = [(await till.post("vouchers/release", voucher)).json() for _ in range(2)]

    assert released == [{"state": "issued"}, {"state": "issued"}]
    assert (await till.post("vouchers/use", other)).json()["state"] == "used"
    assert await till.refused("vouchers/release", voucher) == (422, "ALREADY_USED", "code")
    rows = await database["vouchers"].find().to_list()
    assert [row["state"] for row in rows] in ([], [VoucherState.USED])  # it may lie in the purse still


async def test_what_cannot_be_used_is_refused_and_nothing_moves(till: Till, munich: Till, rich: Stage) -> None:
    wrong = await till.refused("vouchers/use", {"code": "7K3M-2V9Q-0ABC-DEF5", "order_id": "4711"})
    elsewhere = await munich.refused("vouchers/use", await shown(rich, "five"))
    rich.now -= timedelta(days=40)
    old = await till.refused("vouchers/use", await shown(rich, "tenth"))
    rich.now += timedelta(days=40)
    back = await rich.redeem()
    await rich.cancel(back)
    given_back = await till.refused("vouchers/use", {"code": back.code, "order_id": "4711"})
    two = await shown(rich, "tenth", "4714"), await shown(rich, "five", "4714")
    await till.post("vouchers/use", two[0])
    both = await till.refused("vouchers/use", two[1])

    assert (wrong, elsewhere) == ((422, "NOT_FOUND", "code"), (422, "NOT_HERE", "store"))
    assert (old, given_back) == ((422, "EXPIRED", "code"), (422, "RELEASED", "code"))
    assert both == (422, "NOT_COMBINABLE", "code")
    for other in ({**two[1], "store": "munich-2"}, {"code": "x"}, {**two[1], "language": "German"}):
        assert (await till.refused("vouchers/use", other))[1] in {"FORBIDDEN", "INVALID_MESSAGE"}
