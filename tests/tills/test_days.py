"""A store's day: what its tills say it comes to is held against what the hub has, and the differences are listed."""

from datetime import UTC, date, datetime
from typing import Any

import httpx2
import pytest

from hub.access import keys
from hub.access.grants import Grant, KeyKind
from hub.access.keyring import Keyring
from hub.access.model import Role
from hub.commerce import stores
from hub.commerce.opening import Opening
from hub.commerce.stores import Address, Store
from hub.database import Database
from hub.kit.money import Money
from hub.ledger import flushing
from hub.settings import Environment
from hub.tills.closing import Closing, Day, Difference, Line, LineKind, Sums, differences
from tests.earning.shop import activate
from tests.intake.inflow import NOW, order, route_all, said
from tests.tills.tilling import AT, PHONE, REFUND, SALE, Till, route_today
from tests.vouchers.stage import COFFEE, Stage
from tests.vouchers.stage import DAY as DAY_LONG

DAY: dict[str, Any] = {
    "day": "2026-11-20",
    "at": "2026-11-20T20:05:00+01:00",
    "currency": "EUR",
    "since": "2026-11-20T00:00:00+01:00",
    "until": "2026-11-21T00:00:00+01:00",
}
LISTED = [{"order_id": "4711", "total": "39.80"}, {"order_id": "4712", "total": {"minor": 500}}]
GIVEN_BACK = [
    {"refund_id": "R-1", "order_id": "4711", "total": "10.00"},
    {"refund_id": "R-2", "order_id": "W-1", "order_source": "shop", "total": "20.00"},
    {"refund_id": "R-3", "order_id": "4712", "total": "5.00"},
]
QUERY = """query { storeDay(storeId: "berlin-1", day: "2026-11-20") {
  orders { count amounts { amount currencyCode } } refunds { count amounts { amount } }
  vouchers { count } joins { count }
  closedAt differences { what id tills { count amounts { amount } } hub { count amounts { amount } } }
} }"""


async def sell(till: Till) -> None:
    """A day with two receipts, a refund of one, all of the other, and one of what was bought online."""
    await said({**order("ada", "W-1", message="w"), "properties": {"order_id": "W-1", "total": 50, "currency": "EUR"}})
    await till.tells("orders", {**SALE, "version": 1, "total": "99.00"})
    await till.tells("orders", {**SALE, "version": 2})
    await till.tells("orders", {**SALE, "order_id": "4712", "total": "5.00"})
    await till.tells("orders", {**SALE, "order_id": "4700", "at": "2026-11-19T23:59:59+01:00"})
    await till.tells("refunds", REFUND)
    await till.tells(
        "refunds", {**REFUND, "refund_id": "R-2", "order_id": "W-1", "order_source": "shop", "total": "20.00"}
    )
    await till.tells("refunds", {"refund_id": "R-3", "order_id": "4712", "at": AT})
    await till.tells("refunds", {**REFUND, "refund_id": "R-0", "at": "2026-11-21T00:00:00+01:00"})
    await route_all()


async def closed(till: Till, **said: Any) -> dict[str, Any]:
    answer = await till.post("days", {**DAY, **said})
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def sums(count: int, *amounts: str) -> dict[str, Any]:
    return {"count": count, "amounts": [{"currency": "EUR", "amount": it} for it in amounts]}


async def test_a_day_on_which_tills_and_hub_agree_has_no_differences(till: Till, munich: Till) -> None:
    await sell(till)
    await munich.tells("orders", SALE)
    await munich.tells("refunds", {**REFUND, "order_store": "berlin-1", "refund_id": "M-1"})
    await route_all()

    report = await closed(till, orders=LISTED, refunds=GIVEN_BACK)

    assert report == {
        "store": "berlin-1",
        "day": "2026-11-20",
        "since": "2026-11-19T23:00:00Z",
        "until": "2026-11-20T23:00:00Z",
        "orders": {"tills": sums(2, "44.80"), "hub": sums(2, "44.80")},
        "refunds": {"tills": sums(3, "35.00"), "hub": sums(3, "35.00")},
        "vouchers": {"tills": None, "hub": sums(0)},
        "joins": {"tills": None, "hub": sums(0)},
        "differences": [],
    }


