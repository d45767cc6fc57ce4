"""Who is in a segment, as rows of a file."""

from datetime import timedelta

import pytest

from hub.bulk import exports, members
from hub.bulk.rows import RowKind
from hub.database import Database
from hub.profiles import store as profiles_store
from hub.segments import service, store
from hub.segments.service import NoSuchSegment
from tests.rollups.stage import Shop

GERMANS = '{segment: germans, when: profile.country = "DE"}'


@pytest.fixture
async def shop(database: Database) -> Shop:
    shop = Shop(database)
    await service.publish(GERMANS, by="test", key="k", now=shop.now)
    return shop


async def test_the_members_of_a_segment_are_exported_as_profiles_are_with_since_when_they_are_in(shop: Shop) -> None:
    for user, country in (("ada", "DE"), ("bob", "AT")):
        await shop.identify(user=user, traits={"country": country})
    await shop.route()
    entered = shop.now
    shop.now += timedelta(days=9)
    await shop.identify(user="ada", traits={"city": "Berlin"})
    await shop.route()

    [ada] = [row async for row in members.rows("germans")]

    assert ada["hub"].pop("since") == entered
    assert [ada] == [it async for it in exports.rows(RowKind.PROFILES) if it["userId"] == "ada"]
    assert (ada["userId"], ada["country"], ada["city"]) == ("ada", "DE", "Berlin")


async def test_who_has_left_a_segment_is_not_exported_with_it(shop: Shop) -> None:
    await shop.identify(user="ada", traits={"country": "DE"})
    await shop.route()
    assert [row["userId"] async for row in members.rows("germans")] == ["ada"]

    await shop.identify(user="ada", traits={"country": "AT"})
    await shop.route()

    assert [row async for row in members.rows("germans")] == []


async def test_who_was_absorbed_is_in_the_file_once_as_their_head(shop: Shop) -> None:
    await shop.identify(user=None, anonymousId="a1", traits={"country": "DE"})
    await shop.route()
    await shop.identify(user="ada", anonymousId="a2", traits={"country": "DE"})
    await shop.route()
    await shop.identify(user="ada", anonymousId="a1")
    await shop.route()
    in_it = store.members_of("germans")
    assert await profiles_store.ProfileDocument.get_pymongo_collection().count_documents(in_it) == 2

    [ada] = [row async for row in members.rows("germans")]

    assert (ada["userId"], ada["hub"]["id"]) == ("ada", str((await shop.profile()).id))


async def test_more_members_than_a_batch_come_whole_and_once(shop: Shop) -> None:
    users = [f"u{it}" for it in range(exports.BATCH + 5)]
    for it in users:
        await shop.identify(user=it, traits={"country": "DE"})
    await shop.route()

    assert sorted([row["userId"] async for row in members.rows("germans")]) == sorted(users)


async def test_members_are_read_in_the_order_of_an_index_however_many_there_are(shop: Shop) -> None:
    find = {"find": "profiles", "filter": {**store.members_of("germans"), "absorbed_by": None}, "sort": {"_id": 1}}

    plan = str(await shop.database.command("explain", find, verbosity="queryPlanner"))

    assert "'stage': 'IXSCAN'" in plan
    assert "'stage': 'SORT'" not in plan


async def test_a_segment_that_there_is_not_is_told_with_what_was_perhaps_meant(shop: Shop) -> None:
    del shop
    with pytest.raises(NoSuchSegment) as refused:
        await service.live("germnas")

    assert (refused.value.code, refused.value.message) == (
        "NOT_FOUND",
        "There is no segment `germnas`. Did you mean `germans`?",
    )
