"""What segments ask of events is counted with them: for everybody, once for all who ask, and not longer."""

from typing import Any, Final

import pytest

from hub.conditions import tallies
from hub.conditions.model import tallies_in
from hub.conditions.parser import parse
from hub.database import Database
from hub.events.model import IMPORT, Trust
from hub.intake import backfill, keeper
from hub.intake.standing import Definitions
from hub.journeys import service as journeys
from hub.kit.problems import InvalidDefinition
from hub.profiles.store import ProfileDocument
from hub.rollups import service as rollups_service
from hub.rollups import store as rollups
from hub.rollups.tallies import is_tally, read, rollup_of
from hub.segments import language, preview, query, service, store, tallying, trying
from hub.segments.query import BadRule
from tests.intake.inflow import APP
from tests.killing import killed
from tests.rollups.stage import DAY, Shop
from tests.segments.test_membership import moves, names, publish

OFTEN: Final = 'did("Order Completed", >= 2, within 30d)'
NEVER: Final = 'not did("Page Viewed")'
ABANDONED: Final = 'did("Checkout Started", within 7d) and not did("Order Completed", after "Checkout Started")'
COFFEE_AND_NO_TEA: Final = (
    'did("Order Completed", >= 2, where any(product.category = "coffee"))'
    ' and not did("Order Completed", where any(product.category = "tea"))'
)
LAST: Final = 'last("Page Viewed", properties.via) = "web"'


def segment(name: str, when: str) -> str:
    return f"segment: {name}\nwhen: {when}\n"


async def counted() -> set[str]:
    return {it.name for it in await rollups.DEFINITIONS.live() if is_tally(it.name)}


def named(*rules: str) -> set[str]:
    return {name for rule in rules for name in tallies_in(parse(rule))}


async def test_what_somebody_does_moves_them_and_so_does_time(shop: Shop, database: Database) -> None:
    await publish(shop, segment("often", OFTEN), segment("blind", NEVER), segment("online", LAST))
    await shop.bought(10)
    assert names(await shop.profile()) == {"blind"}

    await shop.bought(10)
    await shop.say("Page Viewed", properties={"via": "web"})
    await shop.route()
    assert names(await shop.profile()) == {"often", "online"}

    await shop.day(31)
    await shop.say("Page Viewed", properties={"via": "app"})
    await shop.route()

    assert names(await shop.profile()) == set()
    told = await moves(database, await shop.profile())
    assert sorted(told) == [(how, it) for how in ("Entered", "Left") for it in ("blind", "often", "online")]


async def test_who_checks_out_and_does_not_buy_has_abandoned_a_cart_until_they_buy(
    shop: Shop, database: Database
) -> None:
    """`did(…, after …)` is of the last ones: whoever bought before, and checks out again, is in again."""
    await publish(shop, segment("abandoners", ABANDONED))
    await shop.say("Checkout Started", properties={"order_id": "1"})
    await shop.route()
    assert names(await shop.profile()) == {"abandoners"}
    await shop.bought(10)
    assert names(await shop.profile()) == set()

    await shop.day(3)
    await shop.say("Checkout Started", properties={"order_id": "2"})
    await shop.route()
    assert names(await shop.profile()) == {"abandoners"}
    last = shop.now.replace(hour=0, minute=0, second=0, microsecond=0)
    await shop.day(7)

    assert names(await shop.profile()) == set()
    assert await moves(database, await shop.profile()) == [
        *(("Entered", "abandoners"), ("Left", "abandoners")) * 2,
    ]
    row = await database["events"].find_one({"name": "Segment Left"}, sort=[("at", -1)])
    assert row is not None
    assert row["at"] == last + 7 * DAY


