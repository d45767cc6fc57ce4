"""A persona is a segment like any other: a rule with versions, true of leads who have bought nothing yet."""

from typing import Final

from hub.database import Database
from hub.journeys import service as journeys
from hub.rollups import service as rollups
from hub.segments import store
from tests.rollups.stage import Shop
from tests.segments.test_membership import identify, moves, names, publish

BARISTA: Final = "{segment: home-barista, when: 'profile.brews = \"espresso\" and purchases.count = 0'}"
WIDER: Final = BARISTA.replace('= "espresso"', 'in ["espresso", "moka"]')
JOURNEY: Final = """\
journey: before-the-first-order
enter: {event: Segment Entered, where: properties.segment = "home-barista"}
exit:
  - {event: Segment Left, match: properties.segment}
steps: [{wait: 1d}]
"""


async def test_persona_is_a_versioned_segment_rule_and_a_lead_with_no_order_can_be_in_a_journey(
    shop: Shop, database: Database
) -> None:
    await shop.publish(*rollups.shipped())
    await publish(shop, BARISTA)
    await journeys.publish(JOURNEY, templates=(), by="test", key="j", now=shop.now)
    await identify(shop, brews="espresso")
    await identify(shop, user="bob", brews="moka")

    ada = await shop.profile()
    (run,) = await database["runs"].find({}).to_list()
    assert run["profile_id"] == ada.id
    assert "count" not in ada.rollups["purchases"]  # a lead: nothing was ever bought

    await publish(shop, WIDER)
    await shop.filled()

    rows = await database["segment_versions"].find({}).sort("number", 1).to_list()
    assert [(it["number"], it["source"]) for it in rows] == [(1, BARISTA), (2, WIDER)]
    assert [it.number for it in await store.DEFINITIONS.live()] == [2]
    bob = await shop.profile("bob")
    assert (names(await shop.profile()), names(bob)) == ({"home-barista"}, {"home-barista"})
    assert await moves(database, bob) == []  # nothing has happened to bob: only the rule is another one

    await shop.order(20)
    await shop.route()

    assert names(await shop.profile()) == set()
    assert await moves(database, ada) == [("Entered", "home-barista"), ("Left", "home-barista")]
