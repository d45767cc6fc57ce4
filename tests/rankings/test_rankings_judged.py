"""All readings of a ranking agree with a naive sort, whatever is ordered."""

import os
from random import Random
from typing import Final
from uuid import UUID

import pytest

from hub.database import Database
from hub.intake.standing import Definitions
from hub.profiles import listing
from hub.profiles.store import profile_of
from hub.rankings import keeping
from hub.segments import service
from hub.segments.model import facts_of
from tests.rankings.floor import judged, publish, ranked
from tests.rollups.stage import Shop

SEED: Final = int(os.environ.get("HUB_RANKINGS_SEED") or Random().randrange(10**9))
ENDS: Final = [
    ("top", "sum", "10"),
    ("top", "sum", "33.3"),
    ("bottom", "sum", "25"),
    ("top", "count", "20"),
    ("bottom", "count", "100"),
    ("top", "average", "50"),
    ("bottom", "days_since_last", "15"),
    ("top", "days_since_first", "1"),
]
UNKEPT: Final = [("bottom", "average", "30"), ("top", "days_since_last", "7.5")]


def rule(end: str, number: str, share: str) -> str:
    return f"{end}(purchases.{number}, {share}%)"


def name(end: str, number: str, share: str) -> str:
    return f"{end}-{number.replace('_', '-')}-{share.replace('.', '-')}"


async def by_query(shop: Shop, database: Database, text: str) -> set[UUID]:
    query = {"$and": [{"absorbed_by": None}, await service.found_by(text, now=shop.now)]}
    return {row["_id"] async for row in database["profiles"].find(query, {"_id": 1})}


async def by_profile(shop: Shop, database: Database) -> dict[str, set[UUID]]:
    """Whom each segment picks when it is asked of one profile, by the boundaries as they stand."""
    defined = (await Definitions().current()).segments
    told = [profile_of(row) async for row in database["profiles"].find({"absorbed_by": None})]
    return {
        segment.name: {
            it.id for it in told if segment.picks(facts_of(it, [segment], shop.now, defined.boundaries), shop.now)
        }
        for segment in defined.ranking
    }


async def agree(shop: Shop, database: Database) -> None:
    asked = await by_profile(shop, database)
    for end in ENDS:
        right = await judged(database, end[1], float(end[2]), bottom=end[0] == "bottom")
        rows = database["profiles"].find({"segments.in.name": name(*end), "absorbed_by": None}, {"_id": 1})
        assert {row["_id"] async for row in rows} == right, (end, "members")
        assert asked[name(*end)] == right, (end, "one by one")
        assert await by_query(shop, database, rule(*end)) == right, (end, "by query")
    for end in UNKEPT:
        right = await judged(database, end[1], float(end[2]), bottom=end[0] == "bottom")
        assert await by_query(shop, database, rule(*end)) == right, (end, "looked up")


async def test_after_any_orders_all_readings_of_a_ranking_equal_a_naive_sort(
    shop: Shop, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\nrankings, HUB_RANKINGS_SEED={SEED}", flush=True)  # noqa: T201
    random = Random(SEED)
    before, later = ENDS[:4], ENDS[4:]
    await publish(shop, *(f"{{segment: {name(*it)}, when: '{rule(*it)}'}}" for it in before))
    for step in range(8):
        if step == 4:
            await publish(shop, *(f"{{segment: {name(*it)}, when: '{rule(*it)}'}}" for it in later))
            await shop.filled()
        for _ in range(random.choice([1, 3, 25])):
            user = f"u{min(random.randrange(40), random.randrange(40))}"
            await shop.order(random.choice([0, 5, 5, 10, 99.99, -3]), user=user)
            if random.random() < 0.3:
                await shop.route()
            if random.random() < 0.2:
                await ranked(shop)
        await shop.route()
        await ranked(shop)
        if step >= 4:
            await agree(shop, database)


async def test_whom_a_rule_picks_is_counted_also_where_nobody_keeps_its_ranking(shop: Shop, database: Database) -> None:
    for number in range(11):
        await shop.order(number, user=f"u{number}")
    await shop.route()

    found = await listing.count(await service.found_by("top(purchases.sum, 10%)", now=shop.now))

    assert found == 2
    assert await keeping.boundaries([]) == {}
    assert not await database["rankings"].count_documents({})


async def test_where_nobody_has_bought_anything_nobody_is_at_the_top_or_the_bottom(shop: Shop) -> None:
    await shop.say("Page Viewed")
    await shop.route()

    for text in ("top(purchases.sum, 100%)", "bottom(purchases.count, 100%)"):
        assert await listing.count(await service.found_by(text, now=shop.now)) == 0
        assert await listing.count(await service.found_by(f"not {text}", now=shop.now)) == 1