async def test_an_event_that_comes_late_takes_its_place_in_a_sequence(shop: Shop) -> None:
    await publish(
        shop, segment("abandoners", ABANDONED), segment("viewers", 'did("Page Viewed", after first "Signed In")')
    )
    bought_at = shop.now + DAY
    shop.now += 2 * DAY
    await shop.say("Checkout Started", properties={"order_id": "1"})
    await shop.say(
        "Order Completed", properties={"order_id": "1", "total": 1}, timestamp=f"{bought_at:%Y-%m-%dT%H:%M:%SZ}"
    )
    await shop.say("Page Viewed")
    await shop.route()
    assert names(await shop.profile()) == {"abandoners"}

    await shop.say("Signed In", timestamp=f"{bought_at:%Y-%m-%dT%H:%M:%SZ}")
    await shop.say(
        "Order Completed", properties={"order_id": "2", "total": 1}, timestamp=f"{shop.now:%Y-%m-%dT%H:%M:%SZ}"
    )
    await shop.route()

    # At the same moment is not after it.
    assert names(await shop.profile()) == {"abandoners", "viewers"}


async def test_a_window_of_days_ends_at_midnight_utc(shop: Shop, database: Database) -> None:
    await publish(shop, segment("often", OFTEN))
    await shop.bought(10, 10)
    midnight = shop.now.replace(hour=0, minute=0, second=0) + 30 * DAY
    assert (await shop.profile()).next_change_at == midnight

    await shop.day(40)

    rows = await database["events"].find({"name": "Segment Left"}).to_list()
    assert [row["at"] for row in rows] == [midnight]


async def test_what_was_done_before_is_counted_by_the_back_fill_and_announced_to_nobody(
    shop: Shop, database: Database
) -> None:
    await shop.bought(10, 10)
    await shop.bought(10, user="bob")
    await publish(shop, segment("often", OFTEN))
    (version,) = await store.DEFINITIONS.live()
    assert await tallying.progress(version) == (0, 2)

    await shop.bought(10, user="bob")  # who is not counted yet, and is not moved by what nobody knows
    assert names(await shop.profile("bob")) == set()
    await shop.filled()

    assert await tallying.progress(version) == (2, 2)
    assert [names(await shop.profile(user)) for user in ("ada", "bob")] == [{"often"}, {"often"}]
    assert [await moves(database, await shop.profile(user)) for user in ("ada", "bob")] == [[], []]


async def test_a_segment_of_those_who_did_not_takes_in_nobody_before_it_is_counted(
    shop: Shop, database: Database
) -> None:
    await shop.say("Page Viewed")
    await shop.route()
    await publish(shop, segment("blind", NEVER))
    await shop.bought(10)
    await shop.bought(10, user="new")

    assert (names(await shop.profile()), names(await shop.profile("new"))) == (set(), {"blind"})
    await shop.filled()
    assert (names(await shop.profile()), names(await shop.profile("new"))) == (set(), {"blind"})
    assert await moves(database, await shop.profile()) == []


async def test_the_progress_of_a_segment_is_that_of_all_it_asks_for(shop: Shop) -> None:
    await shop.say("Page Viewed")
    await shop.route()
    await publish(shop, segment("inner", "profile.vip = true"), segment("outer", 'segment("inner")'))
    await shop.filled()
    assert await tallying.progress(await service.live("outer")) == (1, 1)

    for another in ("profile.vip = false", NEVER):
        await publish(shop, segment("inner", another))
        assert await tallying.progress(await service.live("outer")) == (0, 1)
        assert not await tallying.is_complete(await service.live("outer"))
        await shop.filled()
        assert await tallying.progress(await service.live("outer")) == (1, 1)
        assert await tallying.is_complete(await service.live("outer"))

    assert names(await shop.profile()) == set()


