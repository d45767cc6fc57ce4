"""Who is in a segment: moved by the event that changes it, by time alone, and by nothing else; announced once."""

from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from hub.database import Database
from hub.events.model import IMPORT
from hub.events.store import EventDocument
from hub.intake import backfill, keeper
from hub.intake.standing import Definitions
from hub.journeys import service as journeys
from hub.journeys.advance import Advancer
from hub.kit.problems import InvalidDefinition
from hub.profiles.model import Profile
from hub.rollups import service as rollups
from hub.segments import service, store
from hub.segments.model import Segment
from tests.intake.inflow import APP, unrouted
from tests.killing import killed
from tests.rollups.stage import DAY, Shop, together

GERMANS: Final = '{segment: germans, when: profile.country = "DE"}'
VIPS: Final = "{segment: vips, when: profile.vip = true}"
BOTH: Final = '{segment: german-vips, when: profile.vip = true and profile.country = "DE"}'
SILENT: Final = "{segment: without-phone, when: not exists(profile.phone)}"
LATELY: Final = "{segment: lately, when: 'within(profile.seenAt, 30d)'}"
AT_RISK: Final = '{segment: at-risk, when: profile.stage = "at_risk"}'

JOURNEY: Final = """\
journey: welcome
enter: {event: Segment Entered, where: properties.segment = "germans"}
steps: [{wait: 1d}]
"""


async def publish(shop: Shop, *sources: str) -> None:
    for source in sources:
        await service.publish(source, by="test", key=source, now=shop.now)


async def identify(shop: Shop, user: str = "ada", **traits: Any) -> None:
    await shop.identify(user=user, traits=traits)
    await shop.route()


def names(profile: Profile) -> set[str]:
    return {it["name"] for it in profile.segments.get("in", ())}


async def moves(database: Database, user: Profile) -> list[tuple[str, str]]:
    """What was announced of a customer, in its order."""
    wanted = {"name": {"$in": ["Segment Entered", "Segment Left"]}, "about": user.id}
    rows = await database["events"].find(wanted).sort([("at", 1), ("place", 1)]).to_list()
    return [(row["name"].split()[1], row["properties"]["segment"]) for row in rows]


async def test_an_event_moves_a_customer_in_and_out_and_each_move_is_an_event(shop: Shop, database: Database) -> None:
    await publish(shop, GERMANS, VIPS, BOTH)
    await identify(shop, country="DE")
    await identify(shop, vip=True)
    ada = await shop.profile()
    assert names(ada) == {"germans", "vips", "german-vips"}

    await identify(shop, country="AT")

    after = await shop.profile()
    assert names(after) == {"vips"}
    assert sorted(await moves(database, after)) == sorted(
        [
            ("Entered", "germans"),
            ("Entered", "vips"),
            ("Entered", "german-vips"),
            ("Left", "germans"),
            ("Left", "german-vips"),
        ]
    )
    causes = {row["name"]: row["cause"] for row in ada.segments["in"]}
    identified = {str(row["_id"]): row["traits"] async for row in database["events"].find({"kind": "identify"})}
    assert (identified[causes["germans"]], identified[causes["vips"]]) == ({"country": "DE"}, {"vip": True})
    assert causes["german-vips"] == causes["vips"]


async def test_a_new_customer_enters_also_what_they_are_in_for_lack_of_something(
    shop: Shop, database: Database
) -> None:
    await publish(shop, SILENT)
    await shop.say("Page Viewed")
    await shop.route()

    assert await moves(database, await shop.profile()) == [("Entered", "without-phone")]


async def test_who_does_not_change_is_not_announced_again(shop: Shop, database: Database) -> None:
    await publish(shop, GERMANS)
    for _ in range(3):
        await identify(shop, country="DE", city="Berlin")
        await shop.say("Page Viewed")
    await shop.route()

    assert await moves(database, await shop.profile()) == [("Entered", "germans")]


async def test_only_rules_that_mention_what_changed_are_asked(shop: Shop, monkeypatch: Any) -> None:
    await publish(shop, GERMANS, VIPS, AT_RISK)
    await identify(shop, country="DE")
    asked: list[str] = []
    picks = Segment.picks

    def picks_and_tells(segment: Segment, facts: Any, now: datetime) -> bool:
        asked.append(segment.name)
        return picks(segment, facts, now)

    monkeypatch.setattr(Segment, "picks", picks_and_tells)
    await identify(shop, vip=True)
    await shop.say("Page Viewed")
    await shop.route()

    assert asked == ["vips"]


