"""What a hub says that was sold: over GraphQL for each household, from its collections for stores and products."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import httpx2

from hub.database import Database
from tests.grocer.oracle import Sold, Totals

ORDERS = """
query Orders($household: String!, $after: String) {
  profiles(filter: {userId: $household}, first: 1) {
    nodes { orders(first: 100, after: $after) {
      nodes { orderId gross { amount currencyCode } }
      pageInfo { hasNextPage endCursor }
    } }
  }
}
"""


async def by_household(http: httpx2.AsyncClient, households: Iterable[str]) -> Totals:
    """Read every order of each household, page by page. `http` presents a key that may read profiles."""
    return {household: await _household(http, household) for household in households}


async def _household(http: httpx2.AsyncClient, household: str) -> Sold:
    orders: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        variables = {"household": f"household-{household}", "after": after}
        answer = (await http.post("/graphql", json={"query": ORDERS, "variables": variables})).json()
        assert "errors" not in answer, answer
        (profile,) = answer["data"]["profiles"]["nodes"]
        orders += profile["orders"]["nodes"]
        after = profile["orders"]["pageInfo"]["endCursor"]
        if not profile["orders"]["pageInfo"]["hasNextPage"]:
            break
    assert {order["gross"]["currencyCode"] for order in orders} == {"USD"}
    assert len({order["orderId"] for order in orders}) == len(orders)
    return Sold(len(orders), sum(int(Decimal(order["gross"]["amount"]) * 100) for order in orders))


async def counted(rows: Database) -> Totals:
    """Read the running totals that each profile carries, by its user id."""
    found = await rows["identifiers"].aggregate(
        [
            {"$match": {"kind": "user", "value": {"$regex": "^household-"}}},
            {"$lookup": {"from": "profiles", "localField": "profile_id", "foreignField": "_id", "as": "profile"}},
            {"$set": {"orders": {"$first": "$profile.rollups.orders"}}},
        ]
    )
    return {
        row["value"].removeprefix("household-"): Sold(
            row["orders"]["count"], row["orders"]["by_currency"]["USD"]["gross"]
        )
        async for row in found
    }


async def by_store(rows: Database) -> Totals:
    """Add up the orders of each store."""
    return await _grouped(rows, [], "$store_id", {"$sum": 1}, "$gross")


async def by_product(rows: Database) -> Totals:
    """Add up the lines of each product: pieces, and their price less the discount."""
    pieces = {"$toInt": "$lines.quantity"}
    paid = {"$subtract": [{"$multiply": [pieces, "$lines.price"]}, "$lines.discount"]}
    return await _grouped(rows, [{"$unwind": "$lines"}], "$lines.product_id", {"$sum": pieces}, paid)


async def _grouped(rows: Database, stages: list[Any], key: str, count: Any, cents: Any) -> Totals:
    group = {"$group": {"_id": key, "count": count, "cents": {"$sum": cents}}}
    found = await rows["orders"].aggregate([*stages, group])
    return {row["_id"]: Sold(row["count"], row["cents"]) async for row in found}
