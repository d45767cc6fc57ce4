"""Row 81: a gesture costs nothing, is a benefit like any other, and counts under the caps of the contact policy."""

from uuid import uuid4

import pytest

from hub.contact import service as contact
from hub.contact import store as contacts
from hub.profiles.model import Channel
from hub.rewards.model import Reason
from hub.vouchers import giving
from hub.vouchers.model import RewardUnavailable, Voucher, VoucherState
from hub.vouchers.redeeming import Wish
from tests.vouchers.stage import COFFEE, DAY, Stage

CAKE = "{reward: cake, kind: gesture, labels: {en: A piece of cake}, stock: 2}"


async def give(ada: Stage, reward: str = "cake", *, name: str = "ada", key: object = None) -> Voucher:
    wish = Wish(reward, key or uuid4(), gift=True, cause="giveReward")  # type: ignore[arg-type]  # a key of the test
    return await giving.give(ada.person(name), wish, ada.hidden, now=ada.now)


async def caps(ada: Stage, most: int) -> None:
    source = f"policy: contact\ncaps: [{{most: {most}, per: 24h}}]\n"
    await contact.publish(source, by="test", key=source, now=ada.now)
    giving._policies._asked_at = None


async def counted(ada: Stage) -> list[tuple[str, Channel]]:
    profile = ada.person()
    found = (await contacts.load({profile.id: profile.own_ids}))[profile.id]
    return [(it.topic, it.channel) for it in found.places]


async def test_row_81_a_gesture_is_given_for_nothing_and_takes_a_place_under_the_caps(ada: Stage) -> None:
    await ada.publish(CAKE)
    await caps(ada, 1)

    voucher = await give(ada)

    assert (voucher.state, voucher.cost) == (VoucherState.ISSUED, None)
    assert await counted(ada) == [("gesture", Channel.INBOX)]
    with pytest.raises(RewardUnavailable) as refused:
        await give(ada)
    assert refused.value.reasons == (Reason.CAPPED,)
    assert await ada.places() == {"stock": 1}
    ada.now += DAY
    assert (await give(ada)).state is VoucherState.ISSUED


async def test_the_same_gesture_given_again_is_the_same_and_counts_once(ada: Stage) -> None:
    await ada.publish(CAKE)
    await caps(ada, 2)
    key = uuid4()

    assert await give(ada, key=key) == await give(ada, key=key)
    assert len(await counted(ada)) == 1


async def test_a_gesture_that_there_is_not_counts_nothing(ada: Stage) -> None:
    await ada.publish(CAKE)
    await caps(ada, 5)
    for name in ("bob", "eve"):
        await give(ada, name=name)

    with pytest.raises(RewardUnavailable) as refused:
        await give(ada)

    assert refused.value.reasons == (Reason.OUT_OF_STOCK,)
    assert await counted(ada) == []


async def test_whoever_is_given_what_costs_points_keeps_theirs(ada: Stage) -> None:
    await ada.publish(COFFEE)
    await ada.earn(120)

    voucher = await give(ada, "coffee")

    assert voucher.cost is None
    assert await ada.available() == 120
    assert (await ada.confirm(voucher)).voucher.state is VoucherState.USED
