"""What tests of orders say to the hub, and what became of it."""

from typing import Any
from uuid import UUID

from hub.commerce.totals import ROLLUP
from hub.database import Database
from tests.intake.inflow import track


def sale(name: str, user: str, order: str, *, message: str, **properties: Any) -> dict[str, Any]:
    """An event about an order of a shop, `Order NAME`."""
    fields = {"order_id": order, **({"currency": "EUR"} if "total" in properties else {}), **properties}
    return track(f"Order {name}", userId=user, messageId=message, properties=fields)


async def profile_id_of(database: Database, user: str) -> UUID:
    row = await database["identifiers"].find_one({"kind": "user", "value": user})
    assert row is not None
    profile_id: UUID = row["profile_id"]
    return profile_id


async def totals_of(database: Database, user: str) -> dict[str, Any]:
    """What a customer's profile says their orders add up to; empty where it says nothing."""
    row = await database["profiles"].find_one({"_id": await profile_id_of(database, user)})
    assert row is not None
    return {name: value for name, value in row["rollups"].get(ROLLUP, {}).items() if name != "counted"}


async def order_row(database: Database, order: str) -> dict[str, Any]:
    row = await database["orders"].find_one({"order_id": order})
    assert row is not None
    return row
