"""Row 53: paid membership begins with a payment, is renewed, ends after a grace, and is refunded by the day."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.database import Database
from hub.kit import ids
from hub.membership import paying, plans, subscriptions
from hub.membership.paying import Every, Plan, Status, Subscription, after
from hub.profiles import identifier_store, store
from hub.profiles.model import Identifier, IdentifierKind, Profile
from tests.intake.inflow import APP, NOW, identify, route_all, said, track
from tests.killing import killed

PLUS = Plan("plus", "club", 3000, "EUR", Every.MONTH, 7)
DAY = timedelta(days=1)


@pytest.fixture
async def plan(database: Database) -> None:
    del database
    await plans.save(PLUS)
    await said(identify(userId="ada", traits={"name": "Ada"}))
    await route_all()


paid_for = pytest.mark.usefixtures("plan")


async def happens(event: str, at: datetime, *, by: Any = None, **properties: Any) -> None:
    call = track(event, userId="ada", properties={"plan": "plus", **properties}, timestamp=at.isoformat())
    beside = {"source": by} if by else {}
    await said({**call, "messageId": str(ids.new_id())}, now=max(at, NOW), **beside)
    await route_all()


async def pays(payment: str, at: datetime = NOW) -> None:
    await happens("Plan Paid", at, payment_id=payment)


async def ada() -> Profile:
    named = Identifier(IdentifierKind.USER, "ada")
    owned = (await identifier_store.owners([named]))[named]
    return (await store.heads([owned.profile_id]))[owned.profile_id]


async def held() -> Subscription:
    profile = await ada()
    (found,) = (await subscriptions.of([profile.own_ids]))[profile.own_ids]
    return found


async def perks(now: datetime) -> list[str]:
    """What she has paid for, as rules see it, once time has been looked at."""
    await subscriptions.step(now=now)
    await route_all()
    found: list[str] = (await ada()).traits.get("plans", [])
    return found


async def told(database: Database) -> list[tuple[str, str]]:
    names = [paying.STARTED, paying.RENEWED, paying.UNPAID, paying.ENDED]
    rows = database["events"].find({"name": {"$in": names}, "source": "hub"}).sort([("accepted_at", 1), ("place", 1)])
    return [(it["name"], it["properties"]["payment_id"]) async for it in rows]


@paid_for
async def test_entitlements_start_on_payment_renew_by_period_and_end_after_grace_on_failed_payment(
    database: Database,
) -> None:
    assert await perks(NOW) == []
    await pays("P-1")
    assert await perks(NOW) == ["plus"]

    await pays("P-2", NOW + 29 * DAY)  # a day early: it goes on where the first ends
    assert (await held()).last == paying.Period(
        "P-2", datetime(2026, 12, 20, 12, tzinfo=UTC), datetime(2027, 1, 20, 12, tzinfo=UTC), 3000, "EUR"
    )
    await perks(datetime(2026, 12, 20, 12, tzinfo=UTC))
    ends = datetime(2027, 1, 20, 12, tzinfo=UTC)
    assert await perks(ends - DAY) == ["plus"]
    assert (await held()).status(ends) is Status.GRACE
    assert await perks(ends + 6 * DAY) == ["plus"]
    assert await perks(ends + 7 * DAY) == []

    assert (await held()).status(ends + 7 * DAY) is Status.ENDED
    assert await told(database) == [
        ("Plan Started", "P-1"),
        ("Plan Renewed", "P-2"),
        ("Plan Unpaid", "P-2"),
        ("Plan Ended", "P-2"),
    ]


@paid_for
async def test_a_payment_within_the_grace_goes_on_without_a_gap_and_one_after_it_begins_anew() -> None:
    await pays("P-1")
    until = datetime(2026, 12, 20, 12, tzinfo=UTC)

    await pays("P-2", until + 5 * DAY)
    assert (await held()).periods[1].since == until
    await pays("P-3", until + 90 * DAY)
    assert (await held()).periods[2].since == until + 90 * DAY


@paid_for
async def test_pro_rated_refund_on_cancel_removes_future_perks_only(database: Database) -> None:
    await pays("P-1")

    await happens("Plan Cancelled", NOW + 10 * DAY)
    await happens("Plan Cancelled", NOW + 11 * DAY)

    found = await held()
    assert (found.status(NOW + 9 * DAY), found.status(NOW + 10 * DAY)) == (Status.ACTIVE, Status.ENDED)
    assert found.refund == 2000  # 20 of 30 days of 30.00
    assert await perks(NOW + 10 * DAY) == []
    ended = await database["events"].find_one({"name": "Plan Ended"})
    assert ended is not None
    assert (ended["properties"]["refund"], ended["properties"]["currency"]) == (2000, "EUR")


@paid_for
async def test_the_same_payment_told_twice_is_one(database: Database) -> None:
    await pays("P-1")
    await pays("P-1", NOW + DAY)

    assert len((await held()).periods) == 1
    assert await told(database) == [("Plan Started", "P-1")]


@paid_for
async def test_who_has_ended_and_pays_again_begins_again(database: Database) -> None:
    await pays("P-1")
    await happens("Plan Cancelled", NOW + 10 * DAY)
    await perks(NOW + 10 * DAY)
    await pays("P-2", NOW + 40 * DAY)

    assert await perks(NOW + 40 * DAY) == ["plus"]
    assert ((await held()).refund, (await held()).cancelled_at) == (0, None)
    assert [name for name, _ in await told(database)] == ["Plan Started", "Plan Ended", "Plan Started"]


@paid_for
async def test_only_a_server_says_that_somebody_has_paid_and_no_source_writes_the_perks(database: Database) -> None:
    await happens("Plan Paid", NOW, by=APP, payment_id="P-1")
    await said(identify(userId="ada", traits={"plans": ["plus"]}))
    await route_all()

    assert await database["subscriptions"].count_documents({}) == 0
    assert await perks(NOW) == []
    decision = await database["decisions"].find_one({"question": "pay for a plan"})
    assert decision is not None
    assert decision["reason"] == "untrusted_source"


@paid_for
@pytest.mark.parametrize(
    ("properties", "code"),
    [({"plan": "other", "payment_id": "P-1"}, "no_such_plan"), ({"payment_id": 7}, "no_payment_id")],
)
async def test_what_cannot_be_used_is_a_dead_letter(database: Database, properties: dict[str, Any], code: str) -> None:
    await happens("Plan Paid", NOW, **properties)

    letters = await database["dead_letters"].find().to_list()
    assert [it["code"] for it in letters] == [code]
    assert await database["subscriptions"].count_documents({}) == 0


@paid_for
async def test_wherever_it_dies_the_next_look_tells_of_it_once(database: Database) -> None:
    ends = datetime(2026, 12, 20, 12, tzinfo=UTC) + 7 * DAY
    length = 0
    while True:
        call = track("Plan Paid", userId="ada", properties={"plan": "plus", "payment_id": "P-1"})
        await said({**call, "messageId": f"m{length}"})
        dead = await killed(length, route_all)
        await route_all()
        assert await perks(NOW) == ["plus"]
        assert await perks(ends) == []
        assert [name for name, _ in await told(database)] == ["Plan Started", "Plan Unpaid", "Plan Ended"], length
        if not dead:
            break
        await database["subscriptions"].delete_many({})
        await database["events"].delete_many({"name": {"$ne": "Identify"}})
        length += 1
    assert length >= 10


@given(
    since=st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - made aware below
    every=st.sampled_from(Every),
    used=st.floats(0, 1),
    price=st.integers(1, 10**9),
)
def test_what_is_refunded_is_never_less_than_nothing_nor_more_than_was_paid(
    since: datetime, every: Every, used: float, price: int
) -> None:
    since = since.replace(tzinfo=UTC)
    paid = Subscription("plus", ids.new_id(), 7).paid(Plan("plus", "club", price, "EUR", every, 7), "P", since)
    assert paid.last is not None

    ended = paid.cancelled(since + used * (paid.last.until - since))

    assert 0 <= ended.refund <= price
    assert paid.cancelled(since).refund == price
    assert paid.last.until == after(since, every)