async def test_what_is_said_of_a_customer_again_asks_no_rule(shop: Shop, monkeypatch: Any) -> None:
    await publish(shop, GERMANS, VIPS, BOTH)
    await identify(shop, country="DE", vip=1)
    asked: list[str] = []
    picks = Segment.picks

    def picks_and_tells(segment: Segment, facts: Any, now: datetime) -> bool:
        asked.append(segment.name)
        return picks(segment, facts, now)

    monkeypatch.setattr(Segment, "picks", picks_and_tells)
    await identify(shop, country="DE", vip=1, city="Berlin")
    assert asked == []

    await identify(shop, country="DE", vip=True)  # which is 1 to Python, and not to a rule

    assert sorted(asked) == ["german-vips", "vips"]
    assert names(await shop.profile()) == {"germans", "vips", "german-vips"}


async def test_publishing_sorts_everybody_and_announces_nothing(shop: Shop, database: Database) -> None:
    await identify(shop, country="DE")
    await identify(shop, user="bob", country="AT")
    await publish(shop, GERMANS)
    assert await store.progress(1) == (0, 2)

    await shop.filled()

    assert await store.progress(1) == (2, 2)
    assert [names(await shop.profile(user)) for user in ("ada", "bob")] == [{"germans"}, set()]
    assert (await shop.profile()).segments["in"][0]["cause"] == "definition"
    assert await store.sizes(["germans"]) == {"germans": 1}

    await publish(shop, GERMANS.replace("DE", "AT"))
    await shop.filled()

    assert [names(await shop.profile(user)) for user in ("ada", "bob")] == [set(), {"germans"}]
    assert [await moves(database, await shop.profile(user)) for user in ("ada", "bob")] == [[], []]


async def test_an_event_before_the_back_fill_moves_only_those_whom_it_changes(shop: Shop, database: Database) -> None:
    await identify(shop, country="DE")
    await identify(shop, user="bob", country="AT")
    await publish(shop, GERMANS, VIPS)

    await identify(shop, vip=True)
    await identify(shop, user="bob", country="DE")
    await shop.filled()

    assert await moves(database, await shop.profile()) == [("Entered", "vips")]
    assert names(await shop.profile()) == {"germans", "vips"}
    assert await moves(database, await shop.profile("bob")) == [("Entered", "germans")]


async def test_time_alone_moves_by_the_stage(shop: Shop, database: Database) -> None:
    await shop.publish(*rollups.shipped())
    await publish(shop, AT_RISK)
    await shop.bought(10)

    await shop.day(90)
    entered = names(await shop.profile())
    await shop.day(90)

    assert (entered, names(await shop.profile())) == ({"at-risk"}, set())
    assert await moves(database, await shop.profile()) == [("Entered", "at-risk"), ("Left", "at-risk")]


async def test_a_keeper_that_was_away_moves_a_customer_through_each_segment_that_was_passed(
    shop: Shop, database: Database
) -> None:
    await shop.publish(*rollups.shipped())
    await publish(shop, AT_RISK)
    await shop.bought(10)
    bought_at = shop.now

    await shop.day(300)

    assert await moves(database, await shop.profile()) == [("Entered", "at-risk"), ("Left", "at-risk")]
    rows = await database["events"].find({"name": {"$regex": "^Segment"}}).sort("at", 1).to_list()
    assert [row["at"] for row in rows] == [bought_at + 90 * DAY, bought_at + 180 * DAY]


async def test_time_alone_moves_by_a_date_of_the_customer_to_the_second(shop: Shop, database: Database) -> None:
    await publish(
        shop,
        "{segment: lately, when: 'within(profile.seenAt, 30d)'}",
        "{segment: soon, when: 'within(profile.ends, next 1d)'}",
    )
    told = shop.now + timedelta(seconds=1)
    await identify(shop, seenAt=f"{told:%Y-%m-%dT%H:%M:%SZ}", ends=f"{told + 10 * DAY:%Y-%m-%dT%H:%M:%S.7Z}")
    assert names(await shop.profile()) == {"lately"}
    assert (await shop.profile()).next_change_at == told + 9 * DAY

    await shop.day(40)

    rows = await database["events"].find({"name": {"$regex": "^Segment"}}).sort("at", 1).to_list()
    assert [(row["name"].split()[1], row["properties"]["segment"], row["at"]) for row in rows] == [
        ("Entered", "lately", told),
        ("Entered", "soon", told + 9 * DAY),
        ("Left", "soon", told + 10 * DAY),
        ("Left", "lately", told + 30 * DAY),
    ]
    assert (await shop.profile()).next_change_at is None


