"""Customers and rules made by chance, of values at which readings of a rule may differ."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import product
from random import Random
from typing import Any

from hub.conditions.model import Compare, Comparison, Condition, Every, Exists, InSegment, Literal, Not, Some, Within
from hub.kit import ids
from hub.profiles.model import Profile
from hub.profiles.store import save as save_profiles
from tests.intake.inflow import NOW

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
    *("1988-02-29", "1988-02-28", "1988-02-30", "1990-11-20T23:59:59Z", "2030-11-21", "1990-12-31", "1990-01-01"),
]
SPANS = [timedelta(seconds=1), timedelta(hours=2), timedelta(hours=12), timedelta(days=2), timedelta(days=36_500)]
DAYS = [timedelta(days=it) for it in (1, 2, 3, 32, 103, 365)]
SCALARS: list[Any] = [*TEXTS, *NUMBERS, True, False, None]
NAMES = [("profile", "a"), ("profile", "b"), ("profile", "c", "a"), ("profile", "c", "b", "a"), ("profile", "c", "0")]
NAMES += [("profile", "stage"), ("profile", "stage", "a"), ("profile", "c")]
BRANDS, TOPICS, CHANNELS = ("default", "acme"), ("marketing", "news"), ("email", "sms")
STATES = ("granted", "pending", "withdrawn")
CONSENTS = [("consent", *it) for it in product(CHANNELS, TOPICS)]
CONSENTS += [("consent", *it) for it in product(BRANDS, CHANNELS, TOPICS)]


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
    return Profile(
        id=ids.new_id(),
        traits=traits,
        stage=stage,
        consents=some_consents(random),
        segments=some_segments(random),
        first_seen_at=NOW,
        last_seen_at=NOW,
    )


def some_segments(random: Random) -> dict[str, Any]:
    into = [{"name": it, "since": NOW, "cause": "x"} for it in ("a", "b") if random.random() < 0.5]
    return random.choice([{}, {"in": into, "edition": 1}])


def some_consents(random: Random) -> dict[str, Any]:
    """What somebody has said, often at the same time. Only a withdrawal may be of everything: `consent.checked`."""
    keys = random.sample(list(product((*BRANDS, "*"), (*TOPICS, "*"), (*CHANNELS, "*"))), random.choice([0, 1, 4, 12]))
    return {
        "/".join(key): {
            "state": "withdrawn" if "*" in key else random.choice(STATES),
            "at": NOW - timedelta(milliseconds=random.randrange(3)),
            "source": "shop",
            "how": "server",
            "version": None,
        }
        for key in keys
    }


def a_rule(random: Random, depth: int = 0) -> Condition:
    match random.choice(["leaf", "leaf", "not", "every", "some"]) if depth < 3 else "leaf":
        case "not":
            return Not(a_rule(random, depth + 1))
        case "every":
            return Every(tuple(a_rule(random, depth + 1) for _ in range(random.randrange(2, 4))))
        case "some":
            return Some(tuple(a_rule(random, depth + 1) for _ in range(random.randrange(2, 4))))
    return a_consent_rule(random) if random.random() < 0.2 else a_leaf(random)


def a_consent_rule(random: Random) -> Condition:
    path = random.choice(CONSENTS)
    match random.choice(["exists", "=", "!=", "in"]):
        case "exists":
            return Exists(path)
        case "in":
            states = random.sample((*STATES, None), random.randrange(1, 4))
            return Compare(path, Comparison.IN, tuple(states))
        case comparison:
            return Compare(path, Comparison(comparison), (random.choice((*STATES, None)),))


def a_leaf(random: Random) -> Condition:  # noqa: PLR0911 - one answer a kind of rule
    if random.random() < 0.1:
        return InSegment(random.choice(["a", "b", "nobody"]))
    path = random.choice(NAMES)
    if random.random() < 0.2:
        return Within(path, random.choice(SPANS), random.choice([True, False]))
    if random.random() < 0.1:
        return Within(path, random.choice(DAYS), random.choice([True, False]), yearly=True)
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


async def stored(profiles: Sequence[Profile]) -> None:
    everybody = {it.id for it in profiles}
    assert await save_profiles(profiles, token=ids.new_id(), joined=everybody) == everybody
