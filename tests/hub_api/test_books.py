"""The books over the API: what points will cost, how they came and went, and closing a month."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hub.access import audit, keys
from hub.access.audit import Wanted
from hub.access.grants import Grant, KeyKind
from hub.access.model import Role
from hub.kit import pages
from hub.ledger.moves import Earn, Reserve
from hub.settings import Environment
from tests.books import clubs
from tests.books.clubs import CLUB, JANUARY
from tests.hub_api.conftest import NOON, Hub
from tests.ledger.holding import ADA

LIABILITY = """query ($at: DateTime) { liability(program: "finch-club", at: $at) {
  wallet points unexpired held owed breakage fullCost { amount currencyCode } expectedCost { amount }
} }"""
ROLL_FORWARD = """query ($month: String!) { rollForward(program: "finch-club", month: $month) {
  month since until closedAt lines { wallet brand opening earned spent closing }
} }"""
CLOSE = """mutation ($input: CloseMonthInput!) { closeMonth(input: $input) {
  __typename
  ... on CloseMonthPayload { rollForward { month lines { closing } } }
  ... on UserError { code path }
} }"""
HELD = datetime(2026, 2, 10, tzinfo=UTC)


@pytest.fixture
async def club(hub: Hub) -> Hub:
    await clubs.activate()
    await clubs.post(ADA, "A-1", [Earn("points", 1000, "A-1", JANUARY)], datetime(2026, 1, 10, tzinfo=UTC))
    await clubs.post(ADA, "pot", [Reserve("points", 200, "pot", NOON)], HELD)
    return hub


async def person(role: Role) -> str:
    grant = Grant(KeyKind.STAFF, role.value, person="grace", roles=frozenset({role}))
    return await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=NOON) or ""


async def close(hub: Hub, key: str, month: str, program: str = CLUB) -> dict[str, Any]:
    given = {"idempotencyKey": f"{program} {month}", "program": program, "month": month}
    found: dict[str, Any] = (await hub.data(CLOSE, key, input=given))["closeMonth"]
    return found


async def test_finance_and_analysts_read_what_points_cost_now_and_at_a_past_moment(club: Hub) -> None:
    finance, analyst = await person(Role.FINANCE), await person(Role.ANALYST)

    (now,) = (await club.data(LIABILITY, finance))["liability"]
    (then,) = (await club.data(LIABILITY, analyst, at="2026-02-01T00:00:00Z"))["liability"]

    assert now == {
        "wallet": "points",
        "points": 1000,
        "unexpired": 800,
        "held": 200,
        "owed": 0,
        "breakage": "12.5",
        "fullCost": {"amount": "8.00", "currencyCode": "EUR"},
        "expectedCost": {"amount": "7.00"},
    }
    assert then == {**now, "unexpired": 1000, "held": 0}
    assert await club.codes(LIABILITY, await person(Role.MARKETER)) == ["FORBIDDEN"]
    assert await club.codes(LIABILITY, finance, at="2999-01-01T00:00:00Z") == ["BAD_USER_INPUT"]


async def test_finance_closes_a_month_once_and_it_stands_in_the_audit(club: Hub) -> None:
    finance = await person(Role.FINANCE)

    closed = await close(club, finance, "2026-01")
    again = await close(club, finance, "2026-01")

    assert closed == again
    assert closed["rollForward"] == {"month": "2026-01", "lines": [{"closing": 1000}]}
    shown = (await club.data(ROLL_FORWARD, finance, month="2026-01"))["rollForward"]
    assert shown["closedAt"] is not None
    assert (shown["since"], shown["until"]) == ("2025-12-31T23:00:00+00:00", "2026-01-31T23:00:00+00:00")
    assert shown["lines"] == [
        {"wallet": "points", "brand": "default", "opening": 0, "earned": 1000, "spent": 0, "closing": 1000}
    ]
    entries = (await audit.page(Wanted(what="close month"), pages.Span())).rows
    assert [(it.change.subject, it.change.after) for _, it in entries] == [(CLUB, {"month": "2026-01"})]


@pytest.mark.parametrize(
    ("month", "program", "code", "field"),
    [
        ("2026-13", CLUB, "BAD_USER_INPUT", "month"),
        ("2998-01", CLUB, "MONTH_NOT_OVER", "month"),
        ("2026-04", CLUB, "MONTH_OUT_OF_TURN", "month"),
        ("2026-02", "no-club", "NOT_FOUND", "program"),
    ],
)
async def test_what_cannot_be_closed_is_refused_with_its_reason(
    month: str, program: str, code: str, field: str, club: Hub
) -> None:
    finance = await person(Role.FINANCE)
    if code == "MONTH_OUT_OF_TURN":
        await close(club, finance, "2026-01")

    refused = await close(club, finance, month, program)

    assert refused == {"__typename": "MonthNotClosed", "code": code, "path": ["input", field]}
    assert (await club.data(ROLL_FORWARD, finance, month="2026-04"))["rollForward"]["closedAt"] is None
    given = {"idempotencyKey": "k", "program": CLUB, "month": "2026-01"}
    assert await club.codes(CLOSE, await person(Role.ANALYST), input=given) == ["FORBIDDEN"]
