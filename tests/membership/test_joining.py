"""Joining a program: once and for ever, whoever asks twice, dies in between or becomes one with somebody else."""

import asyncio
from datetime import timedelta

import pytest

from hub.database import Database
from hub.intake import merging
from hub.kit import ids
from hub.membership import service, store
from hub.membership.model import Joining, Way
from hub.programs.service import NoSuchProgram
from tests.killing import killed
from tests.membership.people import APP, NOON, activated, joins, known, somebody

LATER = NOON + timedelta(days=1)
TILL = Joining(Way.STORE, "S-1", "opening", "eve")


@pytest.fixture(autouse=True)
async def programs(database: Database) -> None:
    del database
    await activated("club", "bakers")


async def test_joining_is_stored_with_how_it_was_and_announced_once(database: Database) -> None:
    ada = await somebody()

    joined = await service.join(ada, "club", TILL, cause=ids.new_id(), at=NOON, now=LATER)

    assert (joined.is_new, joined.enrolment.joined_at, joined.enrolment.joining) == (True, NOON, TILL)
    assert await store.of([ada.own_ids]) == {ada.own_ids: [joined.enrolment]}
    told = {"program": "club", "way": "store", "store_id": "S-1", "campaign": "opening", "associate_id": "eve"}
    assert await joins(database) == [told]
    assert await service.sweep(LATER + timedelta(minutes=1)) == 0


async def test_who_joins_again_stays_what_they_were(database: Database) -> None:
    ada, first = await somebody(), ids.new_id()
    joined = await service.join(ada, "club", APP, cause=first, at=NOON, now=NOON)

    assert await service.join(ada, "club", APP, cause=first, at=LATER, now=LATER) == joined
    again = await service.join(ada, "club", TILL, cause=ids.new_id(), at=LATER, now=LATER)

    assert (again.is_new, again.enrolment) == (False, joined.enrolment)
    assert len(await joins(database)) == 1


async def test_of_fifty_wishes_at_once_one_makes_the_enrolment(database: Database) -> None:
    ada = await somebody()

    wishes = [service.join(ada, "club", APP, cause=ids.new_id(), at=NOON, now=NOON) for _ in range(50)]
    joined = await asyncio.gather(*wishes)

    assert [it.is_new for it in joined].count(True) == 1
    assert len({it.enrolment for it in joined}) == 1
    assert len(await joins(database)) == 1


async def test_one_is_in_each_program_by_itself(database: Database) -> None:
    ada = await somebody()
    for program in ("club", "bakers"):
        await service.join(ada, program, APP, cause=ids.new_id(), at=NOON, now=NOON)

    assert [it.program for it in (await store.of([ada.own_ids]))[ada.own_ids]] == ["bakers", "club"]
    assert len(await joins(database)) == 2


async def test_a_program_that_there_is_not_is_refused_and_nobody_joins() -> None:
    ada = await somebody()

    with pytest.raises(NoSuchProgram, match="There is no program `clud`"):
        await service.join(ada, "clud", APP, cause=ids.new_id(), at=NOON, now=NOON)

    assert await store.of([ada.own_ids]) == {}


async def test_of_two_members_who_are_one_person_the_older_enrolment_counts(database: Database) -> None:
    ada, twin, twice = await somebody(), await somebody(), ids.new_id()
    young = await service.join(ada, "club", TILL, cause=twice, at=LATER, now=LATER)
    old = await service.join(twin, "club", APP, cause=ids.new_id(), at=NOON, now=NOON)

    await merging.merge(ada.id, twin.id, key=ids.new_id(), now=LATER)
    one = await known(ada.id)

    assert await service.enrolment_of(one, "club") == old.enrolment
    assert not (await service.join(one, "club", TILL, cause=ids.new_id(), at=LATER, now=LATER)).is_new
    assert len(await joins(database)) == 2  # those of before

    await merging.unmerge(twin.id, key=ids.new_id(), now=LATER)
    assert await service.enrolment_of(await known(ada.id), "club") == young.enrolment


async def test_who_absorbed_a_member_is_one(database: Database) -> None:
    ada, twin = await somebody(), await somebody()
    old = await service.join(twin, "club", APP, cause=ids.new_id(), at=NOON, now=NOON)
    await merging.merge(ada.id, twin.id, key=ids.new_id(), now=LATER)

    again = await service.join(await known(ada.id), "club", TILL, cause=ids.new_id(), at=LATER, now=LATER)

    assert (again.is_new, again.enrolment) == (False, old.enrolment)
    assert len(await joins(database)) == 1


async def test_wherever_it_dies_the_sweep_or_a_repeat_announces_it_once(database: Database) -> None:
    length = 0
    while True:
        ada, cause = await somebody(), ids.new_id()
        before = len(await joins(database))
        dead = await killed(length, lambda: service.join(ada, "club", APP, cause=cause, at=NOON, now=NOON))  # noqa: B023
        if not dead:
            break
        stored = await service.enrolment_of(ada, "club") is not None
        await service.sweep(NOON + timedelta(minutes=1))
        assert len(await joins(database)) - before == int(stored)
        joined = await service.join(ada, "club", APP, cause=cause, at=NOON, now=NOON)
        assert joined.is_new
        assert len(await joins(database)) - before == 1
        assert await service.sweep(NOON + timedelta(minutes=1)) == 0
        length += 1
    assert length == 6  # both halves of three writes