async def test_where_another_segment_is_deleted_or_untimed_time_moves_on(shop: Shop, database: Database) -> None:
    await publish(shop, LATELY, GERMANS, VIPS)
    await identify(shop, seenAt=f"{shop.now:%Y-%m-%d}", country="DE")
    await service.delete("germans", used_by=(), by="test", key="d", now=shop.now)
    await shop.filled()
    assert names(await shop.profile()) == {"lately"}

    await shop.day(31)
    assert names(await shop.profile()) == set()
    assert (await moves(database, await shop.profile()))[-1] == ("Left", "lately")

    await identify(shop, seenAt=f"{shop.now:%Y-%m-%d}")
    await publish(shop, "{segment: lately, when: exists(profile.seenAt)}")
    await shop.day(31)
    await shop.kept()
    assert (names(await shop.profile()), (await shop.profile()).next_change_at) == ({"lately"}, None)


async def test_a_date_that_moves_is_followed(shop: Shop, database: Database) -> None:
    await publish(shop, LATELY)
    await identify(shop, seenAt=f"{shop.now:%Y-%m-%d}")
    await shop.day(20)
    await identify(shop, seenAt=f"{shop.now:%Y-%m-%d}")
    await shop.day(20)

    assert names(await shop.profile()) == {"lately"}
    await shop.day(11)
    assert names(await shop.profile()) == set()
    assert await moves(database, await shop.profile()) == [("Entered", "lately"), ("Left", "lately")]


async def test_a_back_fill_that_comes_late_loses_no_move_that_time_has_made(shop: Shop, database: Database) -> None:
    await publish(shop, LATELY)
    await identify(shop, seenAt=f"{shop.now:%Y-%m-%d}")
    await publish(shop, VIPS)
    shop.now += 31 * DAY

    await shop.filled()
    await shop.kept()

    assert await moves(database, await shop.profile()) == [("Entered", "lately"), ("Left", "lately")]


async def test_a_segment_of_segments_follows_them_and_their_versions(shop: Shop, database: Database) -> None:
    await publish(shop, GERMANS, VIPS)
    await publish(shop, '{segment: both, when: \'segment("germans") and segment("vips")\'}')
    await publish(shop, "{segment: neither, when: 'not segment(\"both\")'}")
    await identify(shop, country="DE")
    await identify(shop, vip=True)
    assert names(await shop.profile()) == {"germans", "vips", "both"}
    told = await moves(database, await shop.profile())
    assert (set(told[:2]), set(told[2:])) == (
        {("Entered", "germans"), ("Entered", "neither")},
        {("Entered", "vips"), ("Entered", "both"), ("Left", "neither")},
    )

    await publish(shop, GERMANS.replace("DE", "AT"))
    await shop.filled()

    assert names(await shop.profile()) == {"vips", "neither"}
    assert len(await moves(database, await shop.profile())) == 5


async def test_segments_that_ask_for_each_other_are_refused(shop: Shop) -> None:
    await publish(shop, GERMANS)
    await publish(shop, "{segment: a, when: 'segment(\"germans\")'}", "{segment: b, when: 'segment(\"a\")'}")

    for source in ("{segment: germans, when: 'segment(\"b\")'}", "{segment: b, when: 'not segment(\"b\")'}"):
        with pytest.raises(InvalidDefinition) as refused:
            await publish(shop, source)
        assert [it.code for it in refused.value.problems] == ["circular"]
    with pytest.raises(InvalidDefinition) as unknown:
        await publish(shop, "{segment: c, when: 'segment(\"germns\")'}")
    assert "Did you mean `germans`?" in str(unknown.value)


async def test_a_name_of_a_segment_that_is_written_otherwise_is_told_how_it_is_meant(database: Database) -> None:
    del database
    with pytest.raises(InvalidDefinition) as raised:
        await service.read("segment: Kölner Café\nwhen: profile.a = 1\n")

    assert raised.value.message.endswith("Did you mean `kolner-cafe`? [bad_name]")


async def test_a_journey_branches_by_a_segment_and_by_a_time(shop: Shop, database: Database) -> None:
    await publish(shop, GERMANS)
    source = """\
journey: branching
enter: {event: Page Viewed, where: 'segment("germans") or within(profile.seenAt, 1h)'}
steps:
  - branch:
      - if: segment("germans")
        then: [wait: 1d]
      - if: within(profile.seenAt, 1h)
        then: [wait: 2d]
"""
    await journeys.publish(source, templates=(), by="test", key="j", now=shop.now)
    with pytest.raises(InvalidDefinition) as refused:
        await journeys.publish(source.replace("germans", "german"), templates=(), by="test", key="k", now=shop.now)
    assert "Did you mean `germans`?" in str(refused.value)
    await identify(shop, country="DE")
    await identify(shop, user="bob", seenAt=f"{shop.now:%Y-%m-%dT%H:%M:%SZ}")
    await identify(shop, user="cleo", seenAt="2020-01-01")
    for user in ("ada", "bob", "cleo"):
        await shop.say("Page Viewed", user=user)
    await shop.route()

    while await Advancer().advance("branching/1/0", lambda: shop.now):
        pass

    runs = {row["profile_id"]: row["due"] - shop.now async for row in database["runs"].find({})}
    assert runs == {(await shop.profile(user)).id: days * DAY for user, days in (("ada", 1), ("bob", 2))}


