"""The points of a customer: balances, lots, statements, and what there was at any past moment."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from hub.access.grants import KeyKind
from hub.intake import merging
from hub.kit import ids
from hub.ledger import model, service
from hub.ledger.model import About
from hub.ledger.moves import Capture, Earn, Expire, Move, Reserve, Spend
from hub.ledger.service import Request
from hub.profiles import identifier_store
from hub.profiles.model import Identifier, IdentifierKind
from hub_api.nodes import global_id
from tests.hub_api.conftest import NOON, Hub

WALLETS = """
query ($id: ID!, $at: DateTime) { profile(id: $id) { wallets {
  program currency balance available pending held then: balance(at: $at) usable: available(at: $at)
  lots { points origin expiresAt }
} } }
"""
STATEMENT = """
query ($id: ID!, $first: Int, $after: String) { profile(id: $id) { wallets { currency
  statement(first: $first, after: $after) {
    nodes { kind points balance origin reason storeId at } pageInfo { hasNextPage endCursor }
  }
} } }
"""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def profile_of(user: str) -> UUID:
    name = Identifier(IdentifierKind.USER, user)
    return (await identifier_store.owners([name]))[name].profile_id


async def post(owner: UUID, key: str, *moves: Move, hours: int = 0) -> None:
    about = About(cause=key, reason="test", store="berlin")
    request = Request("club", owner, key, service.fixed(*moves), about, NOON + hours * HOUR)
    await service.post_one(request, now=NOON + hours * HOUR)


async def member(hub: Hub) -> UUID:
    """Ada has earned 50 at noon, spent 20 an hour later, holds 5 and has 10 pending since three hours later."""
    await hub.identify("ada")
    ada = await profile_of("ada")
    await post(ada, "A-1", Earn("points", 50, "order/A-1", NOON, NOON + DAY))
    await post(ada, "cup", Spend("points", 20, "cup"), hours=1)
    await post(ada, "pot", Reserve("points", 5, "pot", NOON + 9 * DAY), hours=2)
    await post(ada, "A-2", Earn("points", 10, "order/A-2", None), Earn("stars", 1, "order/A-2", NOON), hours=3)
    return ada


async def asked(hub: Hub, query: str, user: str, **variables: Any) -> list[dict[str, Any]]:
    key = await hub.key(KeyKind.SERVER)
    given = {"id": str(global_id("Profile", await profile_of(user))), **variables}
    found: list[dict[str, Any]] = (await hub.data(query, key, **given))["profile"]["wallets"]
    return found


async def test_a_customer_sees_what_they_have_and_had_at_any_past_moment(hub: Hub) -> None:
    await member(hub)
    hub.now = NOON + 4 * HOUR

    points, stars = await asked(hub, WALLETS, "ada", at=(NOON + HOUR + HOUR / 2).isoformat())

    # The application tells the time by the machine's clock, when what was earned has expired.
    assert {it: points[it] for it in ("program", "currency", "balance", "pending", "held")} == {
        "program": "club",
        "currency": "points",
        "balance": 35,
        "pending": 10,
        "held": 5,
    }
    assert (points["then"], points["usable"]) == (30, 30)
    assert [(it["origin"], it["points"]) for it in points["lots"]] == [("order/A-1", 25), ("order/A-2", 10)]
    assert (stars["currency"], stars["balance"], stars["then"]) == ("stars", 1, 0)


async def test_the_balance_at_each_moment_is_that_of_the_statement(hub: Hub) -> None:
    ada = await member(hub)
    await post(ada, "captured", Capture("points", model.hold_id(model.posting_id("club", "pot"))), hours=5)
    await post(ada, "over", Expire("points"), hours=24)

    points, _ = await asked(hub, STATEMENT, "ada", first=10)

    lines = [(it["kind"], it["points"], it["balance"]) for it in points["statement"]["nodes"]]
    assert lines == [
        ("EXPIRE", -25, 10),
        ("CAPTURE", 0, 35),
        ("EARN", 10, 35),
        ("HOLD", -5, 25),
        ("SPEND", -20, 30),
        ("EARN", 50, 50),
    ]
    for line in points["statement"]["nodes"]:
        (then, _) = await asked(hub, WALLETS, "ada", at=line["at"])
        assert then["then"] == line["balance"]


async def test_a_statement_has_pages_and_says_where_and_why(hub: Hub) -> None:
    await member(hub)

    first, _ = await asked(hub, STATEMENT, "ada", first=3)
    page = first["statement"]["pageInfo"]
    rest, _ = await asked(hub, STATEMENT, "ada", first=3, after=page["endCursor"])

    assert page["hasNextPage"]
    assert [it["origin"] for it in first["statement"]["nodes"]] == ["order/A-2", "pot", "cup"]
    (line,) = rest["statement"]["nodes"]
    assert (line["origin"], line["reason"], line["storeId"]) == ("order/A-1", "test", "berlin")


async def test_the_statement_of_merged_profiles_is_that_of_both_and_so_is_what_they_had(hub: Hub) -> None:
    ada = await member(hub)
    await hub.identify("bob")
    bob = await profile_of("bob")
    await post(bob, "B-1", Earn("points", 7, "order/B-1", NOON))
    await merging.merge(ada, bob, key=ids.new_id(), now=NOON + 4 * HOUR)

    points, _ = await asked(hub, WALLETS, "ada", at=(NOON + HOUR / 2).isoformat())
    statement, _ = await asked(hub, STATEMENT, "ada", first=10)

    assert (points["balance"], points["then"]) == (42, 57)
    assert sum(it["points"] for it in statement["statement"]["nodes"]) == 42


async def test_a_customer_sees_their_own_points_and_nobody_elses(hub: Hub) -> None:
    await member(hub)
    await hub.identify("bob")
    query = "query { me { wallets { currency balance } } }"

    assert (await hub.data(query, hub.token("ada")))["me"]["wallets"] == [
        {"currency": "points", "balance": 35},
        {"currency": "stars", "balance": 1},
    ]
    assert (await hub.data(query, hub.token("bob")))["me"]["wallets"] == []
