"""Events and rules about them made by chance, and the plain meaning of such a rule, by the events themselves."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from random import Random
from typing import Any

from hub.conditions import tallies
from hub.conditions.model import (
    Addend,
    AnyProduct,
    Compare,
    Comparison,
    Condition,
    Every,
    Exists,
    Followed,
    Not,
    Path,
    Some,
    Tallied,
    Tally,
    Units,
)
from hub.events.model import Event
from hub.kit import ids
from hub.profiles.model import Profile
from hub.rollups import counting
from hub.rollups.model import Rollup
from hub.rollups.tallies import rollup_of
from tests.rollups.stage import NOON, event
from tests.segments import judge

NAMES = ["Order Completed", "Page Viewed"]
DAYS_AGO = [0, 0.2, 0.5, 0.51, 1, 2.5, 6, 6.5, 6.51, 7, 29, 29.6, 30, 100]
WINDOWS = [None, None, 1, 7, 30]
AMOUNTS: list[Any] = [0, 10, 10.5, "7.25", -3, 0.1, None, "no number", True]
NUMBERS = [0, 1, 2, 3, 5, 10.5, 20, 0.1, -3]
TEXTS = ["", "a", "A", "ab", "b", "web", "\0"]
TOLD: list[Any] = [*TEXTS, *TEXTS, 1, 1.0, 2.5, True, False, None, ["a"], {"a": 1}, "x" * 300, 2**70, float("nan")]
CATEGORIES = ["coffee", "tea", None]


def an_event(random: Random) -> Event:
    said = {
        "total": random.choice(AMOUNTS),
        "currency": random.choice(["EUR", "EUR", "EUR", "GBP", None]),
        "via": random.choice(TOLD),
        "products": random.choice([None, "none", [a_product(random) for _ in range(random.randrange(3))]]),
    }
    told = {name: it for name, it in said.items() if it is not None}
    return event(random.choice(NAMES), days_ago=random.choice(DAYS_AGO), **told)


def a_product(random: Random) -> Any:
    said = {"category": random.choice(CATEGORIES), "quantity": random.choice([None, 1, 2, "3", "many", 0.5])}
    return random.choice([{name: it for name, it in said.items() if it is not None}] * 4 + ["no product"])


def a_where(random: Random) -> Condition | None:
    category = Compare(("product", "category"), Comparison.EQUAL, (random.choice(["coffee", "tea"]),))
    return random.choice(
        [
            *(None, None, AnyProduct(category), Not(AnyProduct(category))),
            Compare(("properties", "total"), Comparison.GREATER, (random.choice(NUMBERS),)),
            Every((Exists(("properties", "via")), Compare(("properties", "currency"), Comparison.EQUAL, ("EUR",)))),
        ]
    )


def a_rule(random: Random, depth: int = 0) -> Condition:
    match random.choice(["leaf", "leaf", "leaf", "not", "every", "some"]) if depth < 2 else "leaf":
        case "not":
            return Not(a_rule(random, depth + 1))
        case "every":
            return Every(tuple(a_rule(random, depth + 1) for _ in range(2)))
        case "some":
            return Some(tuple(a_rule(random, depth + 1) for _ in range(2)))
    return random.choice([a_count, a_number, a_told, a_sequence])(random)


def a_sequence(random: Random) -> Condition:
    tally, after = (tallies.of(some_names(random), where=a_where(random)) for _ in range(2))
    return Followed(tally, after, random.choice([True, False]), random.choice(WINDOWS))


def a_count(random: Random) -> Condition:
    tally = tallies.of(some_names(random), where=a_where(random), days=random.choice(WINDOWS))
    comparison, values = a_comparison(random, [0, 1, 1, 2, 3])
    return Tallied(path_of(tally, "count"), comparison, values, tally)


def a_number(random: Random) -> Condition:
    category = Compare(("product", "category"), Comparison.EQUAL, ("coffee",))
    value: Addend = random.choice([("properties", "total"), Units(), Units(category)])
    tally = tallies.of(some_names(random), where=a_where(random), value=value, days=random.choice(WINDOWS))
    comparison, values = a_comparison(random, NUMBERS)
    return Tallied(path_of(tally, random.choice(["sum", "average"])), comparison, values, tally)


def a_told(random: Random) -> Condition:
    tally = tallies.of(some_names(random), where=a_where(random), kept=("properties", "via"))
    path = (tally.name, random.choice(["first", "last"]))
    match random.choice([Comparison.EQUAL, Comparison.NOT_EQUAL, Comparison.CONTAINS, Comparison.IN, Comparison.LESS]):
        case Comparison.IN:
            return Tallied(path, Comparison.IN, tuple(random.choice([*TEXTS, 1, True, None]) for _ in range(2)), tally)
        case Comparison.CONTAINS | Comparison.LESS as comparison:
            return Tallied(path, comparison, (random.choice(TEXTS),), tally)
        case comparison:
            return Tallied(path, comparison, (random.choice([*TEXTS, 1, 2.5, True, None]),), tally)


def some_names(random: Random) -> Sequence[str]:
    return random.choice([NAMES[:1], NAMES[:1], NAMES[1:], NAMES])


def a_comparison(random: Random, numbers: Sequence[Any]) -> tuple[Comparison, tuple[Any, ...]]:
    comparison = random.choice([it for it in Comparison if it.value not in {"contains", "starts", "ends"}])
    if comparison is Comparison.BETWEEN:
        low, high = sorted([random.choice(numbers), random.choice(numbers)])
        return comparison, (low, high)
    return comparison, tuple(random.choice(numbers) for _ in range(2 if comparison is Comparison.IN else 1))


def path_of(tally: Tally, number: str) -> Path:
    return (tally.name, number) if tally.days is None else (tally.name, f"{tally.days}d", number)


def state_of(counted: Rollup, events: Sequence[Event], random: Random) -> Any:
    """What a profile keeps of these events, whatever the order in which they came."""
    parts = [counting.single(counted, it) for it in events if counting.counts(counted, it)]
    random.shuffle(parts)
    added = reduce(lambda one, other: counting.merged(counted, one, other), parts) if parts else {}
    return {"version": f"{counted.name}/1", "windows": list(counted.windows), **added}


def a_customer(events: Sequence[Event], asked: Sequence[Tally], random: Random) -> Profile:
    states = {it.name: state_of(rollup_of(it), events, random) for it in asked}
    return Profile(id=ids.new_id(), rollups=states, first_seen_at=NOON)


def picks(condition: Condition, events: Sequence[Event], now: datetime) -> bool:
    """Judge a rule by the events themselves, as slowly as it likes."""
    match condition:
        case Not(part):
            return not picks(part, events, now)
        case Every(parts):
            return all(picks(part, events, now) for part in parts)
        case Some(parts):
            return any(picks(part, events, now) for part in parts)
        case Followed():
            return came_after(condition, events, now)
        case Tallied() as asked:
            return judge.says(asked, told(asked, events, now))
    raise AssertionError(condition)


def counted(tally: Tally, events: Sequence[Event]) -> list[Event]:
    return [it for it in events if it.name in tally.events and is_so(tally.where, {"properties": it.properties})]


def came_after(asked: Followed, events: Sequence[Event], now: datetime) -> bool:
    """Look at all pairs: the later of the two, and of the earlier ones the last, or any."""
    later, earlier = counted(asked.tally, events), counted(asked.after, events)
    if asked.days is not None:
        later = [it for it in later if 0 <= (now.date() - it.at.date()).days < asked.days]
    enough = any if asked.of_first else all
    return bool(earlier) and any(enough(one.at > other.at for other in earlier) for one in later)


def told(asked: Tallied, events: Sequence[Event], now: datetime) -> Any:
    tally, number = asked.tally, asked.path[-1]
    meant = counted(tally, events)
    if tally.days is not None:
        meant = [it for it in meant if 0 <= (now.date() - it.at.date()).days < tally.days]
    if number == "count":
        return len(meant)
    if number in {"first", "last"}:
        meant.sort(key=lambda it: (it.at, it.id.bytes))
        it = (meant[0] if number == "first" else meant[-1]).properties.get("via") if meant else None
        too_large = isinstance(it, str) and len(it) > 256
        return None if too_large or isinstance(it, list | dict) or it == 2**70 or it != it else it  # noqa: PLR0124 - NaN
    added = [added_by(tally, it) for it in meant]
    amounts = [amount for amount, _ in filter(None, added)]
    if not amounts or len({currency for _, currency in filter(None, added)}) > 1:
        return None
    total = sum(amounts) / 1_000_000
    return total if number == "sum" else total / len(meant)


def added_by(tally: Tally, it: Event) -> tuple[int, Any] | None:
    if isinstance(tally.value, Units):
        listed = it.properties.get("products")
        products = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        wanted = [one for one in products if tally.value.of is None or is_so(tally.value.of, {"product": one})]
        pieces = [one.get("quantity", 1) for one in wanted]
        return round(sum(float(one) for one in pieces if one != "many") * 1_000_000), None
    total, currency = it.properties.get("total"), it.properties.get("currency")
    if isinstance(total, bool) or total in {None, "no number"}:
        return None
    if tally.events != ("Order Completed",):
        return round(float(total) * 1_000_000), None  # of other events nobody knows where a currency stands
    return None if currency is None else (round(float(total) * 1_000_000), currency)


def is_so(condition: Condition | None, value: Any) -> bool:  # noqa: PLR0911 - one answer a kind
    match condition:
        case None:
            return True
        case Not(part):
            return not is_so(part, value)
        case Every(parts):
            return all(is_so(part, value) for part in parts)
        case AnyProduct(part):
            listed = value["properties"].get("products")
            return isinstance(listed, list) and any(is_so(part, {"product": it}) for it in listed if it != "no product")
        case Exists((root, name)):
            return value[root].get(name) is not None
        case Compare((root, name), Comparison.EQUAL, (wanted,)):
            return bool(value[root].get(name) == wanted)
        case Compare((root, name), Comparison.GREATER, (wanted,)):
            found = value[root].get(name)
            return isinstance(found, int | float) and not isinstance(found, bool) and found > wanted  # type: ignore[operator]
    raise AssertionError(condition)
