"""Row 22: a receipt code of an order that is nobody's, claimed in time, makes the order theirs, once."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.commerce import orders, totals
from hub.commerce.totals import Totals
from hub.database import Database
from hub.intake import claiming, merging
from hub.intake.claiming import AmbiguousReceipt, CannotClaim, Claim, NoSuchReceipt, ReceiptTaken, ReceiptTooOld
from hub.intake.merging import AtWork
from hub.kit import ids
from hub.kit.pages import Span
from hub.ledger import service as ledger
from hub.profiles import identifier_store, store
from hub.profiles.model import Identifier, IdentifierKind, Profile
from tests.intake.inflow import APP, NOW, identify, route_all, said, track
from tests.killing import killed
from tests.membership.people import activated

DAY = timedelta(days=1)
CODE = "B1-4711 9f3k"

pytestmark = pytest.mark.usefixtures("database")


async def sold(order: str = "4711", *, code: str | None = CODE, at: datetime = NOW - DAY, **by: Any) -> None:
    """Tell of a receipt, of nobody known if nobody is named."""
    by = by or {"anonymousId": f"order:secret {order}"}
    properties = {"order_id": order, "currency": "EUR", "total": "39.80", "store_id": "S-1", "receipt_code": code}
    await said(track("Order Completed", properties=properties, timestamp=at.isoformat(), **by), now=NOW)
    await route_all()


async def customers(*users: str) -> list[UUID]:
    await said(*(identify(userId=it, traits={"email": f"{it}@example.com"}) for it in users))
    await route_all()
    return [(await of(it)).id for it in users]


async def of(user: str) -> Profile:
    named = Identifier(IdentifierKind.USER, user)
    owned = (await identifier_store.owners([named]))[named]
    return (await store.heads([owned.profile_id]))[owned.profile_id]


async def claim(profile_id: UUID, code: str = CODE, key: UUID | None = None, now: datetime = NOW) -> str:
    return (await claiming.claim(profile_id, Claim(code, 30, key or ids.new_id(), now))).order_id


async def bought(user: str) -> tuple[int, int]:
    """How many orders somebody has, and for how many minor units, as their totals say."""
    own = await store.load((await of(user)).own_ids)
    sums = totals.together(Totals.of(it.rollups) for it in own.values())
    return sums.count, sum(it.gross for it in sums.by_currency.values())


async def told(database: Database) -> list[dict[str, Any]]:
    return [it["properties"] async for it in database["events"].find({"name": "Receipt Claimed"})]


@pytest.mark.parametrize("written", [CODE, "b147119F3K", " B1 4711-9f3k "])
async def test_the_order_of_a_receipt_becomes_theirs_and_is_counted_once(database: Database, written: str) -> None:
    (ada,) = await customers("ada")
    await sold()

    assert await claim(ada, written) == "4711"
    assert await claim(ada, written) == "4711"
    await route_all()

    (page,) = (await orders.pages([(await of("ada")).own_ids], Span(100))).values()
    assert [it.order_id for _, it in page.rows] == ["4711"]
    assert await bought("ada") == (1, 3980)
    assert await told(database) == [{"order_id": "4711", "source": "shop", "store_id": "S-1"}]


async def test_exactly_the_points_of_that_order_are_credited_and_once_also_when_it_is_refunded_later() -> None:
    await activated("club", at=NOW - DAY)
    (ada,) = await customers("ada")
    await sold(at=NOW)
    await sold("other", code="other", at=NOW)

    for _ in range(2):
        await claim(ada)
    assert await points(ada) == {"points": 49, "status": 39}  # ten of them for the visit

    await said(
        track(
            "Order Refunded",
            anonymousId="order:secret 4711",
            properties={"order_id": "4711", "refund_id": "R-1", "currency": "EUR", "total": "39.80"},
        )
    )
    await route_all()
    assert (await points(ada))["status"] == 0


async def points(profile_id: UUID) -> dict[str, int]:
    purse = (await ledger.purses("club", [profile_id]))[profile_id]
    return {name: it.balance for name, it in purse.wallets.items()}


async def test_a_second_claimant_is_refused_and_nothing_moves() -> None:
    ada, bob = await customers("ada", "bob")
    await sold()
    await claim(ada)

    with pytest.raises(ReceiptTaken):
        await claim(bob)

    await route_all()
    assert (await bought("ada"), await bought("bob")) == ((1, 3980), (0, 0))


async def test_of_many_who_claim_it_at_once_one_has_it(database: Database) -> None:
    people = await customers(*"abcdefgh")
    await sold()

    found = await asyncio.gather(*(claim(it) for it in people), return_exceptions=True)

    assert sorted(type(it).__name__ for it in found) == ["ReceiptTaken"] * 7 + ["str"]
    assert len(await told(database)) == 1


async def test_what_is_refunded_later_is_taken_from_who_has_claimed_it() -> None:
    (ada,) = await customers("ada")
    await sold()
    await claim(ada)

    refund = {"order_id": "4711", "refund_id": "R-1", "currency": "EUR", "total": "10.00"}
    await said(track("Order Refunded", anonymousId="order:secret 4711", properties=refund))
    await route_all()

    (page,) = (await orders.pages([(await of("ada")).own_ids], Span(100))).values()
    ((_, order),) = page.rows
    assert order.net is not None
    assert order.net.minor == 2980


@pytest.mark.parametrize(("days", "refused"), [(29, None), (31, ReceiptTooOld)], ids=["in time", "too late"])
async def test_it_is_claimed_within_thirty_days(days: int, refused: type[CannotClaim] | None) -> None:
    (ada,) = await customers("ada")
    await sold(at=NOW - days * DAY)

    if refused is None:
        assert await claim(ada) == "4711"
    else:
        with pytest.raises(refused, match="within 30 days"):
            await claim(ada)
        assert (await of("ada")).members == ()


async def test_an_order_of_somebody_known_is_not_claimed_by_others_and_stays_their_own(database: Database) -> None:
    ada, bob = await customers("ada", "bob")
    await sold(userId="ada")

    with pytest.raises(ReceiptTaken):
        await claim(bob)

    assert await claim(ada) == "4711"
    assert await told(database) == []  # it was theirs from the beginning


async def test_the_order_of_a_device_is_not_claimed_for_the_device_would_go_with_it() -> None:
    (ada,) = await customers("ada")
    await sold(anonymousId="a phone")

    with pytest.raises(ReceiptTaken):
        await claim(ada)


async def test_a_code_that_is_nobodys_or_not_believed_leads_nowhere() -> None:
    (ada,) = await customers("ada")
    properties = {"order_id": "4711", "currency": "EUR", "total": "39.80", "receipt_code": CODE}
    await said(track("Order Completed", anonymousId="order:x", properties=properties), source=APP)
    await route_all()

    for code in (CODE, "nothing", "-", "x" * 300):
        with pytest.raises(NoSuchReceipt):
            await claim(ada, code)


async def test_two_receipts_with_one_code_are_for_the_staff() -> None:
    (ada,) = await customers("ada")
    await sold("1")
    await sold("2")

    with pytest.raises(AmbiguousReceipt):
        await claim(ada)

    await sold("3", code="other")
    assert await claim(ada, "other") == "3"


async def test_who_tries_codes_is_stopped_after_ten_that_lead_nowhere() -> None:
    (ada,) = await customers("ada")
    await sold()
    for place in range(10):
        with pytest.raises(NoSuchReceipt):
            await claim(ada, f"try {place}")

    with pytest.raises(claiming.TooManyMisses):
        await claim(ada)

    assert await claim(ada, now=NOW + timedelta(hours=1)) == "4711"


async def test_who_is_asked_to_come_again_is_not_stopped_for_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    (ada,) = await customers("ada")
    await sold()

    async def busy(*_: Any, **__: Any) -> UUID:
        raise AtWork

    with monkeypatch.context() as while_busy:
        while_busy.setattr(merging, "merge", busy)
        for _ in range(claiming.MOST_MISSES + 1):
            with pytest.raises(AtWork):
                await claim(ada)

    assert await claim(ada) == "4711"


async def test_wherever_it_dies_a_repeat_finishes_it(database: Database) -> None:
    length = 0
    while True:
        user, order = f"ada{length}", f"O-{length}"
        (ada,) = await customers(user)
        await sold(order, code=order)
        key = ids.new_id()
        dead = await killed(length, lambda: claim(ada, order, key))  # noqa: B023
        assert await claim(ada, order, key) == order
        await route_all()
        assert await bought(user) == (1, 3980)
        assert len(await told(database)) == length + 1
        if not dead:
            break
        length += 1
    assert length >= 6
