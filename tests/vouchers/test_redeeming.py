"""Rows 31 and 33: a redemption locks the points at once, and gives them back once, into the lots they came from."""

import asyncio

import pytest

from hub.kit import ids
from hub.ledger import flushing
from hub.rewards import places
from hub.rewards.model import NoSuchReward, Reason
from hub.vouchers.codes import code_form
from hub.vouchers.model import (
    AlreadyUsed,
    RewardUnavailable,
    VoucherExpired,
    VoucherRefused,
    VoucherReleased,
    VoucherReserved,
    VoucherState,
)
from tests.vouchers.stage import COFFEE, DAY, NOON, Stage


async def test_row_31_the_balance_drops_by_the_cost_at_once_and_a_code_with_an_expiry_is_given(ada: Stage) -> None:
    await ada.publish(COFFEE)
    await ada.earn(150)

    voucher = await ada.redeem()

    assert await ada.available() == 50
    assert code_form(voucher.code) == voucher.code
    assert (voucher.state, voucher.expires_at) == (VoucherState.ISSUED, NOON + 30 * DAY)
    assert (await ada.purse()).wallet("points").held == 100
    assert await ada.voucher(voucher) == voucher


async def test_row_31_of_concurrent_redemptions_as_many_succeed_as_there_are_points_for(ada: Stage) -> None:
    await ada.publish(COFFEE)
    await ada.earn(350)

    done = await asyncio.gather(*(ada.redeem(key=str(it)) for it in range(10)), return_exceptions=True)

    refused = [it for it in done if isinstance(it, RewardUnavailable)]
    vouchers = [it for it in done if not isinstance(it, BaseException)]
    assert (len(vouchers), len(refused)) == (3, 7)
    assert {it.reasons for it in refused} == {(Reason.INSUFFICIENT_POINTS,)}
    assert {it.missing for it in refused} == {50}
    assert len({it.code for it in vouchers}) == 3
    assert await ada.available() == 50


async def test_the_same_key_is_the_same_voucher_whoever_repeats_it_at_the_same_time(ada: Stage) -> None:
    await ada.publish(f"{COFFEE}stock: 5\nper_member: 3\n")
    await ada.earn(300)

    vouchers = await asyncio.gather(*(ada.redeem(key="k") for _ in range(5)))

    assert len({it.id for it in vouchers}) == 1
    assert await ada.available() == 200
    await ada.sweep()
    assert await ada.redeem(key="k") == vouchers[0]
    assert await ada.places() == {"stock": 1, "member": 1}
    assert await ada.database["vouchers"].count_documents({}) == 1


async def test_a_voucher_that_is_still_with_its_posting_is_found_by_its_code(ada: Stage) -> None:
    await ada.publish(COFFEE)
    await ada.earn(100)
    voucher = await ada.redeem()
    assert await ada.database["vouchers"].count_documents({}) == 0

    await ada.confirm(voucher)

    assert (await ada.voucher(voucher)).state is VoucherState.USED


@pytest.mark.parametrize("flushed", [False, True])
async def test_row_33_cancelling_before_use_gives_the_points_back_to_their_old_lots_once(
    ada: Stage, *, flushed: bool
) -> None:
    await ada.publish(COFFEE)
    await ada.earn(60, origin="order/shop/A", expires=NOON + 10 * DAY)
    await ada.earn(70, origin="order/shop/B", expires=NOON + 20 * DAY)
    before = await ada.lots()
    voucher = await ada.redeem()
    assert await ada.lots() == [("order/shop/B", 30, NOON + 20 * DAY)]
    if flushed:
        await flushing.flush_waiting(500, now=ada.now + DAY)

    ada.now += DAY
    await asyncio.gather(*(ada.cancel(voucher) for _ in range(3)))
    await ada.sweep()

    assert await ada.lots() == before
    assert (await ada.voucher(voucher)).state is VoucherState.RELEASED
    assert await ada.told() == ["Reward Issued", "Voucher Released"]
    with pytest.raises(VoucherReleased):
        await ada.confirm(voucher)
    assert await ada.lots() == before


async def test_row_33_when_the_time_of_a_voucher_is_over_its_points_go_back_once_and_the_code_is_refused(
    ada: Stage,
) -> None:
    await ada.publish(f"{COFFEE}lasts: 7d\nstock: 5\n")
    await ada.earn(100, origin="order/shop/A", expires=NOON + 20 * DAY)
    voucher = await ada.redeem()
    await ada.sweep()
    assert await ada.places() == {"stock": 1}

    ada.now += 7 * DAY
    with pytest.raises(VoucherExpired):  # also before the sweep has seen it
        await ada.confirm(voucher)
    with pytest.raises(VoucherExpired):
        await ada.cancel(voucher)
    await ada.sweep()
    await ada.sweep()

    assert await ada.lots() == [("order/shop/A", 100, NOON + 20 * DAY)]
    assert await ada.told() == ["Reward Issued", "Voucher Expired"]
    assert await ada.places() == {}
    with pytest.raises(VoucherExpired):
        await ada.confirm(voucher)


