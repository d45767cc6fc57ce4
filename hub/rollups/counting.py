"""Counting: the state of a rollup is the sum of its events, whatever their order.

A state of one event and the sum of two states are all there is: folding an event, replaying a history and merging two
profiles are the same addition. It commutes, so that late events and rival routers end in the same state.

A state holds `count`, `first` and `last` (each with `at`, `event`, and `value` and `told` where there are such),
`before_last` (the time of the one before the last), `sum`, `min` and `max` where something was added up, with its
`currency` where it has one, and `days`: the same of each UTC day in the longest window, by its number since 1970,
without the lasts; of a day with one event only its `first`. Amounts of several currencies are not added up: then
`currency` is `several`.
Amounts are whole millionths: fractions of two would not add up to the same in every order. In a profile a state has its
`version` and its `windows`.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import reduce
from typing import Any, Final

from hub.conditions.evaluator import PRODUCT, products_of
from hub.conditions.model import Path, Units
from hub.events.model import Event
from hub.kit import money
from hub.kit.money import BadMoney
from hub.rollups.model import Rollup, State

MILLIONTHS: Final = 1_000_000
LARGEST: Final = 10**9
"""An amount beyond it is no amount of a shop: it is counted and not added."""

SEVERAL: Final = "several"
"""The `currency` of a state whose amounts are of more than one."""

LONGEST_TOLD: Final = 256
"""Longer texts are not kept of an event."""

_FULL: Final = 2**62
_LONGEST_NUMBER: Final = 40
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_NOTHING: Final[State] = {"count": 0, "days": {}}


@dataclass(frozen=True, slots=True)
class Moment:
    """One event of those counted. `value` is what it added, None where it added nothing."""

    at: datetime
    event: str
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Total:
    """What a window holds: its events by count, first and last, and their values added up.

    `days` is the window, None for a lifetime; `since` its first moment. `currency` is that of the values, None where
    they have none; of `SEVERAL` there is no sum.
    """

    days: int | None
    since: datetime | None
    count: int
    sum: Decimal | None
    min: Decimal | None
    max: Decimal | None
    first: Moment | None
    last: Moment | None
    currency: str | None = None


def counts(rollup: Rollup, event: Event) -> bool:
    """Tell whether an event is one of those that the rollup counts."""
    if event.name not in rollup.events:
        return False
    return rollup.holds is None or rollup.holds({"properties": event.properties}, event.at)


def single(rollup: Rollup, event: Event) -> State:
    """Make the state of one event."""
    happened: dict[str, Any] = {"at": event.at, "event": event.id}
    amount = _amount(rollup, event)
    if rollup.currency is not None and amount is not None:
        try:
            happened["currency"] = money.currency_of(_at(rollup.currency, event))
        except BadMoney:
            amount = None  # so much of nothing that can be told
    if amount is not None:
        happened["value"] = amount
    if rollup.kept is not None and (told := _kept_of(_at(rollup.kept, event))) is not None:
        happened["told"] = told
    day = {"first": happened}
    days = {str(day_of(event.at)): day} if rollup.windows else {}
    return {**_whole(day), "last": happened, "before_last": None, "days": days}


def merged(rollup: Rollup, one: State | None, other: State | None) -> State:
    """Add two states of the same rollup. None is the state of no event."""
    if not one or not one.get("count") or not other or not other.get("count"):
        return (one if one and one.get("count") else other) or _NOTHING
    last = max(one["last"], other["last"], key=_order)
    moments = [it["last"]["at"] for it in (one, other)]
    moments += [it["before_last"] for it in (one, other) if it["before_last"] is not None]
    return {
        **_added(one, other),
        "last": last,
        "before_last": sorted(moments)[-2],
        "days": _days(*(_kept(it, day_of(last["at"]), rollup) for it in (one, other))),
    }


def total(state: State | None, days: int | None, *, now: datetime) -> Total:
    """Tell what a window holds at `now`: the UTC day of today and those before it, `days` together; None for all."""
    state = state if state and state.get("count") else _NOTHING
    if days is None:
        return _shown(state, None, None, state.get("last"))
    today = day_of(now)
    inside = [part for day, part in state["days"].items() if today - days < int(day) <= today]
    part = reduce(_added, inside[1:], _whole(inside[0])) if inside else {"count": 0}
    since = EPOCH + (today - days + 1) * _DAY
    return _shown(part, days, since, state["last"] if inside else None)


def amounts(state: State, days: int, *, now: datetime) -> tuple[int, int | None]:
    """Tell just how many events a window holds, and their sum in millionths: `total` without all else, for rules."""
    today, count, sum_ = day_of(now), 0, 0
    holds_amount, currencies = False, set()
    for day, part in state["days"].items():
        if not today - days < int(day) <= today:
            continue
        single_ = part["first"] if "count" not in part else None
        count += part["count"] if single_ is None else 1
        amount = part.get("sum") if single_ is None else single_.get("value")
        if amount is not None:
            holds_amount, sum_ = True, sum_ + amount
        currencies.add(part.get("currency") if single_ is None else single_.get("currency"))
    several = len(currencies - {None}) > 1 or SEVERAL in currencies
    return count, max(-_FULL, min(_FULL, sum_)) if holds_amount and not several else None


def totals(state: State, *, now: datetime) -> list[Total]:
    """Tell what a profile's state holds in a lifetime and in each of its windows."""
    return [total(state, days, now=now) for days in (None, *state["windows"])]


