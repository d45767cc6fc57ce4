"""`Join Requested`: a shop's own systems tell who has joined, and are believed; an app's key is not."""

from typing import Any

import pytest

from hub.database import Database
from hub.events.model import IMPORT, Source
from tests.intake.inflow import APP, NOW, SHOP, route_all, said, track
from tests.membership.people import activated, joins


@pytest.fixture(autouse=True)
async def programs(database: Database) -> None:
    del database
    await activated("club")


async def requested(*, source: Source = SHOP, **properties: Any) -> None:
    call = track("Join Requested", userId="ada", properties=properties, timestamp="2026-11-19T10:00:00Z")
    await said({**call, "messageId": "m1"}, source=source, now=NOW)
    await route_all()


@pytest.mark.parametrize(
    ("said_of_it", "way"),
    [({"store_id": "S-1", "associate_id": "eve"}, "store"), ({"associate_id": "eve"}, "staff"), ({}, "app")],
)
async def test_who_joined_elsewhere_is_a_member_since_then(
    database: Database, said_of_it: dict[str, str], way: str
) -> None:
    await requested(program="club", **said_of_it)
    await requested(program="club", **said_of_it)

    (row,) = await database["enrolments"].find().to_list()
    assert (row["way"], row["joined_at"].isoformat()) == (way, "2026-11-19T10:00:00+00:00")
    assert await joins(database) == [{"program": "club", "way": way, **said_of_it}]


async def test_what_stood_in_a_file_makes_members_and_sets_nothing_off(database: Database) -> None:
    await requested(source=IMPORT, program="club", store_id="S-1")

    (row,) = await database["enrolments"].find().to_list()
    assert (row["way"], row["store_id"], row["open"]) == ("import", "S-1", False)
    assert await joins(database) == []


async def test_a_key_that_anybody_can_read_makes_nobody_a_member(database: Database) -> None:
    await requested(source=APP, program="club")

    assert await database["enrolments"].count_documents({}) == 0
    (decision,) = await database["decisions"].find().to_list()
    assert (decision["question"], decision["reason"]) == ("join", "untrusted_source")


async def test_a_program_that_there_is_not_is_kept_as_a_dead_letter(database: Database) -> None:
    await requested(program="clud")

    assert await database["enrolments"].count_documents({}) == 0
    (letter,) = await database["dead_letters"].find().to_list()
    assert (letter["code"], letter["message"]) == (
        "no_such_program",
        "There is no program `clud`. Did you mean `club`?",
    )
