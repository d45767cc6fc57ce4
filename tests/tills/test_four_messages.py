"""Row 8: four messages of a till, a customer, an order, a voucher used and a refund, are all that the rest needs."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from hub.database import Database
from hub.kit import ids
from hub.ledger import service as ledger
from hub.profiles.model import IdentifierKind
from hub.rewards import service as rewards
from hub.settings import Settings
from hub.vouchers import redeeming, sweeping
from hub.vouchers.codes import Codes
from hub.vouchers.redeeming import Wish
from tests.earning.shop import activate
from tests.intake.inflow import said
from tests.tills.tilling import AT, PHONE, Till, person, route_today

FIVE: Final = """\
reward: five
kind: amount
gives: {amount: 5.00, currency: EUR}
labels: {en: Five off}
cost: {program: club, wallet: points, points: 100}
"""


def now() -> datetime:
    return datetime.now(UTC)  # the till is told by the clock of the machine


async def balance(named: str = "+493012345678") -> int:
    """The points that a customer can spend, once everything has followed from what the till has told."""
    await route_today()
    while await sweeping.sweep(now=now()):
        pass
    owner = (await person(IdentifierKind.PHONE, named)).id
    return (await ledger.purses("club", [owner]))[owner].wallet("points").available(now())


async def redeem(settings: Settings) -> str:
    """The customer redeems alone, in the app, and shows the code."""
    await rewards.publish(FIVE, by="test", key="five", now=now())
    ada = await person(IdentifierKind.PHONE, "+493012345678")
    return (await redeeming.redeem(ada, Wish("five", ids.new_id()), Codes(settings), now=now())).code


def sold(order_id: str, total: str, **beside: Any) -> dict[str, Any]:
    return {"order_id": order_id, "at": AT, "customer": PHONE, "currency": "EUR", "total": total, **beside}


def back(refund_id: str, order_id: str, total: str | None = None, **beside: Any) -> dict[str, Any]:
    amount = {"currency": "EUR", "total": total} if total else {}
    return {"refund_id": refund_id, "order_id": order_id, "at": AT, **amount, **beside}


@pytest.mark.usefixtures("database")
async def test_row_8_four_messages_are_enough_to_earn_redeem_and_give_back(till: Till, settings: Settings) -> None:
    await activate()
    await till.tells("customers", {"id": "v-1", "at": AT, "customer": PHONE, "join": {"program": "club"}})
    await till.tells("orders", sold("4711", "150.00"))
    assert await balance() == 150

    code = await redeem(settings)
    assert await balance() == 50  # locked at once

    discount = await till.post("vouchers/use", {"code": code, "order_id": "4712"})
    assert discount.json()["amount"] == {"currency": "EUR", "amount": "5.00"}
    await till.tells("orders", sold("4712", "20.00", coupon="five"))
    assert await balance() == 70

    await till.tells("refunds", back("R-1", "4712"))
    assert await balance() == 150  # what it earned is gone, what it took is back

    await till.tells("refunds", back("R-2", "4711", "50.00"))
    await till.tells("refunds", back("R-2", "4711", "50.00"))
    assert await balance() == 100


async def test_row_15_what_was_bought_online_and_is_given_back_in_a_store_loses_that_orders_points(
    till: Till, database: Database
) -> None:
    await activate()
    bought = {"order_id": "W-1", "total": 60, "currency": "EUR", "channel": "web"}
    known = {"type": "identify", "userId": "ada", "traits": {"phone": "+493012345678"}, "messageId": "i"}
    await said(known, {"type": "track", "userId": "ada", "event": "Order Completed", "properties": bought})
    await till.tells("orders", sold("4711", "40.00"))
    assert await balance() == 100

    await till.tells("refunds", back("R-1", "W-1", "15.00", order_source="shop"))
    assert await balance() == 85
    await till.tells("refunds", back("R-2", "W-1", "45.00", order_source="shop"))

    assert await balance() == 40
    assert await database["profiles"].count_documents({"traits.phone": "+493012345678"}) == 1
