"""Row 36: an order that is given back whole gives back its vouchers, however it was given back."""

import pytest

from hub.vouchers.model import Order, VoucherState
from hub.vouchers.using import confirm
from tests.intake.inflow import APP, SHOP
from tests.rollups.stage import Shop
from tests.vouchers.stage import COFFEE, Stage

PAID = {"order_id": "O-1", "total": 10, "currency": "EUR"}


@pytest.fixture
async def shop(ada: Stage) -> Shop:
    """A shop that knows Ada, who has a voucher for a coffee."""
    shop = Shop(ada.database)
    shop.now = ada.now
    await shop.identify()
    await shop.route()
    ada.people["ada"] = await shop.profile()
    await ada.publish(COFFEE)
    await ada.earn(100)
    return shop


async def used(ada: Stage) -> str:
    """Use the coffee for the order, and give its code."""
    voucher = await ada.redeem()
    await confirm(voucher.code, Order(SHOP.id, "O-1"), now=ada.now)
    await ada.sweep()
    return voucher.code


async def state(ada: Stage, shop: Shop) -> tuple[VoucherState, int]:
    """Where the voucher stands, and how many points Ada can spend."""
    ada.now = max(ada.now, shop.now)
    await ada.sweep()
    row = await ada.database["vouchers"].find_one({})
    assert row
    return VoucherState(row["state"]), await ada.available()


async def test_one_refund_of_all_reverses(ada: Stage, shop: Shop) -> None:
    await shop.say("Order Completed", properties=PAID)
    await used(ada)
    await shop.say("Order Refunded", properties={"order_id": "O-1", "refund_id": "R-1"})
    await shop.route()

    assert await state(ada, shop) == (VoucherState.REVERSED, 100)


async def test_ten_refunds_of_a_tenth_reverse_with_the_last_one_and_not_before(ada: Stage, shop: Shop) -> None:
    await shop.say("Order Completed", properties=PAID)
    await used(ada)
    for number in range(10):
        assert await state(ada, shop) == (VoucherState.USED, 0)
        tenth = {"order_id": "O-1", "refund_id": f"R-{number}", "total": 1, "currency": "EUR"}
        await shop.say("Order Refunded", properties=tenth)
        await shop.route()

    assert await state(ada, shop) == (VoucherState.REVERSED, 100)


async def test_a_refund_that_comes_before_its_order_reverses_when_the_order_comes(ada: Stage, shop: Shop) -> None:
    await used(ada)
    refund = {"order_id": "O-1", "refund_id": "R-1", "total": 10, "currency": "EUR"}
    await shop.say("Order Refunded", properties=refund)
    await shop.route()
    assert await state(ada, shop) == (VoucherState.USED, 0)

    await shop.say("Order Completed", properties=PAID)
    await shop.route()

    assert await state(ada, shop) == (VoucherState.REVERSED, 100)


async def test_a_till_that_tells_of_a_voucher_after_its_order_was_given_back_takes_no_points(
    ada: Stage, shop: Shop
) -> None:
    await shop.say("Order Completed", properties=PAID)
    await shop.say("Order Cancelled", properties={"order_id": "O-1"})
    await shop.route()

    await used(ada)

    assert await state(ada, shop) == (VoucherState.REVERSED, 100)


async def test_what_a_client_says_of_a_refund_reverses_nothing(ada: Stage, shop: Shop) -> None:
    await shop.say("Order Completed", properties=PAID)
    await used(ada)
    await shop.say("Order Refunded", source=APP, properties={"order_id": "O-1", "refund_id": "R-1"})
    await shop.route()

    assert await state(ada, shop) == (VoucherState.USED, 0)
