"""Row 43: an event has so many seats, who comes then waits, and a seat that is given back goes to the first of them."""

import asyncio
from uuid import uuid4

import pytest

from hub.ledger import flushing
from hub.ledger.errors import Crowded
from hub.profiles import store as profiles
from hub.profiles.model import Profile
from hub.vouchers import redeeming, waiting
from hub.vouchers.model import RewardUnavailable, Voucher
from hub.vouchers.redeeming import Wish
from hub.vouchers.waiting import Waiting
from tests.vouchers.stage import DAY, Stage

TALK = """\
reward: talk
kind: event
gives: {seats: 2, at: 2026-12-24T18:00:00Z}
labels: {en: A talk about beans}
lasts: 1d
"""
PAID = f"{TALK}cost: {{program: beans, points: 50}}\n"


@pytest.fixture
async def hall(ada: Stage) -> Stage:
    """Five people who could come."""
    people = [Profile(uuid4(), first_seen_at=ada.now, last_seen_at=ada.now) for _ in "abcde"]
    await profiles.save(people, token=uuid4())
    ada.people = dict(zip("abcde", people, strict=True))
    return ada


async def seated(hall: Stage) -> list[str]:
    names = {it.id: name for name, it in hall.people.items()}
    await flushing.flush(names)
    await hall.sweep()
    rows = await hall.database["vouchers"].find({"state": "issued"}).to_list()
    return sorted(names[row["profile_id"]] for row in rows)


async def test_row_43_the_third_of_two_seats_waits_and_has_the_first_one_that_is_given_back(hall: Stage) -> None:
    await hall.publish(TALK)
    first, _ = await hall.ask("talk", name="a"), await hall.ask("talk", name="b")

    assert await hall.ask("talk", name="c") == Waiting("talk", 1)
    hall.now += DAY
    assert await hall.ask("talk", name="d") == Waiting("talk", 2)
    assert await hall.ask("talk", name="c") == Waiting("talk", 1)  # keeps the place
    assert isinstance(first, Voucher)
    await hall.cancel(first)
    assert await hall.ask("talk", name="e") == Waiting("talk", 3)  # a seat is free, and not for those who come now
    assert await hall.promote() == 1

    assert await seated(hall) == ["b", "c"]
    assert await waiting.of("talk", hall.person("d")) == Waiting("talk", 1)
    issued = await hall.database["events"].find_one({"about": hall.person("c").id, "name": "Reward Issued"})
    assert issued
    assert issued["properties"]["cause"] == "waiting_list"
    assert await hall.promote() == 0


async def test_whose_points_do_not_suffice_is_passed_over_and_keeps_their_place(hall: Stage) -> None:
    await hall.publish(PAID)
    for name in "abd":
        await hall.earn(50, name=name)
    first = await hall.ask("talk", name="a")
    await hall.ask("talk", name="b")
    for name in "cd":
        hall.now += DAY / 24
        await hall.ask("talk", name=name)
    assert await hall.available("d") == 50

    assert isinstance(first, Voucher)
    await hall.cancel(first)
    await hall.promote()

    assert await seated(hall) == ["b", "d"]
    assert await hall.available("d") == 0
    assert await waiting.of("talk", hall.person("c")) == Waiting("talk", 1)


async def test_however_many_look_at_the_list_at_the_same_time_a_seat_goes_to_one(hall: Stage) -> None:
    await hall.publish(TALK)
    first, *_ = [await hall.ask("talk", name=name) for name in "abcde"]
    assert isinstance(first, Voucher)
    await hall.cancel(first)

    await asyncio.gather(*(hall.promote() for _ in range(5)))

    assert await seated(hall) == ["b", "c"]
    assert await hall.places() == {"stock": 2}


async def test_who_leaves_the_list_gets_no_seat_and_the_list_ends_with_the_event(hall: Stage) -> None:
    await hall.publish(TALK)
    first, *_ = [await hall.ask("talk", name=name) for name in "abcd"]
    assert await waiting.leave("talk", hall.person("c"))
    assert not await waiting.leave("talk", hall.person("c"))
    assert isinstance(first, Voucher)
    assert first.expires_at.isoformat() == "2026-12-25T18:00:00+00:00"

    hall.now = first.expires_at
    await hall.promote()

    assert await hall.database["reward_waiters"].count_documents({}) == 0


async def test_nobody_waits_for_what_they_cannot_have_or_for_what_is_no_event(hall: Stage) -> None:
    await hall.publish(
        f"{TALK}when: profile.vip = true\n", "{reward: gift, kind: experience, labels: {en: A}, stock: 1}"
    )
    await hall.ask("gift", name="a")

    for reward in ("talk", "gift"):
        with pytest.raises(RewardUnavailable):
            await hall.ask(reward, name="b")

    assert await hall.database["reward_waiters"].count_documents({}) == 0


async def test_who_has_a_seat_and_asks_again_while_others_wait_is_told_of_their_seat(hall: Stage) -> None:
    """As one does whose first request was done, and whose process died before it could answer."""
    await hall.publish(TALK)
    key = uuid4()
    seat = await waiting.ask(hall.person("a"), Wish("talk", key), hall.hidden, now=hall.now)
    await hall.ask("talk", name="b")
    await hall.ask("talk", name="c")

    again = await waiting.ask(hall.person("a"), Wish("talk", key), hall.hidden, now=hall.now)

    assert isinstance(seat, Voucher)
    assert isinstance(again, Voucher)
    assert again.id == seat.id
    assert await waiting.of("talk", hall.person("a")) is None
    assert await seated(hall) == ["a", "b"]


async def test_whose_points_others_are_at_when_a_seat_is_free_has_it_at_the_next_look(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hall.publish(TALK)
    first, _ = await hall.ask("talk", name="a"), await hall.ask("talk", name="b")
    await hall.ask("talk", name="c")
    await hall.ask("talk", name="d")
    assert isinstance(first, Voucher)
    await hall.cancel(first)

    async def crowded(*_: object, **__: object) -> Voucher:
        raise Crowded

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(redeeming, "redeem", crowded)
        assert await hall.promote() == 0
    assert await hall.promote() == 1

    assert await seated(hall) == ["b", "c"]
