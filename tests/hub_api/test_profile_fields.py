"""Row 7: first-party data by value exchange, at the customer's own word."""

from typing import Any
from uuid import UUID

import pytest

from hub.database import Database
from hub.ledger import service as ledger
from hub.profiles import identifier_store
from hub.profiles.model import Identifier, IdentifierKind
from hub.programs import service as programs
from tests.hub_api.conftest import NOON, Hub
from tests.programs.written import FINCH

SET = """mutation ($input: SetProfileFieldsInput!) { setProfileFields(input: $input) {
  __typename ... on SetProfileFieldsPayload { completed } ... on UserError { code }
} }"""
OFFER = """\
  - rule: birthday
    wallet: points
    event: {name: Profile Field Completed, points: 50, once_by: properties.field}
    where: properties.field = "birthday"
    texts: {en: 50 points for your birthday, de: 50 Punkte für Ihren Geburtstag}
multipliers:
"""
BIRTHDAY = {"birthday": "1990-11-28"}


@pytest.fixture(autouse=True)
async def offer(hub: Hub) -> None:
    source = FINCH.replace("multipliers:\n", OFFER)
    version = (await programs.draft(source, by="t", key="k", now=NOON)).version
    await programs.activate(version, by="t", key="k", now=NOON)
    for name in ("ada", "twin"):
        await hub.identify(name, name=name)


async def say(hub: Hub, user: str = "ada", key: str = "k", **fields: Any) -> list[str]:
    given = {"idempotencyKey": key, "fields": fields, "consentVersion": "v3"}
    completed: list[str] = (await hub.data(SET, hub.token(user), input=given))["setProfileFields"]["completed"]
    await hub.say()
    return completed


async def owner(user: str) -> UUID:
    named = Identifier(IdentifierKind.USER, user)
    return (await identifier_store.owners([named]))[named].profile_id


async def points(user: str) -> int:
    ada = await owner(user)
    purse = (await ledger.purses("finch-club", [ada]))[ada]
    return purse.wallets["points"].balance if "points" in purse.wallets else 0


async def completions(database: Database) -> list[dict[str, Any]]:
    return [it["properties"] async for it in database["events"].find({"name": "Profile Field Completed"})]


async def test_completing_a_profile_field_with_an_attached_offer_credits_it_once_and_stores_the_consent_text_version(
    hub: Hub, database: Database
) -> None:
    assert await say(hub, **BIRTHDAY) == ["birthday"]
    assert await say(hub, **BIRTHDAY) == ["birthday"]  # the answer was lost

    assert await points("ada") == 50
    assert (await hub.data("{ me { traits } }", hub.token("ada")))["me"]["traits"] == {"name": "ada", **BIRTHDAY}
    (event,) = await database["events"].find({"name": "Profile Field Completed"}).to_list()
    assert event["properties"] == {"field": "birthday", "consent_version": "v3"}
    assert event["at"] is not None


async def test_clearing_and_refilling_the_field_credits_nothing(hub: Hub, database: Database) -> None:
    await say(hub, **BIRTHDAY)

    assert await say(hub, key="clear", birthday=None) == []
    assert "birthday" not in (await hub.data("{ me { traits } }", hub.token("ada")))["me"]["traits"]
    assert await say(hub, key="again", birthday="1991-01-01") == ["birthday"]

    assert await points("ada") == 50
    assert len(await completions(database)) == 1


async def test_what_was_known_already_is_not_completed_and_another_field_has_no_offer(hub: Hub) -> None:
    assert await say(hub, name="Ada", hobby="tea") == ["hobby"]

    assert await points("ada") == 0


async def test_of_two_who_are_one_a_field_is_credited_once(hub: Hub, admin: str, database: Database) -> None:
    await say(hub, "twin", **BIRTHDAY)
    merge = """mutation ($a: ID!, $b: ID!) {
      mergeProfiles(input: {idempotencyKey: "m", into: $a, absorb: $b}) { __typename }
    }"""
    ids = [(await hub.data("{ me { id } }", hub.token(it)))["me"]["id"] for it in ("ada", "twin")]
    await hub.data(merge, admin, a=ids[0], b=ids[1])
    await hub.say()

    await say(hub, "ada", "clear", birthday=None)
    await say(hub, "ada", "again", **BIRTHDAY)

    assert len(await completions(database)) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"email": "eve@example.com"},
        {"answers": "x"},
        {"birthday": "tomorrow"},
        {"birthday": "2999-01-01"},
        {"no good": "x"},
        {"list": [1]},
        {"long": "x" * 501},
    ],
    ids=lambda it: next(iter(it), "none"),
)
async def test_what_cannot_be_a_field_is_refused_and_changes_nothing(hub: Hub, fields: dict[str, Any]) -> None:
    given = {"idempotencyKey": "k", "fields": fields}

    assert await hub.codes(SET, hub.token("ada"), input=given) == ["BAD_USER_INPUT"]
    assert (await hub.data("{ me { traits } }", hub.token("ada")))["me"]["traits"] == {"name": "ada"}
