"""Rows 32, 34, 36: the first order to confirm wins, the same again is answered the same, and a refund reverses."""

import asyncio
from dataclasses import fields

import pytest

from hub.ledger import flushing
from hub.vouchers.model import (
    AlreadyUsed,
    NoSuchVoucher,
    NotCombinable,
    NotHere,
    Order,
    VoucherExpired,
    VoucherReserved,
    VoucherReversed,
    VoucherState,
)
from hub.vouchers.using import LEASE, confirm
from tests.vouchers.stage import COFFEE, DAY, NOON, Stage

TEA = COFFEE.replace("reward: coffee", "reward: tea")


async def test_row_32_the_first_confirm_wins_its_order_is_answered_the_same_and_another_is_refused(ada: Stage) -> None:
    await ada.publish(COFFEE)
    await ada.earn(100)
    voucher = await ada.redeem()

    first = await ada.confirm(voucher, "O-1", shop="S-1")
    ada.now += DAY
    again = await ada.confirm(voucher, "O-1", shop="S-2")
    with pytest.raises(AlreadyUsed):
        await ada.confirm(voucher, "O-2")

    assert again == first
    assert (first.voucher.state, first.voucher.order, first.voucher.used_at) == (
        VoucherState.USED,
        Order("till", "O-1"),
        NOON,
    )
    assert (first.voucher.store, first.reward.gives.skus) == ("S-1", ("A-1",))


async def test_row_32_of_many_orders_at_the_same_time_one_gets_it(ada: Stage) -> None:
    await ada.publish(COFFEE)
    await ada.earn(100)
    voucher = await ada.redeem()

    orders = [f"O-{number % 10}" for number in range(30)]
    done = await asyncio.gather(*(ada.confirm(voucher, it) for it in orders), return_exceptions=True)

    granted = {it.voucher.order for it in done if not isinstance(it, BaseException)}
    assert len(granted) == 1
    assert [type(it) for it in done if isinstance(it, BaseException)] == [AlreadyUsed] * 27


async def test_the_points_of_a_used_voucher_are_spent_once_for_good(ada: Stage) -> None:
    await ada.publish(f"{COFFEE}stock: 5\n")
    await ada.earn(150)
    voucher = await ada.redeem()
    await ada.confirm(voucher)

    await asyncio.gather(*(ada.sweep() for _ in range(3)))

    wallet = (await ada.purse()).wallet("points")
    assert (wallet.balance, wallet.held) == (50, 0)
    assert await ada.told() == ["Reward Issued", "Voucher Used"]
    assert await ada.places() == {"stock": 1}
    ada.now += 60 * DAY
    await ada.sweep()
    assert (await ada.voucher(voucher)).state is VoucherState.USED
    assert await ada.available() == 50


async def test_row_34_the_code_alone_is_enough_and_what_is_answered_names_no_person(ada: Stage) -> None:
    await ada.publish(COFFEE)
    await ada.earn(100)
    voucher = await ada.redeem()

    granted = await confirm(f" {voucher.code.lower()} ", Order("till", "O-1"), now=ada.now)

    assert granted.voucher.profile_id == voucher.profile_id
    assert {it.name for it in fields(granted.reward)}.isdisjoint({"name_of", "email", "phone", "profile_id"})
    with pytest.raises(NoSuchVoucher):
        await confirm("0000-0000-0000-0007", Order("till", "O-1"), now=ada.now)
    with pytest.raises(NoSuchVoucher):
        await confirm("no code at all", Order("till", "O-1"), now=ada.now)


async def test_a_reserved_voucher_is_its_orders_until_the_lease_is_over(ada: Stage) -> None:
    await ada.publish(COFFEE)
    await ada.earn(100)
    voucher = await ada.redeem()

    await ada.reserve(voucher, "O-1")
    with pytest.raises(VoucherReserved):
        await ada.reserve(voucher, "O-2")
    with pytest.raises(VoucherReserved):
        await ada.confirm(voucher, "O-2")
    with pytest.raises(VoucherReserved):
        await ada.free(voucher, "O-2")
    ada.now += LEASE
    granted = await ada.confirm(voucher, "O-2")

    assert granted.voucher.order == Order("till", "O-2")
    with pytest.raises(AlreadyUsed):
        await ada.confirm(voucher, "O-1")


async def test_an_order_that_is_not_paid_gives_its_voucher_back_at_once(ada: Stage) -> None:
    await ada.publish(f"{COFFEE}stacking: drink\n")
    await ada.earn(100)
    voucher = await ada.redeem()
    await ada.reserve(voucher, "O-1")

    freed = [await ada.free(voucher, "O-1"), await ada.free(voucher, "O-1")]

    assert [it.state for it in freed] == [VoucherState.ISSUED] * 2
    assert await ada.places() == {}
    await ada.reserve(voucher, "O-2")
    assert (await ada.confirm(voucher, "O-2")).voucher.state is VoucherState.USED


