"""Rules that mix all that can be asked find by MongoDB whom they hold of by one profile, and both are right."""

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Any, Final
from uuid import UUID

import pytest

from hub.conditions.model import Condition, End, Every, Not, Ranked, Some, tallies_in
from hub.conditions.parser import parse
from hub.conditions.spelling import spell
from hub.database import Database
from hub.events.model import Event
from hub.kit import ids
from hub.profiles.model import Profile
from hub.profiles.store import ProfileDocument
from hub.profiles.store import save as save_profiles
from hub.rankings import keeping
from hub.rankings.model import Boundaries
from hub.segments import query
from hub.segments.model import Segment, facts_of
from tests.rollups.stage import NOON
from tests.segments import chance, happened, judge
from tests.segments import test_numbers as numbers

SEED = int(os.environ.get("HUB_RULES_SEED") or Random().randrange(10**9))
PEOPLE: Final = 60
RULES: Final = 250
SHARES: Final = ["0.5", "1", "10", "25", "33.3", "50", "100"]
RANKED: Final = ["sum", "count", "days_since_first", "days_since_last"]


@dataclass(frozen=True)
class Customer:
    """A profile, and what it was made of."""

    profile: Profile
    orders: Sequence[Event]
    events: Sequence[Event]


def a_leaf(random: Random) -> Condition:
    if random.random() < 0.2:
        path = ("total-spend", random.choice(RANKED))
        return Ranked(path, Decimal(random.choice(SHARES)), random.choice([End.TOP, End.BOTTOM]))
    make: Callable[[Random], Condition] = random.choice([chance.a_leaf, chance.a_consent_rule, numbers.a_rule])
    return random.choice([make, lambda it: happened.a_rule(it, 2)])(random)


def a_rule(random: Random, depth: int = 0) -> Condition:
    match random.choice(["leaf", "not", "every", "some", "some"]) if depth < 3 else "leaf":
        case "not":
            return Not(a_rule(random, depth + 1))
        case "every":
            return Every(tuple(a_rule(random, depth + 1) for _ in range(2)))
        case "some":
            return Some(tuple(a_rule(random, depth + 1) for _ in range(2)))
    return a_leaf(random)


def a_customer(random: Random, rules: Sequence[Condition]) -> Customer:
    asked = list({name: it for rule in rules for name, it in tallies_in(rule).items()}.values())
    orders = [numbers.an_order(random) for _ in range(random.choice([0, 1, 1, 2, 3]))]
    events = [happened.an_event(random) for _ in range(random.choice([0, 1, 2, 4]))]
    counted = happened.a_customer(events, asked, random).rollups
    spent = {"total-spend": numbers.state_of(orders)} if orders else {}
    return Customer(replace(chance.a_profile(random), rollups={**counted, **spent}), orders, events)


def right(  # noqa: PLR0911 - one answer a kind of question
    condition: Condition, of: Customer, everybody: Sequence[Customer]
) -> bool:
    """Judge a rule by what the customer was made of, part by part."""
    match condition:
        case Not(part):
            return not right(part, of, everybody)
        case Every(parts):
            return all(right(part, of, everybody) for part in parts)
        case Some(parts):
            return any(right(part, of, everybody) for part in parts)
        case Ranked():
            return of.profile.id in at_the_end(condition, everybody)
    if tallies_in(condition):
        return happened.picks(condition, of.events, NOON)
    if getattr(condition, "path", ("",))[0] == "total-spend":
        return numbers.right(condition, of.orders)
    return judge.picks(condition, of.profile, NOON)


def at_the_end(ranked: Ranked, everybody: Sequence[Customer]) -> set[UUID]:
    """Sort all who have the number, and cut; of equals the smaller id comes first."""
    value = {it.profile.id: stands(ranked.path[-1], it.orders) for it in everybody}
    order = [it for _, it in sorted((-number, id_) for id_, number in value.items() if number is not None)]
    many = math.ceil(ranked.share * len(order) / 100)
    return set(order[:many] if ranked.end is End.TOP else order[len(order) - many :])


def stands(number: str, orders: Sequence[Event]) -> float | None:
    if not orders:
        return None
    if number in {"sum", "count"}:
        return numbers.told(("total-spend", number), orders)
    times = [it.at.timestamp() for it in orders]
    return -(min(times) if number == "days_since_first" else max(times))


async def found(condition: Condition, boundaries: Boundaries) -> set[Any]:
    where = query.of(condition, now=NOON, boundaries=boundaries)
    return {row["_id"] async for row in ProfileDocument.get_pymongo_collection().find(where, {"_id": 1})}


async def test_all_three_readings_of_a_rule_that_mixes_everything_agree_on_every_profile(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    del database
    random = Random(SEED)
    with capsys.disabled():
        print(f"\nmixed, HUB_RULES_SEED={SEED}", flush=True)  # noqa: T201
    rules = [a_rule(random) for _ in range(RULES)]
    people = [a_customer(random, rules) for _ in range(PEOPLE)]
    await save_profiles([it.profile for it in people], token=ids.new_id(), joined={it.profile.id for it in people})
    picked = 0
    for rule in rules:
        segment = Segment("random", rule, spell(rule))
        assert spell(parse(segment.written)) == segment.written
        boundaries = await keeping.boundaries(segment.ranked)
        meant = {it.profile.id for it in people if right(rule, it, people)}
        asked = {
            it.profile.id for it in people if segment.picks(facts_of(it.profile, [segment], NOON, boundaries), NOON)
        }
        by_query = await found(rule, boundaries)
        told = {it.profile.id: it for it in people}
        assert asked == meant, (segment.written, [told[it] for it in asked ^ meant][:2])
        assert by_query == meant, (segment.written, [told[it] for it in by_query ^ meant][:2])
        picked += len(meant)
    assert 0.1 < picked / (PEOPLE * RULES) < 0.9  # it is tried on both kinds
