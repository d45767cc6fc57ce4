"""Points by hand: with a reason, each once, and above the limit only when a second person agrees."""

from typing import Any

import pytest

from hub.access import keys
from hub.access.grants import Grant, KeyKind
from hub.access.model import Role
from hub.database import Database
from hub.ledger import adjusting, keeper, service, verifying
from hub.settings import Environment
from hub_api.nodes import global_id
from tests.hub_api.conftest import NOON, Hub
from tests.hub_api.once_loyalty import activate_program
from tests.hub_api.preparing import done
from tests.hub_api.test_wallets import profile_of
from tests.killing import killed

FIELDS = "id state points reason note askedBy decidedBy refusal"
ADJUST = f"""
mutation ($input: AdjustPointsInput!) {{ adjustPoints(input: $input) {{ __typename
  ... on AdjustPointsPayload {{ adjustment {{ {FIELDS} }} }} ... on UserError {{ code message path }} }} }}
"""
DECIDE = f"""
mutation ($input: DecideAdjustmentInput!) {{ decideAdjustment(input: $input) {{ __typename
  ... on DecideAdjustmentPayload {{ adjustment {{ {FIELDS} }} }} ... on UserError {{ code message path }} }} }}
"""
WAITING = f"{{ adjustments {{ nodes {{ {FIELDS} }} }} }}"


async def person(name: str) -> str:
    grant = Grant(KeyKind.STAFF, "office", person=name, roles=frozenset({Role.SERVICE}))
    return await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=NOON) or ""


async def adjust(hub: Hub, key: str, points: int, *, under: str = "k", **other: Any) -> dict[str, Any]:
    given = {
        "idempotencyKey": under,
        "id": str(global_id("Profile", await profile_of("ada"))),
        "program": "finch-club",
        "currency": "points",
        "points": points,
        "reason": "goodwill",
        "note": "The parcel came late.",
        **other,
    }
    found: dict[str, Any] = (await hub.data(ADJUST, key, input=given))["adjustPoints"]
    return found


async def decide(hub: Hub, key: str, adjustment: str, *, agreed: bool, under: str = "d") -> dict[str, Any]:
    given = {"idempotencyKey": under, "adjustmentId": adjustment, "agreed": agreed}
    found: dict[str, Any] = (await hub.data(DECIDE, key, input=given))["decideAdjustment"]
    return found


async def balance() -> int:
    ada = await profile_of("ada")
    assert (await verifying.verify()).differences == []
    return (await service.purses("finch-club", [ada]))[ada].wallet("points").balance


@pytest.fixture
async def club(hub: Hub) -> Hub:
    key, given, _ = await activate_program(hub)
    await done(hub, "activateProgram", key, {"idempotencyKey": "active", **given})
    await hub.identify("ada")
    return hub


async def test_up_to_the_limit_one_person_gives_and_takes_points_with_a_reason(club: Hub) -> None:
    grace = await person("grace")

    given = await adjust(club, grace, 1000)
    again = await adjust(club, grace, 1000)
    taken = await adjust(club, grace, -400, under="k2")

    assert given == again
    assert (given["adjustment"]["state"], given["adjustment"]["askedBy"]) == ("POSTED", "grace")
    assert (given["adjustment"]["note"], taken["adjustment"]["state"]) == ("The parcel came late.", "POSTED")
    assert await balance() == 600


async def test_above_the_limit_nothing_moves_until_a_second_person_agrees(club: Hub) -> None:
    grace, alan = await person("grace"), await person("alan")
    asked = (await adjust(club, grace, 1001))["adjustment"]
    assert asked["state"] == "WAITING"
    assert (await club.data(WAITING, alan))["adjustments"]["nodes"] == [asked]
    assert await balance() == 0

    own = await decide(club, grace, asked["id"], agreed=True)
    assert (own["code"], await balance()) == ("SAME_PERSON", 0)
    agreed = [await decide(club, alan, asked["id"], agreed=True, under=under) for under in ("1", "1", "2")]

    assert [(it["adjustment"]["state"], it["adjustment"]["decidedBy"]) for it in agreed] == [("POSTED", "alan")] * 3
    assert await balance() == 1001
    assert (await club.data(WAITING, alan))["adjustments"]["nodes"] == []


async def test_what_was_declined_is_never_posted(club: Hub) -> None:
    grace, alan = await person("grace"), await person("alan")
    asked = (await adjust(club, grace, 5000))["adjustment"]["id"]

    declined = await decide(club, alan, asked, agreed=False)
    late = await decide(club, alan, asked, agreed=True, under="late")

    assert declined["adjustment"]["state"] == "DECLINED"
    assert late["code"] == "NOT_FOUND"
    assert await balance() == 0


async def test_what_is_taken_and_is_not_there_is_said_to_be_impossible(club: Hub) -> None:
    refused = (await adjust(club, await person("grace"), -5))["adjustment"]

    assert (refused["state"], refused["refusal"]) == ("IMPOSSIBLE", "INSUFFICIENT_POINTS")
    assert await balance() == 0


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"points": 0}, "points"),
        ({"reason": "So what"}, "reason"),
        ({"note": "x" * 501}, "note"),
        ({"currency": "gold"}, "currency"),
        ({"program": "other"}, "currency"),
        ({"id": "nobody"}, "id"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_field(club: Hub, wrong: dict[str, Any], path: str) -> None:
    refused = await adjust(club, await person("grace"), **{"points": 5, **wrong})

    assert (refused["__typename"], refused["code"]) == ("PointsNotAdjusted", "BAD_USER_INPUT")
    assert refused["path"] == ["input", path]
    assert await balance() == 0


async def test_an_agreement_whose_process_died_is_posted_once_by_the_keeper(club: Hub, database: Database) -> None:
    asked = (await adjust(club, await person("grace"), 2000))["adjustment"]["id"]
    (waiting,) = await database["adjustments"].distinct("_id")
    assert str(waiting) == asked

    died, length = True, 0
    while died:
        await database["adjustments"].update_one({}, {"$set": {"state": "waiting", "decided_by": None}})
        for name in ("wallets", "postings"):
            await database[name].delete_many({})
        died = await killed(length, lambda: adjusting.decide(waiting, agreed=True, by="alan", now=NOON))
        await keeper.step(now=NOON)

        assert await balance() == 2000, length
        assert await database["adjustments"].distinct("state") == ["posted"]
        length += 1
    assert length > 2
