"""A variant that comes back is told of to those who wait: the first n of them for n pieces, each once."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from hub.access.model import Caller, CallerKind, Scope
from hub.commerce import stock, waiting
from hub.commerce.stock import Level, Stock
from hub.commerce.waiting import Wish
from hub.database import Database
from hub.kit import ids
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from tests.killing import killed

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SHOP = Caller(CallerKind.SERVER, "shop", frozenset({Scope.COMMERCE_WRITE}))


def at(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)


async def people(*names: str) -> list[UUID]:
    """Profiles, in the order of their names."""
    profiles = [Profile(ids.key_of("test", name), first_seen_at=NOW, last_seen_at=NOW) for name in names]
    await profiles_store.save(profiles, token=ids.new_id())
    return [profile.id for profile in profiles]


async def wait(profile_ids: Sequence[UUID], sku: str = "red-m", *, minute: int = 0) -> None:
    """Let them wait, each a minute after the one before."""
    await waiting.ask(
        [
            Wish(profile_id, sku, ids.key_of(profile_id, sku, minute), at(minute + place))
            for place, profile_id in enumerate(profile_ids)
        ]
    )


async def counted(on_hand: int, *, minute: int, sku: str = "red-m", location: str = "mitte") -> None:
    """Count, and tell who waits, as the mutation does."""
    await stock.count(SHOP, [(sku, Level(location, on_hand, at(minute)))], now=at(minute))
    await waiting.tell([sku], now=at(minute))


async def told(database: Database) -> list[tuple[UUID, str]]:
    """Who was told of what, in the order of the telling."""
    found = database["events"].find({"name": "Back In Stock"}).sort([("accepted_at", 1), ("place", 1)])
    return [(row["about"], row["properties"]["sku"]) async for row in found]


async def test_a_change_from_none_to_n_tells_exactly_that_variant_to_at_most_n_waiting_customers_first(
    database: Database,
) -> None:
    ada, bob, cleo, dan = await people("ada", "bob", "cleo", "dan")
    await wait([cleo, ada, bob, dan])
    await wait([dan], "red-l")
    await counted(0, minute=10)

    await counted(3, minute=11)

    assert await told(database) == [(cleo, "red-m"), (ada, "red-m"), (bob, "red-m")]
    await counted(5, minute=12)
    assert len(await told(database)) == 3  # it did not come back, there are only more of it
    await counted(0, minute=13)
    await counted(9, minute=14)
    assert (await told(database))[3:] == [(dan, "red-m")]


async def test_a_variant_is_back_when_its_total_leaves_zero_not_that_of_one_location(database: Database) -> None:
    (ada,) = await people("ada")
    await counted(1, minute=1, location="west")
    await wait([ada])

    await counted(5, minute=2)
    assert await told(database) == []
    await counted(0, minute=3, location="west")
    await counted(0, minute=4)
    await counted(1, minute=5, location="west")

    assert await told(database) == [(ada, "red-m")]


async def test_an_older_count_that_comes_late_changes_nothing_and_tells_nobody(database: Database) -> None:
    (ada,) = await people("ada")
    await wait([ada])
    await counted(0, minute=10)

    await counted(7, minute=9)

    assert (await stock.load(["red-m"]))["red-m"].total == 0
    assert await told(database) == []


async def test_who_was_told_waits_no_more_until_they_ask_again(database: Database) -> None:
    (ada,) = await people("ada")
    await wait([ada])
    for minute in (10, 20):
        await counted(0, minute=minute)
        await counted(1, minute=minute + 1)
    assert await told(database) == [(ada, "red-m")]

    await wait([ada], minute=0)  # the same asking once more is no new one
    await wait([ada], minute=30)
    await counted(0, minute=40)
    await counted(1, minute=41)

    assert await told(database) == [(ada, "red-m")] * 2


async def test_asking_twice_keeps_the_place_in_the_queue(database: Database) -> None:
    ada, bob = await people("ada", "bob")
    await wait([ada, bob])
    await wait([ada], minute=5)

    await counted(1, minute=10)

    assert await told(database) == [(ada, "red-m")]


async def test_two_profiles_of_one_person_are_told_once_and_take_one_piece(database: Database) -> None:
    ada, tablet, bob = await people("ada", "tablet", "bob")
    await wait([tablet, ada, bob])
    await database["profiles"].update_one({"_id": ada}, {"$set": {"members": [tablet]}})
    await database["profiles"].update_one({"_id": tablet}, {"$set": {"absorbed_by": ada}})

    await counted(2, minute=10)

    assert await told(database) == [(ada, "red-m"), (bob, "red-m")]


async def test_a_wish_of_somebody_who_is_gone_costs_no_piece(database: Database) -> None:
    ada, bob = await people("ada", "bob")
    await wait([ada, bob])
    await database["profiles"].delete_one({"_id": ada})

    await counted(1, minute=10)

    assert await told(database) == [(bob, "red-m")]


async def test_whatever_dies_on_the_way_the_sweep_ends_it_with_n_told_once_each(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "AT_ONCE", 2)  # so that three of them take two rounds
    length = 0
    dying = True
    while dying:
        for name in ("events", "stock", "wishes", "profiles"):
            await database[name].delete_many({})
        everybody = await people("ada", "bob", "cleo", "dan")
        await wait(everybody)
        await counted(0, minute=10)

        dying = await killed(length, lambda: counted(3, minute=11))
        await stock.count(SHOP, [("red-m", Level("mitte", 3, at(11)))], now=at(11))  # the repeated call
        await waiting.sweep(now=at(12))

        found = sorted([it for it, _ in await told(database)])
        assert found == sorted(everybody[:3]), f"died after {length} halves of a write"
        assert (await stock.load(["red-m"]))["red-m"].restock is None
        length += 1
    assert length > 12


async def test_counts_and_tellings_at_the_same_time_tell_no_more_people_than_there_are_pieces(
    database: Database,
) -> None:
    everybody = await people(*(f"u{place}" for place in range(12)))
    await wait(everybody)
    locations = [f"store {place}" for place in range(6)]

    await asyncio.gather(
        *(counted(1, minute=10, location=location) for location in locations), waiting.sweep(now=at(10))
    )

    standing = (await stock.load(["red-m"]))["red-m"]
    assert {location: level.on_hand for location, level in standing.levels.items()} == dict.fromkeys(locations, 1)
    # One of them came first and left zero with its one piece; a total that grows from there is not coming back.
    assert await told(database) == [(everybody[0], "red-m")]


async def test_rivals_who_tell_of_the_same_pieces_tell_each_of_the_first_n_once(database: Database) -> None:
    everybody = await people(*(f"u{place}" for place in range(12)))
    await wait(everybody)
    await stock.count(SHOP, [("red-m", Level("mitte", 5, at(10)))], now=at(10))

    await asyncio.gather(*(waiting.sweep(now=at(11)) for _ in range(6)))

    assert [it for it, _ in await told(database)] == everybody[:5]


def test_of_two_counts_of_one_time_the_one_that_promises_less_stands() -> None:
    few, many = Level("mitte", 1, NOW), Level("mitte", 9, NOW)

    assert Stock("red-m").counted([few, many]).total == Stock("red-m").counted([many, few]).total == 1