async def test_what_is_missing_here_or_there_or_comes_to_something_else_is_listed(till: Till) -> None:
    await sell(till)

    report = await closed(
        till,
        orders=[{"order_id": "4711", "total": "39.81"}, {"order_id": "4713", "total": "1.00"}],
        refunds=GIVEN_BACK[1:],
    )

    assert report["differences"] == [
        {"what": "order", "id": "4711", "tills": sums(1, "39.81"), "hub": sums(1, "39.80")},
        {"what": "order", "id": "4712", "tills": sums(0), "hub": sums(1, "5.00")},
        {"what": "order", "id": "4713", "tills": sums(1, "1.00"), "hub": sums(0)},
        {"what": "refund", "id": "4711/R-1", "tills": sums(0), "hub": sums(1, "10.00")},
    ]


async def test_tills_that_keep_no_list_say_the_sums(till: Till) -> None:
    await sell(till)

    agreeing = await closed(till, orders={"count": 2, "total": "44.80"})
    differing = await closed(till, at="2026-11-20T20:06:00+01:00", orders={"count": 3, "total": {"minor": 4480}})

    assert (agreeing["differences"], agreeing["refunds"]["tills"]) == ([], None)
    assert differing["differences"] == [
        {"what": "order", "id": None, "tills": sums(3, "44.80"), "hub": sums(2, "44.80")}
    ]


async def test_vouchers_and_joins_of_the_day_are_counted_and_held_against_the_tills(till: Till, ada: Stage) -> None:
    await activate()
    await ada.publish(COFFEE)
    await ada.earn(200)
    today = {"since": (ada.now - DAY_LONG).isoformat(), "until": (ada.now + DAY_LONG).isoformat()}
    join = {"id": "v-1", "at": ada.now.isoformat(), "customer": PHONE, "join": {"program": "club"}}
    await till.tells("customers", join)
    for order_id in ("1", "2"):
        await till.post("vouchers/use", {"code": (await ada.redeem()).code, "order_id": order_id})
    await flushing.flush([ada.person().id])
    await route_today()

    agreeing = await closed(till, **today, vouchers=[{"order_id": "1"}, {"order_id": "2"}], joins={"count": 1})
    later = {**today, "at": "2026-11-20T21:00:00+01:00"}
    differing = await closed(till, **later, vouchers=[{"order_id": "2"}, {"order_id": "3"}], joins={"count": 2})
    counted = await closed(till, **{**later, "at": "2026-11-20T22:00:00+01:00"}, vouchers={"count": 3})

    assert (agreeing["vouchers"], agreeing["differences"]) == ({"tills": sums(2), "hub": sums(2)}, [])
    assert [(it["what"], it["id"], it["tills"]["count"], it["hub"]["count"]) for it in differing["differences"]] == [
        ("voucher", "1", 0, 1),
        ("voucher", "3", 1, 0),
        ("join", None, 2, 1),
    ]
    assert [(it["what"], it["tills"]["count"]) for it in counted["differences"]] == [("voucher", 3)]


async def test_a_difference_is_gone_when_the_till_has_said_what_was_missing(till: Till) -> None:
    before = await closed(till, orders=LISTED, refunds=GIVEN_BACK)
    await sell(till)
    after = await closed(till, orders=LISTED, refunds=GIVEN_BACK)

    assert (len(before["differences"]), after["differences"]) == (5, [])


async def test_the_day_closed_last_stands_in_whichever_order_it_comes(till: Till, database: Database) -> None:
    await closed(till, at="2026-11-20T21:00:00+01:00", orders={"count": 2, "total": "2.00"})
    older = await closed(till, orders={"count": 1, "total": "1.00"})

    assert older["orders"]["tills"] == sums(2, "2.00")
    assert await database["till_days"].count_documents({}) == 1


