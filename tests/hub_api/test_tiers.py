"""Tiers over the API: what a member has and what is missing, and who would move by another version."""

from datetime import timedelta
from uuid import UUID

from hub.database import Database
from hub.ledger import service as ledger
from hub.ledger.model import About
from hub.ledger.moves import Earn
from hub.ledger.service import Request, fixed
from hub.programs import language
from hub.tiers import service
from tests.hub_api.conftest import Hub
from tests.hub_api.test_programs import activate, create
from tests.tiers.written import TIERED

MINE = """query ($at: DateTime!) { me { tiers(language: "de", at: $at) {
  program tier label perks balance next { tier label least gap } history { tier was } tierAt
} } }"""
TRIAL = """{ program(name: "finch-club") { versions {
  version tierTrial { members up down moves { was tier members } }
} } }"""


async def ada_with(hub: Hub, admin: str, database: Database, points: int) -> UUID:
    """Let Ada have so many status points in the program, and be looked at."""
    await create(hub, admin, TIERED)
    await activate(hub, admin, 1, "a")
    await hub.identify("ada")
    row = await database["profiles"].find_one({})
    assert row
    owner: UUID = row["_id"]
    move = Earn("status", points, "order/1", hub.now, hub.now + timedelta(days=300))
    await ledger.post_one(Request("finch-club", owner, "1", fixed(move), About("test"), at=hub.now), now=hub.now)
    await service.review(language.read(TIERED, None), {owner: (owner,)}, at=hub.now, now=hub.now)
    return owner


async def test_a_member_sees_their_tier_its_perks_and_what_is_missing_to_the_next(
    hub: Hub, admin: str, database: Database
) -> None:
    await ada_with(hub, admin, database, 1_400)

    before = (hub.now - timedelta(days=1)).isoformat()
    (shown,) = (await hub.data(MINE, hub.token("ada"), at=before))["me"]["tiers"]

    assert shown == {
        "program": "finch-club",
        "tier": "silver",
        "label": "Silber",
        "perks": ["free-shipping"],
        "balance": 1_400,
        "next": {"tier": "gold", "label": "Gold", "least": 1_500, "gap": 100},
        "history": [{"tier": "silver", "was": None}],
        "tierAt": None,
    }


async def test_row_51_changing_a_tier_rule_shows_a_dry_run_count_of_up_and_down_moves_before_activation(
    hub: Hub, admin: str, database: Database
) -> None:
    owner = await ada_with(hub, admin, database, 1_400)
    await create(hub, admin, TIERED.replace("from: 1500", "from: 1400"), "l")

    tried, standing = (await hub.data(TRIAL, admin))["program"]["versions"]

    assert tried == {
        "version": 2,
        "tierTrial": {
            "members": 1,
            "up": 1,
            "down": 0,
            "moves": [{"was": "silver", "tier": "gold", "members": 1}],
        },
    }
    assert standing["tierTrial"] == {"members": 1, "up": 0, "down": 0, "moves": []}
    row = await database["standings"].find_one({"owner": owner})
    assert row
    assert [it["tier"] for it in row["changes"]] == ["silver"]
