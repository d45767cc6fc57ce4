"""Ready segments, rankings and the RFM grid over the API."""

from tests.hub_api.conftest import Hub
from tests.hub_api.test_segments import preview, publish

PURCHASES = """
mutation { publishRollup(input: {idempotencyKey: "r", source: "{rollup: purchases, event: Order Completed, \
value: properties.total, currency: properties.currency}"}) { __typename } }
"""
READY = "{ readySegments { name description rule source published } }"
GRID = """
{ rfmGrid { customers others cells { recency frequency monetary customers revenue { amount currencyCode } } } }
"""


async def orders(hub: Hub, admin: str) -> None:
    """Five customers: the first has ordered most often, most recently and for most."""
    await hub.data(PURCHASES, admin)
    for number in range(5):
        for time in range(number + 1):
            await hub.track(f"u{number}", "Order Completed", order_id=f"{number}-{time}", currency="EUR", total=10)


async def test_ready_segments_are_shown_and_published_by_their_source(hub: Hub, admin: str) -> None:
    await hub.data(PURCHASES, admin)
    listed = (await hub.data(READY, admin))["readySegments"]
    (repeat,) = (it for it in listed if it["name"] == "repeat-buyers")
    assert (repeat["description"], repeat["rule"]) == ("Bought twice or more.", "purchases.count >= 2")

    assert (await publish(hub, admin, repeat["source"]))["__typename"] == "PublishSegmentPayload"

    assert not any(it["published"] for it in listed)
    again = (await hub.data(READY, admin))["readySegments"]
    assert [it["name"] for it in again if it["published"]] == ["repeat-buyers"]


async def test_a_ranking_is_counted_and_previewed_before_anybody_keeps_it(hub: Hub, admin: str) -> None:
    await orders(hub, admin)
    counted = "query ($rule: String) { profileCount(where: $rule) }"

    assert await hub.data(counted, admin, rule="top(purchases.sum, 21%)") == {"profileCount": 2}
    found = await preview(hub, admin, "{segment: best, when: 'bottom(purchases.days_since_last, 20%)'}")
    assert (found["rule"], found["members"]["count"]) == ("bottom(purchases.days_since_last, 20%)", 1)
    assert found["revenue"][0]["theirs"] == {"amount": "50.00", "currencyCode": "EUR"}
    assert await hub.codes(counted, admin, rule="top(purchases.30d.sum, 10%)") == ["BAD_USER_INPUT"]


async def test_the_rfm_grid_is_shown_with_what_each_cell_has_spent(hub: Hub, admin: str) -> None:
    await orders(hub, admin)

    grid = (await hub.data(GRID, admin))["rfmGrid"]

    assert (grid["customers"], grid["others"], len(grid["cells"])) == (5, 0, 5)
    assert grid["cells"][0] == {
        "recency": 5,
        "frequency": 5,
        "monetary": 5,
        "customers": 1,
        "revenue": [{"amount": "50.00", "currencyCode": "EUR"}],
    }
    assert await hub.codes('{ rfmGrid(rollup: "purchase") { customers } }', admin) == ["BAD_USER_INPUT"]