async def test_a_day_is_that_of_the_stores_own_clocks(till: Till) -> None:
    day = {name: value for name, value in DAY.items() if name not in {"since", "until"}}
    assert await till.refused("days", day) == (422, "INVALID_MESSAGE", "since")

    address = Address("1 High Street", "10115", "Berlin", "DE")
    berlin = Store("berlin-1", "One", address, Opening("Europe/Berlin", {}), datetime(2026, 11, 1, tzinfo=UTC))
    key = await keys.create(KeyKind.SERVER, "hq", env=Environment.DEV, now=datetime.now(UTC))
    caller = await Keyring(lambda: datetime.now(UTC)).caller(key)
    assert caller is not None
    await stores.upsert(caller, [berlin], now=datetime.now(UTC))
    answer = await till.post("days", day)

    assert (answer.json()["since"], answer.json()["until"]) == ("2026-11-19T23:00:00Z", "2026-11-20T23:00:00Z")


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"until": DAY["since"]}, "INVALID_MESSAGE", "until"),
        ({"until": "2026-11-23T00:00:00+01:00"}, "INVALID_MESSAGE", "until"),
        ({"until": None}, "INVALID_MESSAGE", "since"),
        ({"orders": [{"order_id": "1", "total": 5}]}, "INVALID_MESSAGE", "orders[0].total"),
        ({"orders": [{"order_id": "1", "total": "0.005"}]}, "BAD_ORDER", "orders[0].total"),
        ({"orders": {"count": 1, "total": "0.005"}}, "BAD_ORDER", "orders.total"),
        ({"store": "munich-2"}, "FORBIDDEN", "store"),
    ],
)
async def test_a_day_that_cannot_be_used_is_refused_and_not_kept(
    till: Till, database: Database, wrong: dict[str, Any], code: str, path: str
) -> None:
    assert (await till.refused("days", {**DAY, **wrong}))[1:] == (code, path)
    assert await database["till_days"].count_documents({}) == 0


async def test_the_staff_of_the_store_and_of_finance_see_the_day_and_nobody_elses(
    till: Till, web: httpx2.AsyncClient
) -> None:
    await sell(till)
    await closed(till, orders=LISTED[:1], refunds=GIVEN_BACK)

    async def ask(role: Role, *of: str) -> dict[str, Any]:
        grant = Grant(KeyKind.STAFF, "office", person="grace", roles=frozenset({role}), stores=frozenset(of))
        key = await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=NOW)
        answer = await web.post("/graphql", json={"query": QUERY}, headers={"Authorization": f"Bearer {key}"})
        told: dict[str, Any] = answer.json()
        return told

    seen = await ask(Role.STORE, "berlin-1")
    assert seen["data"]["storeDay"] == {
        "orders": {"count": 2, "amounts": [{"amount": "44.80", "currencyCode": "EUR"}]},
        "refunds": {"count": 3, "amounts": [{"amount": "35.00"}]},
        "vouchers": {"count": 0},
        "joins": {"count": 0},
        "closedAt": "2026-11-20T19:05:00+00:00",
        "differences": [
            {
                "what": "ORDER",
                "id": "4712",
                "tills": {"count": 0, "amounts": []},
                "hub": {"count": 1, "amounts": [{"amount": "5.00"}]},
            }
        ],
    }
    assert await ask(Role.FINANCE) == seen
    for other in (await ask(Role.STORE, "munich-2"), await ask(Role.MARKETER)):
        assert [it["extensions"]["code"] for it in other["errors"]] == ["FORBIDDEN"]


def test_the_same_receipt_listed_twice_is_a_difference() -> None:
    day = Day("berlin-1", date(2026, 11, 20), NOW, NOW)
    line = Line(LineKind.ORDER, "4711", Money(100, "EUR"))
    twice = Closing(day, NOW, {LineKind.ORDER: [line, line]}, {})

    assert differences(twice, {LineKind.ORDER: [line], LineKind.REFUND: [line]}) == [
        Difference(LineKind.ORDER, "4711", Sums(2, {"EUR": 200}), Sums(1, {"EUR": 100}))
    ]
