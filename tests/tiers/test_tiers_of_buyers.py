"""Tiers of those who buy: from orders over the intake, by what they spend in a year of the program's zone."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from hub.database import Database
from hub.ledger import flushing
from hub.ledger import service as ledger
from hub.ledger.errors import Crowded
from hub.ledger.service import Answer, Request
from hub.tiers import idling, store
from tests.commerce.ordering import profile_id_of, sale
from tests.earning import shop
from tests.earning.ordering import BASE, PAID, written
from tests.earning.shop import activate, bought, gave_back
from tests.intake.inflow import route_all, said, track

YEARS_AGO = datetime(2024, 6, 1, tzinfo=UTC)
VIP = f"""\
tiers:
  by: {{spend: {{{PAID}}}, counts: {{end_of: year}}}}
  lasts: {{end_of: year, later: 1}}
  down: by_balance
  refund: at_once
  levels:
    - {{tier: vip, from: 500.00, texts: {{en: VIP}}, perks: [lounge]}}
    - {{tier: ruby, from: 2000.00, texts: {{en: Ruby}}, perks: [driver]}}
"""
CLUB = written(BASE, more=VIP)


async def told(database: Database, user: str = "ada") -> None:
    """Let what the ledger has to say be said and heard."""
    await flushing.flush([await profile_id_of(database, user)])
    await route_all()
    await route_all()


async def bought_at(timestamp: str, order: str, total: str) -> None:
    await shop.told({**sale("Completed", "ada", order, message=order, total=total), "timestamp": timestamp})


async def tier(database: Database, user: str = "ada") -> str | None:
    owner = await profile_id_of(database, user)
    return (await store.load("club", [owner]))[owner].tier


async def announced(database: Database) -> list[tuple[str, str]]:
    rows = database["events"].find({"name": {"$in": ["Tier Reached", "Tier Lost"]}}).sort("accepted_at", 1)
    return [(row["name"], row["properties"]["tier"]) async for row in rows]


async def test_row_38_crossing_500_in_the_configured_year_upgrades_at_once_and_once(database: Database) -> None:
    await activate(CLUB, at=YEARS_AGO)

    await bought("ada", "A-1", "499.99")
    await told(database)
    assert await tier(database) is None
    await bought("ada", "A-2", "0.01")
    await told(database)
    assert await tier(database) == "vip"
    await bought("ada", "A-3", "70.00")
    await told(database)

    assert await announced(database) == [("Tier Reached", "vip")]


async def test_row_38_a_refund_below_the_threshold_follows_the_policy_of_the_program(database: Database) -> None:
    await activate(CLUB, at=YEARS_AGO)
    await bought("ada", "A-1", "500.00")
    await told(database)

    await gave_back("ada", "A-1", "0.01", refund="R-1")
    await told(database)

    assert await tier(database) is None
    assert await announced(database) == [("Tier Reached", "vip"), ("Tier Lost", "vip")]


async def test_row_38_the_date_of_the_boundary_uses_the_time_zone_of_the_program(database: Database) -> None:
    await activate(CLUB, at=YEARS_AGO)

    await bought_at("2025-12-31T22:59:59Z", "A-1", "300.00")  # still 2025 in Berlin
    await bought_at("2025-12-31T23:00:00Z", "A-2", "300.00")
    await told(database)
    assert await tier(database) is None
    await bought_at("2026-02-01T12:00:00Z", "A-3", "200.00")
    await told(database)

    assert await tier(database) == "vip"


async def test_row_50_any_configured_activity_keeps_a_whole_wallet_alive(database: Database) -> None:
    idle = written(BASE).replace("expires: never", "expires: {idle: 365d, unless: [App Opened]}")
    assert "idle" in idle
    await activate(idle, at=YEARS_AGO)
    await bought_at("2026-01-10T12:00:00Z", "A-1", "40.00")
    owner = await profile_id_of(database, "ada")

    for message, event in (("1", "App Opened"), ("2", "App Opened"), ("3", "Page Viewed")):
        await said(track(event, userId="ada", messageId=message, timestamp="2026-06-10T12:00:00Z"))
        await route_all()

    (lot,) = (await ledger.purses("club", [owner]))[owner].wallet("points").lots
    assert lot.terms.expires_at == datetime(2027, 6, 10, 22, tzinfo=UTC)
    await flushing.flush([owner])
    assert await database["postings"].count_documents({"entries.kind": "extend"}) == 1


async def test_activity_that_others_are_in_the_way_of_keeps_a_wallet_alive_all_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event leaves the work list only when what it does is written: the extension is not lost with one try."""
    await activate(written(BASE).replace("expires: never", "expires: {idle: 365d, unless: [App Opened]}"), at=YEARS_AGO)
    await bought_at("2026-01-10T12:00:00Z", "A-1", "40.00")
    owner = await profile_id_of(database, "ada")
    tries = itertools.count()

    async def post(requests: Sequence[Request], *, now: datetime) -> list[Answer]:
        # The batch is tried first, and then the event alone.
        return [Crowded() for _ in requests] if next(tries) < 2 else await ledger.post(requests, now=now)

    monkeypatch.setattr(idling, "ledger", SimpleNamespace(post=post, purses=ledger.purses))
    await said(track("App Opened", userId="ada", messageId="1", timestamp="2026-06-10T12:00:00Z"))
    await route_all()

    (lot,) = (await ledger.purses("club", [owner]))[owner].wallet("points").lots
    assert lot.terms.expires_at == datetime(2027, 6, 10, 22, tzinfo=UTC)