def day_of(at: datetime) -> int:
    """Give the number of a UTC day since 1970."""
    return (at - EPOCH) // _DAY


def _added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Add what two days or lifetimes hold."""
    one, other = _whole(one), _whole(other)
    both = [it for it in (one, other) if "sum" in it]
    added: dict[str, Any] = {
        "count": one["count"] + other["count"],
        "first": min(one["first"], other["first"], key=_order),
    }
    currencies = {it["currency"] for it in (one, other) if "currency" in it}
    if currencies:
        added["currency"] = currencies.pop() if len(currencies) == 1 else SEVERAL
    if both and added.get("currency") != SEVERAL:
        # Beyond what MongoDB's integers hold nothing is added any more.
        added["sum"] = max(-_FULL, min(_FULL, sum(it["sum"] for it in both)))
        added["min"] = min(it["min"] for it in both)
        added["max"] = max(it["max"] for it in both)
    return added


def _days(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    if len(one) < len(other):
        one, other = other, one
    return {**one, **{day: _added(one[day], part) if day in one else part for day, part in other.items()}}


def _whole(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write out what the day of a single event holds."""
    if "count" in part:
        return part
    first = part["first"]
    amount, currency = first.get("value"), first.get("currency")
    found = {} if amount is None else {"sum": amount, "min": amount, "max": amount}
    return {"count": 1, **part, **found, **({} if currency is None else {"currency": currency})}


def _kept(state: State, newest: int, rollup: Rollup) -> Mapping[str, Any]:
    """Leave out the days that no window reaches any more."""
    days: Mapping[str, Any] = state["days"]
    if day_of(state["last"]["at"]) == newest:
        return days  # they were left out before
    oldest = newest - max(rollup.windows, default=0)
    return {day: part for day, part in days.items() if int(day) > oldest}


def _order(moment: Mapping[str, Any]) -> tuple[datetime, bytes]:
    return moment["at"], moment["event"].bytes


def _amount(rollup: Rollup, event: Event) -> int | None:
    """Read the value of an event in millionths; None where it is no number, or too large to be one of a shop."""
    match rollup.value:
        case None:
            return None
        case Units():
            return _units(rollup, event)
        case path:
            return _number(_at(path, event))


def _units(rollup: Rollup, event: Event) -> int | None:
    """Count the pieces of an event in millionths: those of a product that does not say how many are one."""
    is_one, products = rollup.is_unit, products_of({"properties": event.properties})
    wanted = [it for it in products if is_one is None or is_one({PRODUCT: it}, event.at)]
    pieces = [MILLIONTHS if (said := it.get("quantity")) is None else _number(said) for it in wanted]
    total = sum(it for it in pieces if it is not None)
    return total if abs(total) <= LARGEST * MILLIONTHS else None


def _kept_of(value: object) -> str | int | float | bool | None:
    """Give a value that rules can compare and MongoDB can hold; None for any other, as if nothing had been told."""
    match value:
        case bool():
            return value
        case str() if len(value) <= LONGEST_TOLD:
            return value
        case int() if abs(value) < _FULL:
            return value
        case float() if math.isfinite(value):
            return value
    return None


def _number(value: object) -> int | None:
    """Read a number in millionths; some sources send text."""
    written = "" if isinstance(value, bool) or not isinstance(value, int | float | str) else str(value)
    if not 0 < len(written) <= _LONGEST_NUMBER:
        return None
    try:
        number = Decimal(written)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) > LARGEST:
        return None
    return int((number * MILLIONTHS).to_integral_value())


def _at(path: Path, event: Event) -> Any:
    value: Any = event.properties
    for name in path[1:]:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _shown(part: Mapping[str, Any], days: int | None, since: datetime | None, last: Mapping[str, Any] | None) -> Total:
    amounts: Iterable[int | None] = (part.get("sum"), part.get("min"), part.get("max"))
    sum_, least, most = (None if it is None else _decimal(it) for it in amounts)
    first = part.get("first")
    return Total(days, since, part["count"], sum_, least, most, _moment(first), _moment(last), part.get("currency"))


def _moment(happened: Mapping[str, Any] | None) -> Moment | None:
    if happened is None:
        return None
    value = happened.get("value")
    return Moment(happened["at"], str(happened["event"]), None if value is None else _decimal(value))


def _decimal(millionths: int) -> Decimal:
    return (Decimal(millionths) / MILLIONTHS).normalize() + 0