async def test_segments_share_what_they_ask_and_the_last_one_takes_it_away(shop: Shop) -> None:
    await publish(shop, segment("a", OFTEN), segment("b", f"{OFTEN} and {NEVER}"))
    assert await counted() == named(OFTEN, NEVER)
    await shop.bought(10)
    await shop.filled()
    assert named(OFTEN) < (await shop.profile()).rollups.keys()

    await service.delete("a", used_by=(), by="test", key="d", now=shop.now)
    assert await counted() == named(OFTEN, NEVER)
    await publish(shop, segment("b", NEVER))
    assert await counted() == named(NEVER)
    await shop.filled()
    assert named(OFTEN).isdisjoint((await shop.profile()).rollups)

    await service.delete("b", used_by=(), by="test", key="e", now=shop.now)
    assert await counted() == set()
    await publish(shop, segment("a", OFTEN))
    await shop.bought(10)
    await shop.filled()

    assert names(await shop.profile()) == {"a"}


async def test_whoever_dies_between_a_segment_and_its_counting_leaves_it_to_the_keeper(shop: Shop) -> None:
    await shop.bought(10, 10)
    deaths, died = 0, True
    while died:
        rule = f'did("Order Completed", >= 2, where properties.total > {deaths})'
        died = await killed(deaths, lambda rule=rule: publish(shop, segment("often", rule)))  # type: ignore[misc]  # a default
        defined = Definitions()
        while await keeper.step(defined, lambda: shop.now):
            pass

        (live,) = await store.DEFINITIONS.live() or [None]
        assert await counted() == (named(language.read_published(live.source).written) if live else set())
        assert names(await shop.profile()) == ({"often"} if live else set())
        deaths += 1
    assert deaths > 4


