"""A rule finds by MongoDB whom it holds of by one profile, and both are right."""

import os
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from hub.conditions.evaluator import compiled
from hub.conditions.model import Compare, Comparison, Condition
from hub.conditions.parser import parse
from hub.conditions.spelling import spell
from hub.database import Database
from hub.events.model import Event
from hub.journeys import facts
from hub.journeys.definition import Definition, Entry
from hub.kit import ids
from hub.profiles.model import Profile
from hub.profiles.store import ProfileDocument
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import query, scope
from hub.segments.model import Segment, facts_of
from hub.segments.query import BadRule
from tests.intake.inflow import NOW
from tests.rollups.stage import event
from tests.segments import judge
from tests.segments.chance import a_profile, a_rule, stored

SCOPE = scope.of(NOTHING_DEFINED)
SEED = int(os.environ.get("HUB_RULES_SEED") or Random().randrange(10**9))
PROFILES = 120
RULES = 400


async def found(condition: Condition) -> set[Any]:
    rows = ProfileDocument.get_pymongo_collection().find(query.of(condition, now=NOW), {"_id": 1})
    return {row["_id"] async for row in rows}


def as_a_journey_asks(profile: Profile, rule: Condition) -> Mapping[str, Any]:
    journey = Definition("any", Entry("Page Viewed", where=rule), (), None, {}, "")
    return facts.of_entry(journey, page_viewed(), profile, now=NOW).scope


def page_viewed() -> Event:
    return event("Page Viewed", properties={"a": 1})


async def test_all_three_readings_of_a_rule_agree_on_every_profile(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    del database
    random = Random(SEED)
    with capsys.disabled():
        print(f"\nrules, HUB_RULES_SEED={SEED}", flush=True)  # noqa: T201
    profiles = [a_profile(random) for _ in range(PROFILES)]
    await stored(profiles)
    picked = 0
    for _ in range(RULES):
        rule = a_rule(random)
        right = {it.id for it in profiles if judge.picks(rule, it, NOW)}
        segment = Segment("random", rule, spell(rule))
        asked = {it.id for it in profiles if segment.picks(facts_of(it, [segment], NOW), NOW)}
        in_journeys = {it.id for it in profiles if compiled(rule)(as_a_journey_asks(it, rule), NOW)}
        told = {it.id: (it.traits, it.stage, it.consents) for it in profiles}
        by_query = await found(rule)
        assert asked == right, (spell(rule), [told[it] for it in asked ^ right][:3])
        assert in_journeys == right, (spell(rule), [told[it] for it in in_journeys ^ right][:3])
        assert by_query == right, (spell(rule), query.of(rule, now=NOW), [told[it] for it in by_query ^ right][:3])
        picked += len(right)
    assert 0.1 < picked / (PROFILES * RULES) < 0.9  # it is tried on both kinds


async def test_a_simple_rule_is_answered_by_the_index_of_its_trait(database: Database) -> None:
    await stored([Profile(id=ids.new_id(), traits={"city": f"c{it}"}, first_seen_at=NOW) for it in range(50)])
    collection = database["profiles"]
    await collection.create_index([("traits.city", 1)], name="city")
    try:
        for rule in ('profile.city = "c7"', 'profile.city in ["c7", "c8"]', 'profile.city starts "c7"'):
            told = await collection.find(query.of(parse(rule), now=NOW)).explain()
            stage = told["queryPlanner"]["winningPlan"]
            assert (stage["inputStage"]["stage"], stage["inputStage"]["indexName"]) == ("IXSCAN", "city")
            assert told["executionStats"]["totalKeysExamined"] <= 3
        told = await collection.find(query.of(parse("within(profile.city, 1d)"), now=NOW)).explain()
        assert told["executionStats"]["totalDocsExamined"] == 0
    finally:
        await collection.drop_index("city")


@pytest.mark.parametrize(
    "hostile",
    [
        'profile.$where = "sleep(1000)"',
        "profile.a.$gt = 1",
        'profile.a = {"$gt": ""}',
        'profile.a in [{"$ne": null}]',
        "$where = 1",
    ],
)
def test_what_would_speak_to_mongodb_is_no_rule(hostile: str) -> None:
    with pytest.raises(BadRule) as raised:
        query.read(hostile, SCOPE, now=NOW)

    assert raised.value.message.startswith("1:")
    assert raised.value.message.endswith("[bad_condition]")


async def test_a_text_that_looks_like_a_query_is_only_a_text(database: Database) -> None:
    del database
    texts = ['{"$ne": null}', "$where", ".*", "^a", "(a+)+$"]
    await stored([Profile(id=ids.new_id(), traits={"note": it}, first_seen_at=NOW) for it in [*texts, "aaaa"]])

    for text in texts:
        for comparison in (Comparison.EQUAL, Comparison.CONTAINS, Comparison.STARTS, Comparison.ENDS):
            assert len(await found(Compare(("profile", "note"), comparison, (text,)))) == 1


def test_a_rule_says_where_it_is_wrong_and_what_was_meant() -> None:
    with pytest.raises(BadRule) as raised:
        query.read("profile.age > 18 and\nprofil.country = 3", SCOPE, now=NOW)

    assert (raised.value.code, raised.value.message) == (
        "BAD_USER_INPUT",
        (
            "2:1: `profil` is not known here: a name begins with `profile.` or `consent.`."
            " Did you mean `profile`? [unknown_name]"
        ),
    )


def test_what_follows_from_a_profile_and_does_not_lie_in_it_cannot_be_asked_of_all() -> None:
    with pytest.raises(BadRule) as raised:
        query.read('profile.preferred.store = "berlin-1"', SCOPE, now=NOW)

    assert raised.value.message.startswith("`profile.preferred.store` can be asked of one customer")


async def test_a_day_is_a_time_also_where_no_calendar_has_it(database: Database) -> None:
    del database
    years = (1999, 2000, 2023, 2024, 2100)
    days = [f"{year}-{month:02}-{day:02}" for year in years for month in range(14) for day in range(33)]
    profiles = [Profile(id=ids.new_id(), traits={"day": it}, first_seen_at=NOW) for it in days]
    await stored(profiles)

    for rule in (parse("within(profile.day, 36500d)"), parse("within(profile.day, next 36500d)")):
        segment = Segment("day", rule, spell(rule))
        right = {it.id for it in profiles if judge.picks(rule, it, NOW)}
        assert right
        assert {it.id for it in profiles if segment.picks(facts_of(it, [segment], NOW), NOW)} == right
        assert await found(rule) == right
