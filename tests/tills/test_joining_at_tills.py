"""Who joins a program at the till is a member with the store and the associate, and counts once."""

from datetime import UTC, datetime
from typing import Any

from hub.database import Database
from hub.membership import report
from hub.membership.report import Joins
from hub.profiles.model import IdentifierKind
from tests.earning.shop import activate
from tests.intake.inflow import route_all
from tests.tills.tilling import AT, PHONE, SALE, Till, person

JOINS: dict[str, Any] = {
    "id": "v-1",
    "at": AT,
    "customer": PHONE,
    "first_name": "Ada",
    "associate_id": "a-17",
    "join": {"program": "club", "consent_version": "2026-11", "campaign": "opening"},
}
FROM, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


async def test_whoever_joins_at_the_till_is_a_member_with_store_and_associate(till: Till, database: Database) -> None:
    await activate()
    first = await till.tells("customers", JOINS)
    assert await till.tells("customers", JOINS) == first
    await route_all()

    ada = await person(IdentifierKind.PHONE, "+493012345678")
    (row,) = await database["enrolments"].find().to_list()
    assert (ada.name, row["profile_id"], row["program"], row["way"]) == ("Ada", ada.id, "club", "store")
    assert (row["store_id"], row["associate_id"], row["campaign"]) == ("berlin-1", "a-17", "opening")
    assert (row["consent_version"], row["joined_at"]) == ("2026-11", datetime(2026, 11, 20, 9, 15, tzinfo=UTC))


async def test_joining_at_the_till_counts_once_by_associate_and_store_with_the_first_purchase(
    till: Till, munich: Till
) -> None:
    """Row 109: the report counts joins and first purchases per associate and store; a person counts once."""
    await activate()
    await till.tells("orders", SALE)
    await till.tells("customers", JOINS)
    await munich.tells("customers", {**JOINS, "id": "v-2", "associate_id": "b-2", "at": "2026-11-21T10:00:00+01:00"})
    await till.tells("customers", {**JOINS, "id": "v-3", "customer": {"email": "bob@example.com"}})
    await route_all()

    assert await report.joins("club", FROM, UNTIL) == [Joins("berlin-1", "a-17", joins=2, first_purchases=1)]


async def test_a_program_that_there_is_not_is_refused_and_nobody_is_made_a_customer(
    till: Till, database: Database
) -> None:
    assert await till.refused("customers", JOINS) == (422, "UNKNOWN_PROGRAM", "join.program")
    assert await database["events"].count_documents({}) == 0


async def test_a_key_that_came_before_without_joining_lets_nobody_join(till: Till, database: Database) -> None:
    await activate()
    await till.tells("customers", {name: it for name, it in JOINS.items() if name != "join"})

    assert await till.refused("customers", JOINS) == (422, "IDEMPOTENCY_KEY_REUSED", "id")
    assert await database["events"].count_documents({}) == 1


async def test_whoever_was_cut_off_between_coming_and_joining_joins_when_the_till_says_it_again(
    till: Till, database: Database
) -> None:
    await activate()
    await till.tells("customers", JOINS)
    await database["events"].delete_one({"name": "Join Requested"})  # as if the process had died before it
    await till.tells("customers", JOINS)
    await route_all()

    assert await database["events"].count_documents({"name": "Join Requested"}) == 1
    assert await database["enrolments"].count_documents({}) == 1


async def test_a_till_that_waits_for_a_joining_waits_for_both_of_its_events(till: Till) -> None:
    await activate()
    assert (await till.post("customers", JOINS)).json()["applied"] is False
    await route_all()

    assert (await till.post("customers", JOINS, Prefer="wait=5")).json()["applied"] is True
