"""`explainEarning` says which rules have given what for an order, and why others have not."""

from typing import Any

from hub.access.grants import KeyKind
from hub.programs import service as programs
from hub_api.nodes import global_id
from tests.earning.ordering import BASE, PAID, written
from tests.hub_api.conftest import NOON, Hub

EXPLAIN = """query ($id: ID!) { explainEarning(id: $id) { programs {
  program version isKept number earns { wallet points } hasGot { wallet points } unheld { name why }
  rules { name points uncapped amount times multipliers lines { place points } why }
} } }"""


async def explained(hub: Hub, key: str, order: str = "A-1") -> Any:
    asked = "{ profiles { nodes { orders { nodes { id orderId } } } } }"
    nodes = (await hub.data(asked, await hub.key(KeyKind.SERVER)))["profiles"]["nodes"]
    ids = {it["orderId"]: it["id"] for node in nodes for it in node["orders"]["nodes"]}
    return (await hub.data(EXPLAIN, key, id=ids[order]))["explainEarning"]


async def activate(source: str) -> None:
    drafted = await programs.draft(source, by="t", key="k", now=NOON)
    await programs.activate(drafted.version, by="t", key="k", now=NOON)


async def test_each_rule_says_what_it_gives_and_why_it_gives_nothing(hub: Hub, admin: str) -> None:
    app = "where: 'properties.channel = \"app\"'"
    of_lines = f"{BASE.replace('by: order', 'by: line')}, lines: 'product.category = \"Beans\"'"
    big = f"times: 3, from: {{amount: 100.00, {PAID}}}"
    rules = (f"{BASE}, cap: {{day: 15}}", f"unit: {{points: 5}}, {app}", of_lines)
    await activate(written(*rules, multipliers=["times: 1.5, of: [r0], where: profile.vip = true", big]))
    await hub.identify("ada", vip=True)
    lines = [{"sku": "A", "price": "4.50", "quantity": 2, "category": "Beans"}, {"sku": "B", "price": "11.35"}]
    await hub.track("ada", "Order Completed", order_id="A-1", total="20.35", currency="EUR", products=lines)
    await hub.track("ada", "Order Refunded", order_id="A-1", total="4.50", currency="EUR", products=[{"sku": "A"}])

    (program,) = (await explained(hub, admin))["programs"]

    assert (program["program"], program["version"], program["isKept"], program["number"]) == ("club", 1, True, 1)
    assert program["earns"] == program["hasGot"] == [{"wallet": "points", "points": 19}]
    assert program["unheld"] == [{"name": "m1", "why": "BELOW_THRESHOLD"}]
    base, units, by_line = program["rules"]
    assert base == {
        "name": "r0",
        "points": 15,
        "uncapped": 23,
        "amount": "1585",
        "times": "1.5",
        "multipliers": ["m0"],
        "lines": [],
        "why": "CAPPED",
    }
    assert (units["points"], units["why"]) == (0, "NOT_MATCHING")
    assert (by_line["points"], by_line["lines"], by_line["why"]) == (4, [{"place": 0, "points": 4}], None)


async def test_a_customer_has_their_own_orders_explained_and_nobody_elses(hub: Hub) -> None:
    await activate(written(BASE))
    for user, order in (("ada", "A-1"), ("bob", "B-1")):
        await hub.identify(user)
        await hub.track(user, "Order Completed", order_id=order, total="20.00", currency="EUR")

    assert (await explained(hub, hub.token("ada")))["programs"][0]["earns"] == [{"wallet": "points", "points": 20}]
    assert await explained(hub, hub.token("ada"), "B-1") is None
    assert await hub.codes(EXPLAIN, hub.token("ada"), id=global_id("Profile", "x")) == ["BAD_USER_INPUT"]


async def test_an_order_from_before_a_program_is_explained_by_none(hub: Hub, admin: str) -> None:
    await hub.identify("ada")
    await hub.track("ada", "Order Completed", order_id="A-1", total="20.00", currency="EUR")
    drafted = await programs.draft(written(BASE), by="t", key="k", now=hub.now)
    await programs.activate(drafted.version, by="t", key="k", now=hub.now.replace(hour=23))

    assert await explained(hub, admin) == {"programs": []}
