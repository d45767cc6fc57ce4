"""Whatever is done with vouchers at the same time, points and places agree with where the vouchers stand."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import pytest

from hub.ledger import flushing
from hub.ledger.store import PostingDocument
from hub.vouchers import store
from hub.vouchers.model import OVER, RewardUnavailable, Voucher, VoucherRefused, VoucherState
from hub.vouchers.using import LEASE
from tests.vouchers.stage import COFFEE, DAY, Stage

ROUNDS, AT_ONCE = 12, 8
PEOPLE = ("ada", "bob")


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_at_the_same_time_points_and_places_agree_with_the_vouchers(
    ada: Stage, seed: int
) -> None:
    chance = random.Random(seed)
    await ada.publish(f"{COFFEE}stock: 6\nper_member: 4\nstacking: drink\nlasts: 7d\n")
    earned: Counter[str] = Counter()
    vouchers: list[Voucher] = []

    async def earn() -> None:
        name = chance.choice(PEOPLE)
        earned[name] += 150
        await ada.earn(150, name=name)

    async def redeem() -> None:
        vouchers.append(await ada.redeem(name=chance.choice(PEOPLE), key=str(chance.randrange(40))))

    async def use() -> None:
        voucher, order = chance.choice(vouchers), f"O-{chance.randrange(6)}"
        match chance.randrange(4):
            case 0:
                await ada.reserve(voucher, order)
            case 1:
                await ada.free(voucher, order)
            case _:
                await ada.confirm(voucher, order)

    async def drop() -> None:
        await ada.cancel(chance.choice(vouchers))

    async def give_back() -> None:
        await ada.reverse(f"O-{chance.randrange(6)}")

    async def flush() -> None:
        await flushing.flush_waiting(500, now=ada.now + DAY)

    ways: Sequence[Callable[[], Awaitable[None]]] = (earn, redeem, redeem, redeem, use, use, drop, give_back, flush)
    for _ in range(ROUNDS):
        chosen = [it for it in chance.choices(ways, k=AT_ONCE) if vouchers or it not in {use, drop}]
        done = await asyncio.gather(*(it() for it in chosen), ada.sweep(), return_exceptions=True)
        strange = [it for it in done if isinstance(it, BaseException)]
        assert all(isinstance(it, RewardUnavailable | VoucherRefused) for it in strange), strange
        ada.now += chance.choice([LEASE / 2, LEASE, DAY])

    await flushing.flush([ada.person(it).id for it in PEOPLE])
    await ada.sweep()
    await agree(ada, earned)


async def agree(ada: Stage, earned: Counter[str]) -> None:
    rows = await store.VoucherDocument.get_pymongo_collection().find({}).to_list()
    assert rows, "nothing came to be: another seed"
    assert all("unsettled_at" not in row for row in rows)
    held = {VoucherState.ISSUED.value, VoucherState.RESERVED.value}
    for name in PEOPLE:
        mine = Counter(row["state"] for row in rows if row["profile_id"] == ada.person(name).id)
        wallet = (await ada.purse(name)).wallet("points")
        assert wallet.held == 100 * sum(mine[it] for it in held)
        assert wallet.balance == earned[name] - wallet.held - 100 * mine[VoucherState.USED.value]
        assert wallet.balance >= 0
    kept = [row for row in rows if row["state"] not in OVER]
    places = await ada.places()
    assert places.get("stock", 0) == len(kept) <= 6
    assert places.get("order", 0) <= 1
    orders = Counter(row["order"]["order_id"] for row in kept if row.get("order"))
    assert set(orders.values()) <= {1}  # one of a class for each order
    told = [row["message_id"] async for row in ada.database["events"].find({"name": "Reward Issued"})]
    assert len(told) == len(rows)
    keys = [row["_id"] async for row in PostingDocument.get_pymongo_collection().find({}, {"_id": 1})]
    assert len({*keys}) == len(keys)
