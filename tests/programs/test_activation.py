"""Drafts and activations: which version of a program is active when."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hub.database import Database
from hub.definitions import Version
from hub.kit.problems import InvalidDefinition
from hub.programs import service, store
from hub.programs.service import NoSuchProgram, Planned, State
from hub.segments import service as segments
from tests.programs.written import FINCH

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TWICE = FINCH.replace("points: 10", "points: 20")


async def draft(source: str = FINCH, key: str = "k") -> Version:
    return (await service.draft(source, by="t", key=key, now=NOON)).version


async def activate(version: Version, key: str, at: datetime = NOON) -> bool:
    return (await service.activate(version, by="t", key=key, now=at)).new


async def active(at: datetime) -> list[str]:
    return [it.id for it in (await service.current()).at(at)]


async def test_a_draft_is_active_from_its_activation_on_and_not_before(database: Database) -> None:
    del database
    version = await draft()

    assert await active(NOON + HOUR) == []
    assert await activate(version, "a")
    assert await active(NOON) == ["finch-club/1"]
    assert await active(NOON - HOUR) == []


async def test_each_moment_has_the_version_of_then_also_after_an_older_one_is_activated_again(
    database: Database,
) -> None:
    first, second = await draft(), await draft(TWICE, "l")
    for place, version in enumerate((first, second, first)):
        assert await activate(version, str(place), NOON + place * HOUR)

    assert [await active(NOON + it * HOUR) for it in range(3)] == [
        ["finch-club/1"],
        ["finch-club/2"],
        ["finch-club/1"],
    ]
    assert await database["program_activations"].count_documents({}) == 3


async def test_activating_again_changes_nothing_and_answers_the_same_under_its_key(database: Database) -> None:
    version = await draft()

    assert [await activate(version, it) for it in "aab"] == [True, True, False]
    assert await database["program_activations"].count_documents({}) == 1


async def test_of_many_who_activate_at_once_each_gets_an_edition_of_their_own(database: Database) -> None:
    versions = [await draft(FINCH.replace("finch-club", f"club-{it}"), str(it)) for it in range(8)]

    await asyncio.gather(*(activate(it, it.name) for it in versions))

    rows = await database["program_activations"].find().sort("edition", 1).to_list()
    assert [row["edition"] for row in rows] == list(range(1, 9))
    assert len(await active(NOON)) == 8


async def test_a_clock_that_is_behind_puts_no_version_before_the_active_one(database: Database) -> None:
    del database
    first, second = await draft(), await draft(TWICE, "l")
    await activate(first, "a", NOON)
    await activate(second, "b", NOON - HOUR)

    assert await active(NOON) == ["finch-club/2"]
    assert await active(NOON - HOUR) == []


async def test_what_is_not_there_is_not_activated(database: Database) -> None:
    await draft()

    with pytest.raises(NoSuchProgram, match="`finch-club` has no version 2"):
        await activate(Version("finch-club", 2), "a")
    with pytest.raises(NoSuchProgram, match="Did you mean `finch-club`"):
        await activate(Version("finch-clup", 1), "a")
    assert await database["program_activations"].count_documents({}) == 0


async def test_a_wallet_in_which_members_have_points_stays(database: Database) -> None:
    await activate(await draft(), "a")
    other = await draft(FINCH.replace("kind: qualifying", "kind: spendable"), "l")

    with pytest.raises(InvalidDefinition, match=r"`status` stays qualifying.*\[wallet_in_use\]"):
        await activate(other, "b")
    assert await database["program_activations"].count_documents({}) == 1


async def test_a_plan_says_that_a_wallet_is_missing_before_anything_is_applied(database: Database) -> None:
    del database
    await activate(await draft(), "a")

    with pytest.raises(InvalidDefinition, match="wallet_in_use"):
        await service.plan([TWICE, FINCH.replace("kind: qualifying", "kind: spendable")])


async def test_a_segment_for_which_a_program_asks_is_in_use(database: Database) -> None:
    del database
    await segments.publish("{segment: vips, when: profile.vip = true}", by="t", key="s", now=NOON)
    where = 'where: segment("vips")\n    texts: {en: double points for some, de: doppelte Punkte für manche}'
    await activate(await draft(FINCH.replace("of: [base]", where)), "a")

    assert await service.users_of("vips") == ["program finch-club"]
    assert await service.users_of("others") == []
    with pytest.raises(InvalidDefinition, match="unknown_name"):
        await draft(FINCH.replace("of: [base]", where.replace("vips", "vipps")), "l")


async def test_a_plan_says_what_applying_would_do_and_does_nothing(database: Database) -> None:
    assert await service.plan([FINCH]) == [Planned("finch-club", State.NEW, 1)]
    version = await draft()
    assert await service.plan([FINCH, TWICE]) == [
        Planned("finch-club", State.DRAFT, 1),
        Planned("finch-club", State.CHANGED, 2),
    ]
    await activate(version, "a")
    assert await service.plan([FINCH]) == [Planned("finch-club", State.UNCHANGED, 1)]
    assert await database["program_versions"].count_documents({}) == 1
    assert [it.number for it in await store.versions("finch-club")] == [1]
