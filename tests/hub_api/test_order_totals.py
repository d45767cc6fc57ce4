"""What a customer's orders come to, over GraphQL."""

from typing import Any

from tests.hub_api.conftest import Hub
from tests.hub_api.test_merging import merge, two, unmerge

TOTALS = """orderTotals {
  count firstAt lastAt
  byCurrency { gross { amount currencyCode } refunded { amount } net { amount } }
}"""


async def totals_of(hub: Hub, admin: str, id_: str) -> dict[str, Any]:
    asked = f"query ($id: ID!) {{ profile(id: $id) {{ {TOTALS} }} }}"
    found: dict[str, Any] = (await hub.data(asked, admin, id=id_))["profile"]["orderTotals"]
    return found


def euros(gross: str, refunded: str, net: str) -> dict[str, Any]:
    return {
        "gross": {"amount": gross, "currencyCode": "EUR"},
        "refunded": {"amount": refunded},
        "net": {"amount": net},
    }


async def test_a_customer_sees_what_their_orders_come_to_in_each_currency(hub: Hub) -> None:
    await hub.track("ada", "Order Completed", order_id="A-1", total="20.00", currency="EUR")
    first = hub.now.isoformat()
    await hub.track("ada", "Order Completed", order_id="A-2", total=500, currency="JPY")
    last = hub.now.isoformat()
    await hub.track("ada", "Order Completed", order_id="A-3", total="99.00", currency="EUR")
    await hub.track("ada", "Order Cancelled", order_id="A-3")
    await hub.track("ada", "Order Refunded", order_id="A-1", total="5.00", currency="EUR")

    mine = await hub.data(f"{{ me {{ {TOTALS} }} }}", hub.token("ada"))

    yen = {"gross": {"amount": "500", "currencyCode": "JPY"}, "refunded": {"amount": "0"}, "net": {"amount": "500"}}
    assert mine["me"]["orderTotals"] == {
        "count": 2,
        "firstAt": first,
        "lastAt": last,
        "byCurrency": [euros("20.00", "5.00", "15.00"), yen],
    }


async def test_who_has_bought_nothing_has_totals_of_nothing(hub: Hub) -> None:
    await hub.identify("ada", name="Ada")

    mine = await hub.data(f"{{ me {{ {TOTALS} }} }}", hub.token("ada"))

    assert mine["me"]["orderTotals"] == {"count": 0, "firstAt": None, "lastAt": None, "byCurrency": []}


async def test_the_totals_of_two_who_were_merged_add_up_whatever_is_heard_of_their_orders_since(
    hub: Hub, admin: str
) -> None:
    a, b = await two(hub)  # each has one order, of 5.00
    await merge(hub, admin, a, b)
    assert [it["gross"]["amount"] for it in (await totals_of(hub, admin, a))["byCurrency"]] == ["10.00"]

    # By now whatever bob says is said of the head, which then has the order that the absorbed profile had counted.
    await hub.track("bob", "Order Updated", order_id="bob-1", total="7.00", currency="EUR")
    await hub.track("ada", "Order Refunded", order_id="bob-1", total="2.00", currency="EUR")

    both = await totals_of(hub, admin, a)
    assert (both["count"], both["byCurrency"]) == (2, [euros("12.00", "2.00", "10.00")])
    assert await totals_of(hub, admin, b) == both  # the old id finds the head

    await unmerge(hub, admin, b)
    each = [await totals_of(hub, admin, it) for it in (a, b)]
    assert sum(it["count"] for it in each) == 2
