"""Row 28: a program is made, activated and changed over the API alone, with no deploy."""

from typing import Any

from hub.access.grants import KeyKind
from hub.database import Database
from tests.hub_api.conftest import Hub
from tests.programs.written import FINCH

CREATE = """
mutation ($input: CreateProgramInput!) { createProgram(input: $input) {
  __typename
  ... on CreateProgramPayload { version isNew program { name active { version } } }
  ... on UserError { code path }
  ... on InvalidDefinition { problems { line column code } }
} }
"""
ACTIVATE = """
mutation ($input: ActivateProgramInput!) { activateProgram(input: $input) {
  __typename
  ... on ActivateProgramPayload { version program { active { version isActive } } }
  ... on UserError { code message path }
} }
"""
SHOWN = """{ programs { name active { version } versions { version isActive source } } }"""
SUMMARY = '{ program(name: "finch-club") { active { summary(language: "de") wallets { name kind pendingDays } } } }'


async def create(hub: Hub, key: str, source: str = FINCH, under: str = "k") -> dict[str, Any]:
    result: dict[str, Any] = (await hub.data(CREATE, key, input={"idempotencyKey": under, "source": source}))[
        "createProgram"
    ]
    return result


async def activate(hub: Hub, key: str, version: int, under: str, name: str = "finch-club") -> dict[str, Any]:
    given = {"idempotencyKey": under, "name": name, "version": version}
    result: dict[str, Any] = (await hub.data(ACTIVATE, key, input=given))["activateProgram"]
    return result


async def test_row_28_a_program_goes_from_draft_to_active_in_versions_over_the_api_alone(hub: Hub, admin: str) -> None:
    first = await create(hub, admin)
    second = await create(hub, admin, FINCH.replace("points: 10", "points: 20"), "l")

    assert first["program"] == {"name": "finch-club", "active": None}
    assert [(it["version"], it["isNew"]) for it in (first, second)] == [(1, True), (2, True)]
    for version in (1, 2, 1):
        done = await activate(hub, admin, version, f"a{version}")
        assert done["version"] == version
    shown = (await hub.data(SHOWN, admin))["programs"]
    assert shown == [
        {
            "name": "finch-club",
            "active": {"version": 2},
            "versions": [
                {"version": 2, "isActive": True, "source": FINCH.replace("points: 10", "points: 20")},
                {"version": 1, "isActive": False, "source": FINCH},
            ],
        }
    ]


async def test_a_customer_reads_what_a_program_is_about_and_not_its_rules(hub: Hub, admin: str) -> None:
    await create(hub, admin)
    await activate(hub, admin, 1, "a")
    await hub.identify("ada")

    shown = (await hub.data(SUMMARY, hub.token("ada")))["program"]["active"]

    assert shown["summary"].startswith("Mit dem Finkenclub sammeln Sie 1 Punkt je 1 EUR Einkaufswert")
    assert shown["wallets"] == [
        {"name": "points", "kind": "spendable", "pendingDays": 14},
        {"name": "status", "kind": "qualifying", "pendingDays": 0},
    ]
    assert await hub.codes(SHOWN, hub.token("ada")) == ["FORBIDDEN"]
    assert await hub.codes(SUMMARY, await hub.key(KeyKind.CLIENT)) == ["FORBIDDEN"]


async def test_a_document_with_problems_and_a_version_that_is_not_there_change_nothing(
    hub: Hub, admin: str, database: Database
) -> None:
    refused = await create(hub, admin, FINCH.replace("currency: EUR", "currency: EURO"))
    missing = await activate(hub, admin, 1, "a")

    assert (refused["code"], refused["path"]) == ("INVALID_DEFINITION", ["input", "source"])
    assert refused["problems"] == [{"line": 4, "column": 11, "code": "unknown_value"}]
    assert (missing["__typename"], missing["code"]) == ("NoSuchProgramVersion", "NOT_FOUND")
    assert missing["path"] == ["input", "version"]
    for name in ("program_versions", "program_activations"):
        assert await database[name].count_documents({}) == 0


SIMULATE = """query ($source: String!) {
  simulateProgram(source: $source, since: "2020-01-01T00:00:00Z", until: "2100-01-01T00:00:00Z") {
    ... on ProgramSimulation { orders members isWhole rules { name wallet points orders members } }
    ... on InvalidDefinition { problems { code } }
  }
}"""


async def test_row_28_a_program_is_simulated_on_past_orders_over_the_api_alone(hub: Hub, admin: str) -> None:
    for order in ("A-1", "A-2"):
        await hub.track("ada", "Order Completed", order_id=order, total="160.00", currency="EUR", store_id="S-1")

    found = (await hub.data(SIMULATE, admin, source=FINCH))["simulateProgram"]
    wrong = (await hub.data(SIMULATE, admin, source=FINCH.replace("EUR", "EURO")))["simulateProgram"]

    points = {it["name"]: (it["wallet"], it["points"], it["orders"]) for it in found["rules"]}
    assert (found["orders"], found["members"], found["isWhole"]) == (2, 1, True)
    assert points == {"base": ("points", 640, 2), "status": ("status", 320, 2), "visit": ("points", 10, 1)}
    assert wrong == {"problems": [{"code": "unknown_value"}]}
    assert await hub.codes(SIMULATE, hub.token("ada"), source=FINCH) == ["FORBIDDEN"]
