"""A rule about what somebody did finds by MongoDB whom it holds of by one profile, and both are right."""

import os
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from hub.conditions.model import Condition, tallies_in
from hub.conditions.parser import parse
from hub.conditions.spelling import spell
from hub.database import Database
from hub.kit import ids
from hub.profiles.store import ProfileDocument
from hub.profiles.store import save as save_profiles
from hub.segments import query
from hub.segments.model import Segment, Turns, facts_of
from tests.rollups.stage import DAY, NOON, event
from tests.segments.happened import a_customer, a_rule, an_event, picks

SEED = int(os.environ.get("HUB_RULES_SEED") or Random().randrange(10**9))
PEOPLE = 60
RULES = 200


async def found(condition: Condition, now: datetime = NOON) -> set[Any]:
    rows = ProfileDocument.get_pymongo_collection().find(query.of(condition, now=now), {"_id": 1})
    return {row["_id"] async for row in rows}


async def test_all_three_readings_of_what_somebody_did_agree_on_every_profile(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    del database
    random = Random(SEED)
    with capsys.disabled():
        print(f"\nevents, HUB_RULES_SEED={SEED}", flush=True)  # noqa: T201
    rules = [a_rule(random) for _ in range(RULES)]
    asked = list({name: it for rule in rules for name, it in tallies_in(rule).items()}.values())
    did = [[an_event(random) for _ in range(random.choice([0, 1, 1, 2, 4, 8]))] for _ in range(PEOPLE)]
    customers = [a_customer(events, asked, random) for events in did]
    assert await save_profiles(customers, token=ids.new_id()) == {it.id for it in customers}
    events_of = {it.id: events for it, events in zip(customers, did, strict=True)}
    picked = 0
    for rule in rules:
        segment = Segment("random", rule, spell(rule))
        assert parse(segment.written) == rule
        right = {id_ for id_, events in events_of.items() if picks(rule, events, NOON)}
        by_profile = {it.id for it in customers if segment.picks(facts_of(it, [segment], NOON), NOON)}
        by_query = await found(rule)
        told = {id_: [(it.name, it.at.isoformat(), it.properties) for it in events_of[id_]] for id_ in events_of}
        assert by_profile == right, (segment.written, [told[it] for it in by_profile ^ right][:2])
        assert by_query == right, (segment.written, [told[it] for it in by_query ^ right][:2])
        picked += len(right)
    assert 0.1 < picked / (PEOPLE * RULES) < 0.9  # it is tried on both kinds


@pytest.mark.parametrize(
    "rule",
    [
        'did("Page Viewed", >= 2, within 7d)',
        'not did("Page Viewed", within 30d) or sum("Page Viewed", properties.total, within 2d) > 3',
        'average("Page Viewed", properties.total, within 3d) = 2 and did("Page Viewed")',
        'did("Page Viewed", after first "Page Viewed", within 9d) and not did("Page Viewed", after "Order Completed")',
        'did("Page Viewed", after first "Page Viewed", within 2d) or did("Page Viewed", = 1, within 1d)',
    ],
)
def test_time_alone_moves_at_no_moment_that_was_not_told(rule: str) -> None:
    segment = Segment("a", parse(rule), rule)
    events = [event("Page Viewed", days_ago=days, total=2) for days in (6.3, 1.7, 0.1)]
    ada = a_customer(events, list(segment.tallies.values()), Random(1))

    def holds(at: datetime) -> bool:
        return segment.picks(facts_of(ada, [segment], at), at)

    assert segment.is_timed
    at, moves, turns = NOON, 0, Turns([segment])
    while (turn := turns.next(ada, facts_of(ada, [segment], at), at)) is not None:
        steps = (turn - at) / 5
        assert {holds(at + number * steps) for number in range(5)} == {holds(at)}
        assert holds(turn - timedelta(milliseconds=1)) is holds(at)
        assert holds(turn) is picks(segment.when, events, turn)
        moves += holds(turn) is not holds(at)
        at = turn
    assert {holds(at + days * DAY) for days in (0, 1, 50, 1000)} == {holds(at)}
    assert moves >= 1


def test_a_rule_without_a_window_is_moved_by_no_time() -> None:
    segment = Segment("a", parse('did("Page Viewed", >= 2) and last("Page Viewed", properties.via) = "web"'), "")

    assert not segment.is_timed
    assert len(segment.asks) == len(segment.tallies) == 2


def test_rules_that_ask_the_same_share_what_is_counted() -> None:
    same = [
        'did("A", >= 3, within 14d, where properties.x > 1)',
        'did("A", within 2w, where properties.x > 1) or did(["A", "A"], = 0, within 14d, where (properties.x > 1))',
    ]
    others = [
        'did("A", within 14d)',
        'did(["A", "B"], within 14d)',
        'did("A")',
        'sum("A", properties.x, within 14d) > 1',
    ]

    names = [set(tallies_in(parse(it))) for it in same]

    assert names[0] == names[1]
    assert len(names[0].union(*(tallies_in(parse(it)) for it in others))) == 1 + len(others)


async def test_numbers_are_computed_only_of_those_who_have_something_in_them(database: Database) -> None:
    rule = parse('did("Page Viewed", >= 2, within 7d)')
    (tally,) = tallies_in(rule).values()
    customers = [
        a_customer([event("Page Viewed", days_ago=days) for days in (began, began)], [tally], Random(1))
        for began in (*[30] * 40, 6.5, 7)
    ]
    await save_profiles(customers, token=ids.new_id())
    collection, field = database["profiles"], f"rollups.{tally.name}.last.at"
    await collection.create_index([(field, 1)], name="last")
    try:
        told = await collection.find(query.of(rule, now=NOON)).explain()
    finally:
        await collection.drop_index("last")

    assert (told["executionStats"]["nReturned"], told["executionStats"]["totalDocsExamined"]) == (1, 1)
