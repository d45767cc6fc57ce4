"""A rule finds by MongoDB whom it holds of by one profile, and both are right."""

import os
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from hub.conditions.evaluator import compiled
from hub.conditions.model import Compare, Comparison, Condition, Every, Exists, InSegment, Literal, Not, Some, Within
from hub.conditions.parser import parse
from hub.conditions.spelling import spell
from hub.database import Database
from hub.kit import ids
from hub.profiles.model import Profile
from hub.profiles.store import ProfileDocument
from hub.profiles.store import save as save_profiles
from hub.rollups import facts
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import query, scope
from hub.segments.query import BadRule
from tests.intake.inflow import NOW
from tests.segments import judge

SCOPE = scope.of(NOTHING_DEFINED)
SEED = int(os.environ.get("HUB_RULES_SEED") or Random().randrange(10**9))
PROFILES = 120
RULES = 400

TEXTS = [
    "",
    "a",
    "A",
    "ab",
    "b",
    "é",
    "e\u0301",
    "😀",
    "\uffff",
    "a.b",
    "$a",
    "(a+)+$",
    "^",
    "a\nb",
    "\0",
    "1",
    "true",
    "null",
]
NUMBERS: list[Literal] = [0, -0.0, 1, 1.0, 1.5, -1, 2**53, 2**53 + 1, float(2**53), 2**62, -(2**63) + 1, 1e300]
TIMES = [
    *("2026-11-20T12:00:00Z", "2026-11-20T11:59:59Z", "2026-11-20T12:00:00.500Z", "2026-11-20T12:00:01Z"),
    *("2026-11-20T10:00:00Z", "2026-11-20T10:00:00.9Z", "2026-11-20T10:00:01Z", "2026-11-20T14:00:00.1Z"),
    *("2026-11-20", "2026-11-19", "2026-11-18", "2026-11-21", "2026-11-22", "2026-11-31", "2026-11-00", "2026-13-01"),
    *("2026-11-20T12:00:00", "2026-11-20T12:00:00+00:00", "2026-11-20T12:00:00Z\n", "2026-11-20\n", "0000-01-01"),
    *("2026-11-20T11:60:00Z", "2026-11-20t11:00:00Z", "\u0662026-11-20", "9999-12-31T23:59:59Z", "1926-12-01"),
]
SPANS = [timedelta(seconds=1), timedelta(hours=2), timedelta(hours=12), timedelta(days=2), timedelta(days=36_500)]
SCALARS: list[Any] = [*TEXTS, *NUMBERS, True, False, None]
NAMES = [("profile", "a"), ("profile", "b"), ("profile", "c", "a"), ("profile", "c", "b", "a"), ("profile", "c", "0")]
NAMES += [("profile", "stage"), ("profile", "stage", "a"), ("profile", "c")]


def a_value(random: Random, depth: int = 0) -> Any:
    match random.choice(["scalar", "scalar", "scalar", "list", "object"]) if depth < 3 else "scalar":
        case "list":
            return [a_value(random, depth + 1) for _ in range(random.randrange(3))]
        case "object":
            return {name: a_value(random, depth + 1) for name in ("a", "b", "0") if random.random() < 0.6}
    return random.choice(random.choice([SCALARS, TIMES]))


def a_profile(random: Random) -> Profile:
    traits = {name: a_value(random) for name in ("a", "b") if random.random() < 0.8}
    if random.random() < 0.8:
        traits["c"] = {name: a_value(random, 1) for name in ("a", "b", "0") if random.random() < 0.7}
    elif random.random() < 0.7:
        traits["c"] = a_value(random)
    if random.random() < 0.3:
        traits["stage"] = "said by the customer"
    stage = random.choice([None, "new", "a", "b"])
    into = [{"name": it, "since": NOW, "cause": "x"} for it in ("a", "b") if random.random() < 0.5]
    segments = random.choice([{}, {"in": into, "edition": 1}])
    return Profile(id=ids.new_id(), traits=traits, stage=stage, segments=segments, first_seen_at=NOW, last_seen_at=NOW)


def customer(profile: Profile) -> judge.Customer:
    return judge.Customer(profile.traits, profile.stage, [it["name"] for it in profile.segments.get("in", ())])


def value_of(profile: Profile) -> dict[str, Any]:
    return {"profile": facts.of(profile, now=NOW), "segments": profile.segment_names}


def a_rule(random: Random, depth: int = 0) -> Condition:  # noqa: C901, PLR0911 - one answer a kind of rule
    match random.choice(["leaf", "leaf", "not", "every", "some"]) if depth < 3 else "leaf":
        case "not":
            return Not(a_rule(random, depth + 1))
        case "every":
            return Every(tuple(a_rule(random, depth + 1) for _ in range(random.randrange(2, 4))))
        case "some":
            return Some(tuple(a_rule(random, depth + 1) for _ in range(random.randrange(2, 4))))
    path = random.choice(NAMES)
    if random.random() < 0.1:
        return InSegment(random.choice(["a", "b", "nobody"]))
    if random.random() < 0.2:
        return Within(path, random.choice(SPANS), random.choice([True, False]))
    comparison = random.choice([None, *Comparison])
    match comparison:
        case None:
            return Exists(path)
        case Comparison.IN:
            return Compare(path, comparison, tuple(random.choice(SCALARS) for _ in range(random.randrange(1, 4))))
        case Comparison.BETWEEN:
            sort = random.choice([TEXTS, NUMBERS])
            return Compare(path, comparison, (random.choice(sort), random.choice(sort)))
        case Comparison.CONTAINS:
            return Compare(path, comparison, (random.choice([it for it in SCALARS if it is not None]),))
        case Comparison.STARTS | Comparison.ENDS:
            return Compare(path, comparison, (random.choice(TEXTS),))
        case Comparison.EQUAL | Comparison.NOT_EQUAL:
            return Compare(path, comparison, (random.choice(SCALARS),))
    return Compare(path, comparison, (random.choice([*TEXTS, *NUMBERS]),))


async def found(condition: Condition) -> set[Any]:
    rows = ProfileDocument.get_pymongo_collection().find(query.of(condition, now=NOW), {"_id": 1})
    return {row["_id"] async for row in rows}


async def stored(profiles: Sequence[Profile]) -> None:
    assert await save_profiles(profiles, token=ids.new_id()) == {it.id for it in profiles}


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
        right = {it.id for it in profiles if judge.picks(rule, customer(it), NOW)}
        asked = {it.id for it in profiles if compiled(rule)(value_of(it), NOW)}
        told = {it.id: (it.traits, it.stage) for it in profiles}
        by_query = await found(rule)
        assert asked == right, (spell(rule), [told[it] for it in asked ^ right][:3])
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
        "2:1: `profil` is not known here: a name begins with `profile.`. Did you mean `profile`? [unknown_name]",
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
        right = {it.id for it in profiles if judge.picks(rule, customer(it), NOW)}
        assert right
        assert {it.id for it in profiles if compiled(rule)(value_of(it), NOW)} == right
        assert await found(rule) == right
