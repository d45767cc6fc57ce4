"""Stage Changed: by behaviour and by time alone, each once."""

from hub.events.store import EventDocument
from hub.intake import keeper
from hub.intake.standing import Definitions
from hub.journeys import service as journeys
from hub.rollups import service
from tests.killing import killed
from tests.rollups.stage import DAY, Shop, together

WIN_BACK = """\
journey: win-back
enter: {event: Stage Changed, where: properties.to = "at_risk" and profile.stage = "at_risk"}
steps:
  - wait: 1d
"""
REGULARS = """\
journey: regulars
enter: {event: Page Viewed, where: 'profile.preferred.store in ["berlin"] and profile.preferred.channel = "pos"'}
steps:
  - wait: 1d
"""


async def stages(shop: Shop) -> None:
    await shop.publish(*service.shipped())


async def publish_journey(shop: Shop, source: str) -> None:
    await journeys.publish(source, templates=(), by="test", key=source, now=shop.now)


async def entered(shop: Shop, journey: str) -> int:
    return await shop.database["runs"].count_documents({"journey": journey})


async def test_a_stage_transition_new_active_at_risk_lapsed_won_back_emits_one_event_and_can_trigger_journeys(
    shop: Shop,
) -> None:
    await stages(shop)
    await publish_journey(shop, WIN_BACK)
    await shop.bought(1)
    assert (await shop.profile()).stage == "new"
    assert await shop.announced() == [(None, "new")]

    for days, stage in ((29, "new"), (1, "active"), (59, "active"), (1, "at_risk"), (90, "lapsed")):
        await shop.day(days)
        assert (await shop.profile()).stage == stage
        assert await entered(shop, "win-back") == (1 if stage in {"at_risk", "lapsed"} else 0)
    await shop.bought(1)

    assert (await shop.profile()).stage == "won_back"
    passed = [(None, "new"), ("new", "active"), ("active", "at_risk"), ("at_risk", "lapsed"), ("lapsed", "won_back")]
    assert await shop.announced() == passed
    await shop.kept()
    assert await shop.announced() == passed
    assert await entered(shop, "win-back") == 1


async def test_a_transition_says_from_what_it_follows(shop: Shop) -> None:
    await stages(shop)
    await shop.bought(1)
    bought_at = shop.now
    await shop.day(90)

    row = await EventDocument.get_pymongo_collection().find_one({"properties.to": "at_risk"})
    order = await EventDocument.get_pymongo_collection().find_one({"name": "Order Completed"})

    assert row is not None
    assert order is not None
    cited = {"at": bought_at.isoformat(), "event": str(order["_id"])}
    assert row["properties"] == {
        "from": "active",
        "to": "at_risk",
        "evidence": {
            "rule": "purchases.days_since_last >= 90",
            "purchases": {"count": 1, "first": cited, "last": cited},
        },
    }
    assert (row["at"], row["source"]) == (bought_at + 90 * DAY, "hub")
    life = (await shop.profile()).life
    assert (life["version"], life["since"], life["due"]) == ("stages/1", row["at"], bought_at + 180 * DAY)


async def test_a_keeper_that_was_away_announces_each_stage_that_was_passed_at_its_own_time(shop: Shop) -> None:
    await stages(shop)
    await shop.bought(1)
    bought_at = shop.now

    await shop.day(200)

    found = EventDocument.get_pymongo_collection().find({"name": "Stage Changed"}).sort("at", 1)
    assert [(row["properties"]["to"], (row["at"] - bought_at) / DAY) async for row in found] == [
        *[("new", 0), ("active", 30), ("at_risk", 90), ("lapsed", 180)],
    ]


async def test_an_order_after_a_stage_that_nobody_has_noticed_yet_comes_after_it(shop: Shop) -> None:
    await stages(shop)
    await shop.bought(1)
    shop.now += 200 * DAY

    await shop.bought(1)

    assert await shop.announced() == [
        *[(None, "new"), ("new", "active"), ("active", "at_risk"), ("at_risk", "lapsed"), ("lapsed", "won_back")],
    ]


async def test_a_late_order_that_shows_that_nobody_was_at_risk_moves_them_back_and_says_so(shop: Shop) -> None:
    await stages(shop)
    await shop.bought(1)
    await shop.day(95)
    late = (shop.now - 10 * DAY).isoformat()

    await shop.say("Order Completed", timestamp=late, properties={"order_id": "late"})
    await shop.route()

    assert (await shop.announced())[-1] == ("at_risk", "active")
    assert (await shop.profile()).next_change_at == shop.now + 80 * DAY


async def test_keepers_at_the_same_time_announce_each_transition_once(shop: Shop) -> None:
    await stages(shop)
    for place in range(5):
        await shop.bought(1, user=f"u{place}")
    shop.now += 100 * DAY
    defined = await Definitions().current()

    await together(*(keeper.move(defined, now=shop.now) for _ in range(4)))
    await shop.kept()

    for place in range(5):
        assert await shop.announced(f"u{place}") == [(None, "new"), ("new", "active"), ("active", "at_risk")]
        assert (await shop.profile(f"u{place}")).stage == "at_risk"


async def test_a_keeper_that_is_killed_at_any_write_announces_each_transition_once(shop: Shop) -> None:
    await stages(shop)
    deaths, died = 0, True
    while died:
        user = f"u{deaths}"
        await shop.bought(1, user=user)
        shop.now += 95 * DAY
        defined = await Definitions().current()
        died = await killed(deaths, lambda defined=defined: keeper.move(defined, now=shop.now))  # type: ignore[misc]  # a default
        deaths += 1

        await shop.kept()

        assert await shop.announced(user) == [(None, "new"), ("new", "active"), ("active", "at_risk")]
        assert (await shop.profile(user)).life.get("pending") is None
    assert deaths == 7


async def test_whom_nothing_moves_is_not_looked_at(shop: Shop) -> None:
    await stages(shop)
    await shop.bought(1)
    await shop.say("Page Viewed", user="bob")
    await shop.route()
    await shop.day(400)

    assert await keeper.move(await Definitions().current(), now=shop.now + 400 * DAY) == 0
    assert (await shop.profile("bob")).stage is None


async def test_the_preferred_store_and_channel_can_be_asked_for_by_a_journey(shop: Shop) -> None:
    await stages(shop)
    await publish_journey(shop, REGULARS)
    claimed = {"preferred": {"store": "berlin", "channel": "pos"}}
    await shop.say("Identify", user="eve", type="identify", traits=claimed)
    for user, store in (("ada", "berlin"), ("bob", "hamburg")):
        await shop.order(1, user=user, store_id=store, channel="pos")
    for user in ("ada", "bob", "eve"):
        await shop.say("Page Viewed", user=user)
    await shop.route()

    runs = [row["profile_id"] async for row in shop.database["runs"].find()]
    assert runs == [(await shop.profile("ada")).id]


async def test_stages_without_rules_for_a_customer_end_in_none(shop: Shop) -> None:
    await shop.publish(service.shipped()[0], "stages: [{stage: fresh, when: purchases.days_since_last < 2}]")
    await shop.bought(1)

    await shop.day(2)

    profile = await shop.profile()
    assert (profile.stage, profile.next_change_at) == (None, None)
    assert await shop.announced() == [(None, "fresh"), ("fresh", None)]
    assert profile.life["since"] == shop.now
