"""Orders over GraphQL: whose they are, what they say, and what nobody else learns."""

from typing import Any

from tests.hub_api.conftest import Hub

ORDER = """{
  orderId source status channel storeId at
  fulfilment { kind location }
  gross { amount currencyCode } refunded { amount } net { amount }
  lines { sku quantity price { amount } }
  refunds { refundId amount { amount } lines { sku amount { amount } } }
}"""
MINE = f"{{ me {{ orders {{ nodes {ORDER} }} }} }}"


async def bought(hub: Hub, user: str, order: str, total: str, **properties: Any) -> None:
    await hub.track(user, "Order Completed", order_id=order, total=total, currency="EUR", **properties)


async def orders_of(hub: Hub, admin: str, user: str) -> list[dict[str, Any]]:
    asked = f'{{ profiles(filter: {{userId: "{user}"}}) {{ nodes {{ orders {{ nodes {{ id orderId }} }} }} }} }}'
    nodes: list[dict[str, Any]] = (await hub.data(asked, admin))["profiles"]["nodes"][0]["orders"]["nodes"]
    return nodes


async def test_an_order_shows_what_was_paid_from_where_it_comes_and_what_was_given_back(hub: Hub) -> None:
    await bought(
        hub,
        "ada",
        "A-1",
        "39.80",
        channel="web",
        store_id="berlin-1",
        fulfilment={"kind": "ship_from_store", "location": "berlin-1"},
        products=[{"sku": "shirt", "quantity": 2, "price": "19.90"}],
    )
    at = hub.now.isoformat()
    lines = [{"sku": "shirt", "price": "19.90"}]
    await hub.track("ada", "Order Refunded", order_id="A-1", refund_id="R-1", currency="EUR", products=lines)

    mine = await hub.data(MINE, hub.token("ada"))

    assert mine["me"]["orders"]["nodes"] == [
        {
            "orderId": "A-1",
            "source": "shop",
            "status": "COMPLETED",
            "channel": "WEB",
            "storeId": "berlin-1",
            "at": at,
            "fulfilment": {"kind": "SHIP_FROM_STORE", "location": "berlin-1"},
            "gross": {"amount": "39.80", "currencyCode": "EUR"},
            "refunded": {"amount": "19.90"},
            "net": {"amount": "19.90"},
            "lines": [{"sku": "shirt", "quantity": "2", "price": {"amount": "19.90"}}],
            "refunds": [
                {
                    "refundId": "R-1",
                    "amount": {"amount": "19.90"},
                    "lines": [{"sku": "shirt", "amount": {"amount": "19.90"}}],
                }
            ],
        }
    ]


async def test_orders_come_a_page_at_a_time_newest_first(hub: Hub, admin: str) -> None:
    for number in range(3):
        await bought(hub, "ada", f"A-{number}", "1.00")
    page = "pageInfo { hasNextPage endCursor } nodes { orderId }"
    ada = hub.token("ada")

    first = (await hub.data(f"{{ me {{ orders(first: 2) {{ {page} }} }} }}", ada))["me"]["orders"]
    cursor = first["pageInfo"]["endCursor"]
    rest = (await hub.data(f'{{ me {{ orders(after: "{cursor}") {{ {page} }} }} }}', ada))["me"]["orders"]

    assert [it["orderId"] for it in first["nodes"]] == ["A-2", "A-1"]
    assert [it["orderId"] for it in rest["nodes"]] == ["A-0"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert [it["orderId"] for it in await orders_of(hub, admin, "ada")] == ["A-2", "A-1", "A-0"]


async def test_a_customer_finds_their_own_order_by_its_id_and_nobody_elses(hub: Hub, admin: str) -> None:
    await bought(hub, "ada", "A-1", "1.00")
    await hub.identify("bob")
    ((order),) = await orders_of(hub, admin, "ada")
    ask = "query ($id: ID!) { order(id: $id) { orderId } }"

    assert await hub.data(ask, hub.token("ada"), id=order["id"]) == {"order": {"orderId": "A-1"}}
    assert await hub.data(ask, hub.token("bob"), id=order["id"]) == {"order": None}
    assert await hub.data(ask, hub.token("nobody"), id=order["id"]) == {"order": None}
    assert await hub.data(ask, admin, id=order["id"]) == {"order": {"orderId": "A-1"}}
    node = "query ($id: ID!) { node(id: $id) { ... on Order { orderId } } }"
    assert await hub.data(node, admin, id=order["id"]) == {"node": {"orderId": "A-1"}}
    assert await hub.codes(node, hub.token("bob"), id=order["id"]) == ["FORBIDDEN"]


async def test_an_order_that_was_only_heard_of_is_not_shown(hub: Hub, admin: str) -> None:
    await hub.identify("ada")
    await hub.track("ada", "Order Refunded", order_id="A-9", total="1.00", currency="EUR")

    assert await orders_of(hub, admin, "ada") == []
