"""Tiers that are kept: reached at once, announced once, whoever looks at the same time."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hub.events.store import EventDocument
from hub.tiers import service, store, trying
from tests.tiers.conftest import ADA, BOB
from tests.tiers.stage import Stage
from tests.tiers.written import read

END_OF_2026 = datetime(2026, 12, 31, 23, tzinfo=UTC)


async def test_a_tier_is_reached_and_announced_once_however_many_look(stage: Stage) -> None:
    club = read()
    await stage.earn(club, ADA, 500)

    await asyncio.gather(*(stage.review(club, ADA, BOB) for _ in range(8)))
    await stage.review(club, ADA)

    assert await stage.tiers(club, ADA, BOB) == ["silver", None]
    assert await stage.announced() == [("Tier Reached", ADA, "silver")]


async def test_of_two_that_look_the_one_with_the_older_points_has_not_the_last_word(stage: Stage) -> None:
    club = read()
    for _ in range(10):
        await stage.earn(club, ADA, 150)
        await asyncio.gather(stage.review(club, ADA), stage.earn(club, ADA, 0 + 1), stage.review(club, ADA))
    await stage.review(club, ADA)

    assert await stage.tiers(club, ADA) == ["gold"]
    assert await stage.announced() == [("Tier Reached", ADA, "silver"), ("Tier Reached", ADA, "gold")]


async def test_what_a_process_has_saved_and_not_announced_is_announced_by_the_sweep(stage: Stage) -> None:
    club = read()
    await stage.earn(club, ADA, 500)
    await stage.review(club, ADA)
    await EventDocument.find().delete()
    await store.StandingDocument.get_pymongo_collection().update_many({}, {"$set": {"told": 0, "untold": True}})

    assert [await service.sweep(now=stage.now), await service.sweep(now=stage.now)] == [1, 0]
    assert await stage.announced() == [("Tier Reached", ADA, "silver")]


async def test_a_refund_below_the_tier_follows_the_policy_of_the_program(stage: Stage) -> None:
    strict = read(("refund: at_end", "refund: at_once"))
    await stage.earn(strict, ADA, 500, "order/A")
    await stage.review(strict, ADA)
    stage.now += timedelta(days=3)

    await stage.take_back(strict, ADA, 1, "order/A")
    await stage.review(strict, ADA)

    assert await stage.tiers(strict, ADA) == [None]
    assert await stage.announced() == [("Tier Reached", ADA, "silver"), ("Tier Lost", ADA, "silver")]


async def test_the_night_ends_a_tier_whose_time_is_over_and_books_what_has_expired(stage: Stage) -> None:
    club = read(("down: one_step", "down: by_balance"))
    await stage.earn(club, ADA, 500)
    await stage.earn(club, ADA, 40, currency="points")
    await stage.review(club, ADA)

    stage.now = END_OF_2026 - timedelta(minutes=1)
    before = await stage.night(club)
    stage.now = datetime(2027, 3, 20, 0, 30, tzinfo=UTC)
    expiring = await stage.night(club)
    stage.now = datetime(2028, 2, 1, tzinfo=UTC)
    ending = await stage.night(club)
    again = await stage.night(club)

    assert (before.expired, before.tiers) == (0, 0)
    assert (expiring.expired, expiring.tiers) == (1, 0)
    assert [await stage.balance(club, ADA, it) for it in ("status", "points")] == [0, 0]
    assert (ending.expired, ending.tiers, again.tiers) == (0, 1, 0)
    assert await stage.announced() == [("Tier Reached", ADA, "silver"), ("Tier Lost", ADA, "silver")]


async def test_what_is_earned_in_the_last_minute_of_the_year_still_counts_though_it_is_told_late(stage: Stage) -> None:
    club = read()
    stage.now = END_OF_2026 - timedelta(minutes=1)
    await stage.earn(club, ADA, 500)
    told_at = END_OF_2026 + timedelta(hours=9)

    await service.review(club, {ADA: (ADA,)}, at=stage.now, now=told_at)

    assert await stage.tiers(club, ADA) == ["silver"]


async def test_points_that_expire_soon_are_told_once_for_each_date(stage: Stage) -> None:
    club = read(("pending: 14d", "warn: 30d"))
    await stage.earn(club, ADA, 40, currency="points")
    await stage.earn(club, ADA, 2, currency="points")
    await stage.earn(club, BOB, 7)
    stage.now += timedelta(days=336)

    await stage.night(club)
    stage.now += timedelta(days=1)
    await stage.night(club)

    told = await EventDocument.find({"name": "Points Expiring"}).to_list()
    assert [(it.about, it.properties) for it in told] == [
        (
            ADA,
            {
                "program": "finch-club",
                "currency": "points",
                "points": 42,
                "expires_at": "2027-03-01T23:00:00+00:00",
                "balance": 42,
            },
        )
    ]


async def test_who_absorbed_somebody_has_the_better_tier_of_both(stage: Stage) -> None:
    club = read()
    await stage.earn(club, BOB, 1500)
    await stage.review(club, BOB)

    await service.review(club, {ADA: (ADA, BOB)}, at=stage.now, now=stage.now)

    assert await stage.tiers(club, ADA) == ["gold"]
    assert await stage.announced() == [("Tier Reached", BOB, "gold")]


async def test_tiers_are_tried_out_before_they_hold(stage: Stage) -> None:
    club = read()
    for number, points in enumerate((100, 500, 700, 1500)):
        owner = UUID(int=0xC000 + number)
        await stage.earn(club, owner, points)
        await stage.review(club, owner)

    stricter = await trying.tried(
        read(("from: 500,", "from: 600,"), ("refund: at_end", "refund: at_once")), now=stage.now
    )
    looser = await trying.tried(read(("from: 1500", "from: 650")), now=stage.now)

    assert (stricter.members, stricter.moves, stricter.up, stricter.down) == (4, {("silver", None): 1}, 0, 1)
    assert (looser.members, looser.moves, looser.up, looser.down) == (4, {("silver", "gold"): 1}, 1, 0)
    assert await stage.tiers(club, UUID(int=0xC001)) == ["silver"]