async def test_who_pays_within_the_lease_is_not_refused_because_the_voucher_expired_meanwhile(ada: Stage) -> None:
    await ada.publish(f"{COFFEE}lasts: 1h\n")
    await ada.earn(100)
    paid, left = await ada.redeem(), None
    await ada.earn(100)
    left = await ada.redeem()
    ada.now = paid.expires_at - LEASE / 2
    await ada.reserve(paid, "O-1")
    await ada.reserve(left, "O-2")

    ada.now = paid.expires_at
    await ada.sweep()
    await ada.confirm(paid, "O-1")
    ada.now += LEASE
    with pytest.raises(VoucherExpired):
        await ada.confirm(left, "O-2")
    await ada.sweep()

    assert (await ada.voucher(left)).state is VoucherState.EXPIRED
    assert await ada.available() == 100


async def test_a_voucher_of_other_stores_is_refused_and_stays_what_it_was(ada: Stage) -> None:
    await ada.publish(f"{COFFEE}stores: [S-1]\n")
    await ada.earn(100)
    voucher = await ada.redeem()

    for shop in ("S-2", None):
        with pytest.raises(NotHere):
            await ada.confirm(voucher, shop=shop)

    assert (await ada.confirm(voucher, shop="S-1")).voucher.state is VoucherState.USED


async def test_an_order_takes_one_voucher_of_a_class_and_any_number_without_one(ada: Stage) -> None:
    await ada.publish(f"{COFFEE}stacking: drink\n", f"{TEA}stacking: drink\n", COFFEE.replace("coffee", "cake"))
    await ada.earn(500)
    coffee, tea, *cakes = [await ada.redeem(it) for it in ("coffee", "tea", "cake", "cake")]

    await ada.confirm(coffee, "O-1")
    with pytest.raises(NotCombinable):
        await ada.confirm(tea, "O-1")
    with pytest.raises(NotCombinable):
        await ada.reserve(tea, "O-1")
    for cake in cakes:
        await ada.confirm(cake, "O-1")
    await ada.confirm(tea, "O-2")
    await ada.confirm(coffee, "O-1")

    assert (await ada.voucher(tea)).order == Order("till", "O-2")


async def test_of_two_vouchers_of_a_class_at_the_same_time_an_order_gets_one(ada: Stage) -> None:
    await ada.publish(f"{COFFEE}stacking: drink\n")
    await ada.earn(300)
    vouchers = [await ada.redeem() for _ in range(3)]

    done = await asyncio.gather(*(ada.confirm(it, "O-1") for it in vouchers), return_exceptions=True)

    assert sorted(isinstance(it, NotCombinable) for it in done) == [False, True, True]


@pytest.mark.parametrize("settled", [False, True])
async def test_row_36_when_the_order_is_given_back_the_spent_points_go_back_to_their_old_lots(
    ada: Stage, *, settled: bool
) -> None:
    await ada.publish(f"{COFFEE}stock: 5\n")
    await ada.earn(60, origin="order/shop/A", expires=NOON + 10 * DAY)
    await ada.earn(70, origin="order/shop/B", expires=NOON + 20 * DAY)
    before = await ada.lots()
    voucher = await ada.redeem()
    granted = await ada.confirm(voucher)
    if settled:
        await flushing.flush_waiting(500, now=ada.now + DAY)
        await ada.sweep()

    ada.now += DAY
    assert [await ada.reverse(), await ada.reverse(), await ada.reverse("O-9")] == [1, 0, 0]
    await ada.sweep()
    await ada.sweep()

    assert await ada.lots() == before
    assert (await ada.purse()).wallet("points").held == 0
    assert await ada.places() == {}
    assert await ada.told() == ["Reward Issued", "Voucher Used", "Voucher Reversed"]
    assert (await ada.confirm(voucher)).reward == granted.reward  # a till that was offline is answered as it was then
    with pytest.raises(VoucherReversed):
        await ada.confirm(voucher, "O-2")


async def test_an_order_that_is_cancelled_before_it_is_paid_lets_its_vouchers_go(ada: Stage) -> None:
    await ada.publish(COFFEE)
    await ada.earn(100)
    voucher = await ada.redeem()
    await ada.reserve(voucher)

    assert await ada.reverse() == 0
    assert (await ada.voucher(voucher)).state is VoucherState.ISSUED
    assert await ada.available() == 0
