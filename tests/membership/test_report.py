"""Row 109: joining at the till stores associate and store, and the report counts joins and first purchases by both."""

from datetime import timedelta
from typing import Any

import pytest

from hub.database import Database
from hub.intake import merging
from hub.kit import ids
from hub.membership import report
from hub.membership.report import Joins
from hub.profiles import identifier_store
from hub.profiles.model import Identifier, IdentifierKind
from tests.intake.inflow import NOW, route_all, said, track
from tests.membership.people import activated

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
async def programs(database: Database) -> None:
    del database
    await activated("club", "bakers")


async def joins(user: str, minutes: int = 0, *, program: str = "club", **where: str) -> None:
    await happens("Join Requested", user, minutes, program=program, **where)


async def buys(user: str, minutes: int, order: str, event: str = "Order Completed") -> None:
    await happens(event, user, minutes, order_id=order, currency="EUR", total="5.00")


async def happens(event: str, user: str, minutes: int, **properties: Any) -> None:
    at = (NOW - DAY + timedelta(minutes=minutes)).isoformat()
    await said(track(event, userId=user, properties=properties, timestamp=at), now=NOW)
    await route_all()


async def counted(program: str = "club") -> list[Joins]:
    return await report.joins(program, NOW - 2 * DAY, NOW)


async def test_the_report_counts_joins_and_first_purchases_per_associate_and_store() -> None:
    for user, store, associate in (("ada", "S-1", "eve"), ("bob", "S-1", "eve"), ("cyd", "S-1", "fay")):
        await joins(user, store_id=store, associate_id=associate)
    await joins("dan", store_id="S-2")
    await joins("eli")
    await joins("ada", store_id="S-2")  # again: once is for ever
    await joins("ada", program="bakers", store_id="S-1", associate_id="fay")
    await buys("ada", 5, "A-1")
    await buys("ada", 6, "A-2")
    await buys("eli", 5, "E-1")

    assert await counted() == [
        Joins("S-1", "eve", 2, 1),
        Joins("S-1", "fay", 1, 0),
        Joins("S-2", None, 1, 0),
        Joins(None, None, 1, 1),
    ]
    assert await counted("bakers") == [Joins("S-1", "fay", 1, 1)]


async def test_what_was_bought_as_they_joined_counts_and_what_was_long_before_or_cancelled_does_not() -> None:
    for user in ("ada", "bob", "cyd"):
        await joins(user, 100, store_id="S-1")
    await buys("ada", 98, "A-1")
    await buys("bob", 30, "B-1")
    await buys("cyd", 110, "C-1")
    await buys("cyd", 111, "C-1", "Order Cancelled")

    assert await counted() == [Joins("S-1", None, 3, 1)]


async def test_only_who_joined_in_the_time_is_counted() -> None:
    await joins("ada", -1, store_id="S-1")
    await joins("bob", 0, store_id="S-1")

    assert await report.joins("club", NOW - DAY, NOW) == [Joins("S-1", None, 1, 0)]
    assert await report.joins("club", NOW - 2 * DAY, NOW - DAY) == [Joins("S-1", None, 1, 0)]


async def test_a_person_counts_once_also_where_two_members_turn_out_to_be_one() -> None:
    await joins("ada", 0, store_id="S-1", associate_id="eve")
    await joins("twin", 5, store_id="S-2", associate_id="fay")
    await buys("twin", 6, "T-1")
    names = [Identifier(IdentifierKind.USER, it) for it in ("ada", "twin")]
    owned = await identifier_store.owners(names)
    head, other = (owned[it].profile_id for it in names)

    await merging.merge(head, other, key=ids.new_id(), now=NOW)

    assert await counted() == [Joins("S-1", "eve", 1, 1)]
