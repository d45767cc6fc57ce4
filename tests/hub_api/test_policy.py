"""The contact policy over the API: published by who may define things for all brands, and shown."""

from typing import Any

from tests.hub_api.conftest import Hub

POLICY = "policy: contact\ncaps: [{most: 2, per: 24h}]\n"
PUBLISH = """
mutation ($input: PublishPolicyInput!) { publishPolicy(input: $input) {
  __typename
  ... on PublishPolicyPayload { version isNew policy { version source } }
  ... on UserError { code path }
  ... on InvalidDefinition { problems { line column code message } }
} }
"""


async def publish(hub: Hub, key: str, source: str, under: str) -> dict[str, Any]:
    data = await hub.data(PUBLISH, key, input={"idempotencyKey": under, "source": source})
    result: dict[str, Any] = data["publishPolicy"]
    return result


async def test_the_policy_is_published_in_versions_and_the_newest_is_shown(hub: Hub, admin: str) -> None:
    assert (await hub.data("{ policy { version } }", admin))["policy"] is None

    first = await publish(hub, admin, POLICY, "k")
    again = await publish(hub, admin, POLICY, "again")
    second = await publish(hub, admin, POLICY.replace("2", "3", 1), "second")

    assert first == {
        "__typename": "PublishPolicyPayload",
        "version": 1,
        "isNew": True,
        "policy": {"version": 1, "source": POLICY},
    }
    assert (again["version"], again["isNew"]) == (1, False)
    assert (second["version"], second["policy"]["version"]) == (2, 2)
    shown = (await hub.data("{ policy { version source } }", admin))["policy"]
    assert shown == {"version": 2, "source": POLICY.replace("2", "3", 1)}


async def test_a_policy_with_a_problem_changes_nothing(hub: Hub, admin: str) -> None:
    refused = await publish(hub, admin, POLICY.replace("24h", "soon"), "k")

    assert refused["problems"] == [
        {
            "line": 2,
            "column": 23,
            "code": "bad_duration",
            "message": "`soon` is no duration: write it like 30s, 15m, 1h30m, 2d or 1w. "
            "Of the calendar there are day, week, month.",
        }
    ]
    assert (await hub.data("{ policy { version } }", admin))["policy"] is None