async def test_points_that_expired_while_they_were_held_are_worth_nothing_when_they_come_back(ada: Stage) -> None:
    await ada.publish(COFFEE)
    await ada.earn(100, origin="order/shop/A", expires=NOON + DAY)
    voucher = await ada.redeem()

    ada.now += 2 * DAY
    await ada.cancel(voucher)

    assert await ada.lots() == [("order/shop/A", 100, NOON + DAY)]
    assert await ada.available() == 0


async def test_a_voucher_that_is_used_or_reserved_is_not_given_back(ada: Stage) -> None:
    await ada.publish(COFFEE)
    await ada.earn(200)
    used, reserved = await ada.redeem(), await ada.redeem()
    await ada.confirm(used)
    await ada.reserve(reserved)

    with pytest.raises(AlreadyUsed):
        await ada.cancel(used)
    with pytest.raises(VoucherReserved):
        await ada.cancel(reserved)
    await ada.sweep()

    assert await ada.available() == 0


async def test_a_refusal_moves_no_point_and_takes_no_place(ada: Stage) -> None:
    await ada.publish(
        f"{COFFEE}stock: 5\nper_member: 2\n", COFFEE.replace("reward: coffee", "reward: tea") + "state: retired\n"
    )
    await ada.earn(99)

    with pytest.raises(RewardUnavailable) as short:
        await ada.redeem()
    with pytest.raises(RewardUnavailable) as retired:
        await ada.redeem("tea")
    with pytest.raises(NoSuchReward):
        await ada.redeem("cofee")

    assert (short.value.reasons, short.value.missing) == ((Reason.INSUFFICIENT_POINTS,), 1)
    assert retired.value.reasons == (Reason.NOT_LIVE,)
    assert await ada.available() == 99
    assert await ada.places() == {}


async def test_a_stock_is_never_given_twice_and_what_comes_back_can_be_had_again(ada: Stage) -> None:
    await ada.publish(f"{COFFEE}stock: 3\n")
    for name in "abcde":
        await ada.earn(100, name=name)

    done = await asyncio.gather(*(ada.redeem(name=it) for it in "abcde"), return_exceptions=True)

    refused = [it for it in done if isinstance(it, RewardUnavailable)]
    vouchers = [it for it in done if not isinstance(it, BaseException)]
    assert [it.reasons for it in refused] == [(Reason.OUT_OF_STOCK,)] * 2
    await ada.cancel(vouchers[0])
    await ada.earn(100, name="a")
    assert (await ada.redeem(name="a")).state is VoucherState.ISSUED
    await ada.earn(100, name="f")
    with pytest.raises(RewardUnavailable):
        await ada.redeem(name="f")
    assert await ada.places() == {"stock": 3}


async def test_one_member_has_as_many_as_one_may_and_one_more_when_one_was_given_back(ada: Stage) -> None:
    await ada.publish(f"{COFFEE}per_member: 2\n")
    await ada.earn(500)
    first, _ = await ada.redeem(), await ada.redeem()

    with pytest.raises(RewardUnavailable) as refused:
        await ada.redeem()
    assert refused.value.reasons == (Reason.LIMIT_REACHED,)
    await ada.cancel(first)
    await ada.redeem()

    assert await ada.available() == 300


async def test_a_large_stock_lies_in_many_documents_and_is_given_to_the_last_one(ada: Stage) -> None:
    await ada.publish("{reward: thanks, kind: experience, labels: {en: Thanks}, stock: 260}")

    for number in range(26):
        await asyncio.gather(*(ada.redeem("thanks", name=f"{number}/{it}") for it in range(10)))
    with pytest.raises(RewardUnavailable):
        await ada.redeem("thanks", name="late")

    rows = await ada.database["reward_places"].find({}).to_list()
    assert sorted(len(row["held"]) for row in rows) == [10, 250]


async def test_a_place_whose_voucher_never_came_to_be_is_given_back_by_the_sweep(ada: Stage) -> None:
    await ada.publish(f"{COFFEE}stock: 5\n")
    await ada.earn(100)
    await places.take(places.stock("coffee", 5), ids.key_of("test", "killed"), now=ada.now)
    await ada.redeem()
    await ada.sweep()
    assert await ada.places() == {"stock": 2}

    ada.now += places.UNSURE_FOR
    await ada.sweep()

    assert await ada.places() == {"stock": 1}


async def test_every_refusal_of_a_voucher_has_a_code_of_its_own() -> None:
    codes = [it.code for it in VoucherRefused.__subclasses__()]

    assert len({*codes}) == len(codes) == 8
