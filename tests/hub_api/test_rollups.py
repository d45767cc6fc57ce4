"""Rollups, stages and preferences over the API, each with its evidence."""

from datetime import timedelta
from typing import Any

from hub.access.grants import KeyKind
from hub.database import Database
from hub.intake import backfill
from hub.intake.standing import Definitions
from hub.rollups import service
from runtime import wiring
from tests.hub_api.conftest import NOON, Hub

DAY = timedelta(days=1)

SPEND = """\
rollup: spend
event: Order Completed
value: properties.total
windows: [lifetime, 7d]
"""
PUBLISH = """
mutation ($input: PublishRollupInput!) { publishRollup(input: $input) {
  __typename
  ... on PublishRollupPayload { version isNew rollup { name version source backfill { done total percent } } }
  ... on UserError { code path }
  ... on InvalidDefinition { problems { line column code } }
} }
"""
ROLLUPS = """
fragment counted on Profile {
  rollups { name version computedAt windows {
    days since count sum min max first { eventId at value } last { eventId at value }
  } }
  stage { name version since cause evidence nextChangeAt }
  preferred {
    channel { value points days withinDays version lastEventId }
    store { value points days withinDays version lastAt }
  }
}
"""
ALL = "query { profiles { nodes { ...counted timeline { nodes { id name } } } } }" + ROLLUPS


async def publish(hub: Hub, key: str, source: str = SPEND, idempotency_key: str = "k") -> dict[str, Any]:
    data = await hub.data(PUBLISH, key, input={"idempotencyKey": idempotency_key, "source": source})
    result: dict[str, Any] = data["publishRollup"]
    return result


async def counted(hub: Hub, key: str) -> dict[str, Any]:
    (profile,) = (await hub.data(ALL, key))["profiles"]["nodes"]
    return dict(profile)


async def test_a_profile_shows_what_its_events_add_up_to_and_from_which_of_them(hub: Hub, admin: str) -> None:
    await publish(hub, admin)
    await hub.track("ada", "Order Completed", order_id="A-1", currency="EUR", total=10.5)
    await hub.track("ada", "Order Completed", order_id="A-2", currency="EUR", total=20)

    begun = wiring.clock()
    profile = await counted(hub, admin)

    last, first = (it for it in profile["timeline"]["nodes"] if it["name"] == "Order Completed")
    (spend,) = profile["rollups"]
    lifetime, week = spend["windows"]
    assert (spend["name"], spend["version"]) == ("spend", 1)
    assert [(it["days"], it["count"], it["sum"], it["min"], it["max"]) for it in (lifetime, week)] == [
        (None, 2, "30.5", "10.5", "20"),
        (7, 2, "30.5", "10.5", "20"),
    ]
    assert lifetime["since"] is None
    assert week["since"] in {f"{(it - 6 * DAY).date()}T00:00:00+00:00" for it in (begun, wiring.clock())}
    assert (lifetime["first"]["eventId"], lifetime["last"]["eventId"]) == (first["id"], last["id"])
    assert (week["first"]["value"], week["last"]["value"]) == ("10.5", "20")


async def test_a_profile_shows_its_stage_and_where_it_likes_to_shop_with_evidence(hub: Hub, admin: str) -> None:
    await service.ship(now=hub.now)
    await hub.track(
        "ada", "Order Completed", order_id="A-1", currency="EUR", total=10, channel="pos", store_id="berlin-1"
    )

    profile = await counted(hub, admin)

    order = next(it for it in profile["timeline"]["nodes"] if it["name"] == "Order Completed")
    stage, preferred = profile["stage"], profile["preferred"]
    assert (stage["name"], stage["version"]) == ("new", 1)
    assert stage["evidence"]["rule"] == "purchases.days_since_first < 30"
    assert stage["evidence"]["purchases"]["count"] == 1
    assert stage["nextChangeAt"][:10] == (NOON + 30 * DAY).date().isoformat()
    assert preferred["channel"] == {
        "value": "pos",
        "points": 3,
        "days": 1,
        "withinDays": 365,
        "version": 1,
        "lastEventId": order["id"],
    }
    assert (preferred["store"]["value"], preferred["store"]["lastAt"]) == (
        "berlin-1",
        (NOON + timedelta(seconds=1)).isoformat(),
    )