async def test_a_segment_and_the_deletion_of_another_one_that_asks_the_same_may_cross(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(shop, segment("a", OFTEN))
    deleted = rollups.DEFINITIONS.delete

    async def delete_late(*args: Any, **named: Any) -> Any:
        monkeypatch.undo()
        await publish(shop, segment("b", OFTEN))  # and finds that all is counted
        return await deleted(*args, **named)

    monkeypatch.setattr(rollups.DEFINITIONS, "delete", delete_late)
    await service.delete("a", used_by=(), by="test", key="d", now=shop.now)

    assert await counted() == named(OFTEN)


async def test_orders_count_only_from_a_server_and_history_announces_nothing(shop: Shop, database: Database) -> None:
    await publish(shop, segment("buyers", 'did("Order Completed")'))
    await shop.say("Order Completed", source=APP, properties={"order_id": "1", "total": 10})
    await shop.route()
    assert APP.trust is Trust.CLIENT
    assert names(await shop.profile()) == set()

    await shop.say("Order Completed", source=IMPORT, properties={"order_id": "2", "total": 10, "currency": "EUR"})
    await shop.route()

    assert names(await shop.profile()) == {"buyers"}
    assert await moves(database, await shop.profile()) == []


async def test_two_who_become_one_did_what_either_did(shop: Shop) -> None:
    await publish(shop, segment("often", 'did("Page Viewed", = 2)'), segment("blind", NEVER))
    await shop.say("Page Viewed", user=None, anonymousId="phone")  # type: ignore[arg-type]
    await shop.route()
    await shop.say("Page Viewed")
    await shop.route()
    assert names(await shop.profile()) == set()

    await shop.identify(anonymousId="phone", source=APP)
    await shop.route()

    assert names(await shop.profile()) == {"often"}


async def test_customers_are_listed_by_what_they_did_where_a_segment_has_it_counted(shop: Shop) -> None:
    with pytest.raises(BadRule) as refused:
        query.read(OFTEN, await service.rules(), now=shop.now)
    assert refused.value.message == (
        '1:1: Nobody counts this yet: publish a segment that asks it, then ask `segment("NAME")`, or again.'
        " [unknown_name]"
    )

    await publish(shop, segment("often", OFTEN))
    await shop.bought(10, 10)
    await shop.bought(10, user="bob")

    found = ProfileDocument.get_pymongo_collection().find(query.read(OFTEN, await service.rules(), now=shop.now))
    assert [row["_id"] async for row in found] == [(await shop.profile()).id]


async def test_a_preview_tries_what_is_not_counted_yet_and_changes_nothing(shop: Shop, database: Database) -> None:
    await shop.publish(*rollups_service.shipped())
    await shop.bought(10, 10)
    await shop.bought(10, user="bob")
    await shop.say("Page Viewed", user="cleo")
    await shop.route()
    before = await database["profiles"].find({}).sort("_id", 1).to_list()
    draft = await service.read(segment("draft", f"{OFTEN} or did('Page Viewed') and profile.stage = null"))

    tried = await preview.preview(draft, now=shop.now)

    assert (tried.members.count, tried.coming.count, tried.going.count, tried.total) == (2, 2, 0, 3)
    assert [(str(it.theirs.amount), str(it.everybodys.amount)) for it in tried.revenue] == [("20.00", "30.00")]
    assert set(tried.members.examples) == {(await shop.profile(user)).id for user in ("ada", "cleo")}
    assert await database["profiles"].find({}).sort("_id", 1).to_list() == before
    assert await counted() == set()

    await publish(shop, segment("draft", draft.written))
    half = await preview.preview(draft, now=shop.now)
    await shop.filled()
    known = await preview.preview(draft, now=shop.now)

    assert (half.members.count, half.coming.count, half.revenue) == (2, 2, tried.revenue)
    assert (known.members.count, known.coming.count, known.revenue) == (2, 0, tried.revenue)


@pytest.mark.parametrize("rule", ["profile.vip = true", OFTEN, "top(purchases.sum, 50%)"])
async def test_a_preview_does_not_wait_until_everybody_is_sorted_by_a_segment_that_it_asks_for(
    shop: Shop, rule: str
) -> None:
    await shop.publish(*rollups_service.shipped())
    await shop.identify(traits={"vip": True})
    await shop.bought(10, 10)
    await shop.bought(10, user="bob")
    await publish(shop, segment("inner", rule))
    draft = await service.read(segment("draft", 'not segment("inner")'))

    early = await preview.preview(draft, now=shop.now)
    await shop.filled()
    late = await preview.preview(draft, now=shop.now)

    assert early.members == late.members
    assert early.members.examples == ((await shop.profile("bob")).id,)


async def test_a_preview_tells_no_overlap_with_a_segment_that_was_deleted(shop: Shop) -> None:
    await publish(shop, segment("a", "profile.vip = true"), segment("b", "profile.vip = true"))
    await shop.identify(traits={"vip": True})
    await shop.route()
    await service.delete("a", used_by=(), by="test", key="d", now=shop.now)
    draft = await service.read(segment("draft", "profile.vip = true"))

    assert names(await shop.profile()) == {"a", "b"}  # the back-fill has not come by yet
    assert (await preview.preview(draft, now=shop.now)).overlaps == {"b": 1}


async def test_a_preview_of_too_many_customers_says_what_to_do(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "MOST", 1)
    await shop.bought(10)
    await shop.bought(10, user="bob")

    with pytest.raises(InvalidDefinition) as refused:
        await preview.preview(await service.read(segment("draft", OFTEN)), now=shop.now)

    assert [it.code for it in refused.value.problems] == ["not_counted"]
    await shop.identify(user="bob", traits={"country": "DE"})
    await shop.route()
    germans = await service.read(segment("draft", "profile.country = 'DE' and did('Order Completed')"))
    assert (await preview.preview(germans, now=shop.now)).members.examples == ((await shop.profile("bob")).id,)


async def test_no_more_is_counted_than_a_profile_can_keep(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    many = " or ".join(f'did("Page Viewed", within {days}d)' for days in range(1, 22))
    with pytest.raises(InvalidDefinition) as refused:
        await publish(shop, segment("a", many))
    assert [it.code for it in refused.value.problems] == ["too_large"]

    monkeypatch.setattr(tallying, "MOST", 2)
    await publish(shop, segment("a", f"{OFTEN} and {NEVER}"))
    await publish(shop, segment("b", OFTEN))
    for name in ("b", "c"):
        with pytest.raises(InvalidDefinition) as too_many:
            await publish(shop, segment(name, LAST))
        assert [it.code for it in too_many.value.problems] == ["too_large"]
    assert await counted() == named(OFTEN, NEVER)
    await publish(shop, segment("a", f"{LAST} and {OFTEN}"))


async def test_a_journey_asks_for_the_segment_and_not_for_the_events(shop: Shop) -> None:
    await publish(shop, segment("often", OFTEN))
    source = f"journey: a\nenter: {{event: Page Viewed}}\nsteps:\n  - branch: [{{if: '{OFTEN}', then: [end]}}]\n"

    with pytest.raises(InvalidDefinition) as refused:
        await journeys.publish(source, templates=(), by="test", key="j", now=shop.now)

    assert [str(it) for it in refused.value.problems] == [
        '4:20: What somebody did can be asked in a segment: publish one, and ask `segment("NAME")` here. [unknown_name]'
    ]
    asked = source.replace(OFTEN, 'segment("often")')
    assert (await journeys.publish(asked, templates=(), by="test", key="j", now=shop.now)).new


async def test_a_back_fill_that_is_killed_at_any_write_counts_everybody_once(shop: Shop) -> None:
    for number in range(4):
        await shop.bought(*[10] * (number % 2 + 1), user=f"u{number}")
    deaths, died = 0, True
    while died:
        rule = f'did("Order Completed", = 2, where properties.total > {deaths - 1})'
        await publish(shop, segment(f"twice-{deaths}", rule))
        defined = await Definitions().current()
        died = await killed(deaths, lambda defined=defined: backfill.step(defined, now=shop.now))  # type: ignore[misc]  # a default
        await shop.filled()
        assert await store.sizes([f"twice-{deaths}"]) == {f"twice-{deaths}": 2}
        deaths += 1
    assert deaths == 3  # behind, load, save


def test_a_tally_is_written_and_read_back_as_it_was() -> None:
    odd = """sum(["B", "A"], units(product.a = "é'\\""), within 2w, where properties.x in [1, 1.0, true]) > 1"""

    for rule in (OFTEN, LAST, odd):
        for tally in tallies_in(parse(rule)).values():
            assert read(tallies.source_of(tally)) == rollup_of(tally)
            assert is_tally(tally.name)


async def test_a_segment_on_order_frequency_and_units_per_order_updates_on_the_order_that_qualifies_it(
    shop: Shop, database: Database
) -> None:
    """Row 47: repeat purchases and bulk orders are recognised by the order itself, which is the cause."""
    await publish(
        shop,
        segment("repeat-buyers", 'did("Order Completed", >= 3, within 30d)'),
        segment("bulk-buyers", 'average("Order Completed", units) >= 5'),
        segment("coffee-lovers", COFFEE_AND_NO_TEA),
    )
    causes = []
    for coffee in (2, 1, 12):
        await shop.order(products=[{"category": "coffee", "quantity": coffee}])
        await shop.route()
        causes.append({it["name"]: it["cause"] for it in (await shop.profile()).segments["in"]})
    orders = database["events"].find({"name": "Order Completed"}).sort("at", 1)
    _, second, third = [str(row["_id"]) async for row in orders]
    assert causes == [
        {},
        {"coffee-lovers": second},
        {"coffee-lovers": second, "repeat-buyers": third, "bulk-buyers": third},
    ]

    await shop.order(products=[{"category": "tea", "quantity": 1}])
    await shop.route()

    assert names(await shop.profile()) == {"repeat-buyers"}
    assert sorted(await moves(database, await shop.profile())) == [
        ("Entered", "bulk-buyers"),
        ("Entered", "coffee-lovers"),
        ("Entered", "repeat-buyers"),
        ("Left", "bulk-buyers"),
        ("Left", "coffee-lovers"),
    ]