async def test_a_journey_is_entered_by_a_segment(shop: Shop, database: Database) -> None:
    await publish(shop, GERMANS, VIPS)
    await journeys.publish(JOURNEY, templates=(), by="test", key="j", now=shop.now)

    await identify(shop, country="DE")
    await identify(shop, user="bob", country="AT", vip=True)

    (run,) = await database["runs"].find({}).to_list()
    assert run["profile_id"] == (await shop.profile()).id


async def test_what_is_brought_in_from_a_file_moves_and_announces_nothing(shop: Shop, database: Database) -> None:
    await publish(shop, GERMANS)
    await shop.identify(traits={"country": "DE"}, source=IMPORT)
    await shop.route()

    assert names(await shop.profile()) == {"germans"}
    assert await moves(database, await shop.profile()) == []


async def test_who_was_in_by_either_of_two_profiles_does_not_enter_again_when_they_are_joined(
    shop: Shop, database: Database
) -> None:
    await publish(shop, GERMANS, BOTH)
    await shop.identify(user=None, anonymousId="phone", traits={"country": "DE"}, source=APP)
    await shop.route()
    await identify(shop, vip=True)

    await shop.identify(anonymousId="phone", source=APP)
    await shop.route()

    ada = await shop.profile()
    about = await database["events"].distinct("about", {"name": "Segment Entered", "properties.segment": "germans"})
    assert names(ada) == {"germans", "german-vips"}
    assert len(about) == 1
    assert about != [ada.id]
    assert await moves(database, ada) == [("Entered", "german-vips")]


async def test_an_attempt_that_dies_at_any_write_moves_and_announces_once(shop: Shop, database: Database) -> None:
    await publish(shop, GERMANS, VIPS)
    deaths, died = 0, True
    while died:
        user = f"u{deaths}"
        await shop.identify(user=user, traits={"country": "DE"})
        await shop.identify(user=user, traits={"vip": True})
        events = await unrouted()
        died = await killed(deaths, lambda events=events: shop.router._route(events))  # type: ignore[misc]  # a default
        deaths += 1
        await shop.kept()

        profile = await shop.profile(user)
        assert names(profile) == {"germans", "vips"}, deaths
        assert await moves(database, profile) == [("Entered", "germans"), ("Entered", "vips")], deaths
    assert deaths > 5


async def test_a_back_fill_that_is_killed_at_any_write_goes_on_and_loses_nobody(shop: Shop) -> None:
    for number in range(5):
        await identify(shop, user=f"u{number}", country="DE" if number % 2 else "AT")
    deaths, died = 0, True
    while died:
        await publish(shop, GERMANS.replace("germans", f"germans-{deaths}"))
        defined = await Definitions().current()
        died = await killed(deaths, lambda defined=defined: backfill.step(defined, now=shop.now))  # type: ignore[misc]  # a default
        await shop.filled()
        assert await store.sizes([f"germans-{deaths}"]) == {f"germans-{deaths}": 2}
        deaths += 1
    assert deaths == 3  # behind, load, save


async def test_keepers_and_routers_at_the_same_time_move_everybody_once(shop: Shop, database: Database) -> None:
    await shop.publish(*rollups.shipped())
    await publish(shop, AT_RISK, GERMANS)
    for number in range(8):
        await identify(shop, user=f"u{number}", country="DE")
        await shop.order(user=f"u{number}")
    await shop.route()
    shop.now += 90 * DAY
    for number in range(8):
        await shop.identify(user=f"u{number}", traits={"country": "AT"})
    defined = await Definitions().current()

    await together(
        *(keeper.move(defined, now=shop.now) for _ in range(3)),
        *(shop.another_router(name).step() for name in ("a", "b")),
    )
    await shop.kept()

    for number in range(8):
        assert sorted(await moves(database, await shop.profile(f"u{number}"))) == [
            ("Entered", "at-risk"),
            ("Entered", "germans"),
            ("Left", "germans"),
        ]
    assert await EventDocument.find({"name": "Stage Changed"}).count() == 8 * len(("new", "active", "at_risk"))