async def test_of_whom_nothing_is_counted_nothing_is_shown(hub: Hub, admin: str) -> None:
    await hub.identify("ada")

    profile = await counted(hub, admin)

    assert (profile["rollups"], profile["stage"]) == ([], None)
    assert profile["preferred"] == {"channel": None, "store": None}


async def test_customers_see_what_is_counted_of_themselves(hub: Hub, admin: str) -> None:
    await publish(hub, admin)
    await hub.track("ada", "Order Completed", order_id="A-1", currency="EUR", total=10)
    await hub.track("bob", "Order Completed", order_id="B-1", currency="EUR", total=20)

    asked = "{ me { rollups { windows { sum } } stage { name } preferred { store { value } } } }"
    mine = await hub.data(asked, hub.token("ada"))

    assert mine["me"]["rollups"] == [{"windows": [{"sum": "10"}, {"sum": "10"}]}]
    assert await hub.codes("{ rollups { name } }", hub.token("ada")) == ["FORBIDDEN"]
    assert await hub.codes("{ stageDefinition { name } }", hub.token("ada")) == ["FORBIDDEN"]


async def test_a_definition_is_published_with_the_progress_of_its_back_fill(hub: Hub, admin: str) -> None:
    await hub.identify("ada")
    await hub.identify("bob")

    result = await publish(hub, admin)

    rollup = {"name": "spend", "version": 1, "source": SPEND}
    behind = {"done": 0, "total": 2, "percent": 0}
    assert result == {
        "__typename": "PublishRollupPayload",
        "version": 1,
        "isNew": True,
        "rollup": {**rollup, "backfill": behind},
    }
    while await backfill.step(await Definitions().current(), now=hub.now):
        pass
    asked = await hub.data(
        '{ rollups { name } none: rollup(name: "x") { name } '
        'rollup(name: "spend") { backfill { done total percent } } }',
        admin,
    )
    assert asked == {
        "rollups": [{"name": "spend"}],
        "rollup": {"backfill": {"done": 2, "total": 2, "percent": 100}},
        "none": None,
    }


async def test_the_rules_of_stages_are_asked_for_by_themselves(hub: Hub, admin: str) -> None:
    assert (await hub.data("{ stageDefinition { name } }", admin))["stageDefinition"] is None
    await service.ship(now=hub.now)

    asked = '{ stageDefinition { version source } rollups { name } rollup(name: "stages") { name } }'
    found = await hub.data(asked, admin)

    assert found["stageDefinition"]["version"] == 1
    assert "at_risk" in found["stageDefinition"]["source"]
    assert [it["name"] for it in found["rollups"]] == [
        "engagement",
        "preferred-channel",
        "preferred-store",
        "purchases",
    ]
    assert found["rollup"] is None


async def test_publishing_is_done_once_and_its_failures_are_data(hub: Hub, database: Database, admin: str) -> None:
    first = await publish(hub, admin)

    assert await publish(hub, admin) == first
    assert (await publish(hub, admin, idempotency_key="other"))["isNew"] is False
    assert await database["rollup_versions"].count_documents({}) == 1
    assert await publish(hub, admin, SPEND.replace("7d", "8d")) == {
        "__typename": "IdempotencyKeyReused",
        "code": "IDEMPOTENCY_KEY_REUSED",
        "path": ["input", "idempotencyKey"],
    }
    assert await publish(hub, admin, "rollup: Spend\nevent: X", "bad") == {
        "__typename": "InvalidDefinition",
        "code": "INVALID_DEFINITION",
        "path": ["input", "source"],
        "problems": [{"line": 1, "column": 9, "code": "bad_name"}],
    }


async def test_who_may_not_define_cannot_publish(hub: Hub) -> None:
    given = {"idempotencyKey": "k", "source": SPEND}

    assert await hub.codes(PUBLISH, await hub.key(KeyKind.SERVER), input=given) == ["FORBIDDEN"]
    assert await hub.codes(PUBLISH, hub.token("ada"), input=given) == ["FORBIDDEN"]
