"""A rule as a MongoDB query that finds the profiles it picks: the second reading of a condition.

The first one is `conditions.evaluator`, which asks one profile; both agree on every value, which a third reading in the
tests judges. Nothing of a rule is passed on as it was written: names are those of the language, which have no dollars,
and literals stand only where MongoDB expects a value.

MongoDB looks into lists where the language does not, so that every name says that it means none. Each test is an
expression that an index on the trait can answer. Only the numbers of rollups need `$expr`, for time alone changes them
and no index holds them; and consents, for of all words on a subject the last one counts.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from hub.conditions import kinds, times, yearly
from hub.conditions.evaluator import compiled
from hub.conditions.kinds import Scope
from hub.conditions.model import (
    AnyProduct,
    Asked,
    Compare,
    Comparison,
    Condition,
    Every,
    Exists,
    Followed,
    InSegment,
    Literal,
    Not,
    Path,
    Ranked,
    Some,
    Tallied,
    Within,
)
from hub.conditions.times import Bounds
from hub.kit.errors import HubError
from hub.kit.problems import InvalidDefinition
from hub.profiles import asking as consents
from hub.rankings import grades
from hub.rankings import model as rankings
from hub.rankings.model import Boundaries
from hub.rollups import asking
from hub.segments.scope import NO_BOUNDARIES, is_number

Query: TypeAlias = dict[str, Any]

_LIST: Final = {"$type": "array"}
_NO_LIST: Final = {"$not": _LIST}
_FIELDS: Final[Mapping[str, str]] = {"stage": "stage"}
"""What a profile has beside its traits, and where it lies. A trait of such a name cannot be asked for."""
_UNCOUNTED: Final = frozenset({"preferred"})


class BadRule(HubError):
    """A rule that picks nobody, for it cannot be read, or asks for what no query finds."""

    code = "BAD_USER_INPUT"


def parsed(text: str, scope: Scope) -> Condition:
    """Read a rule.

    Args:
        text: the rule.
        scope: what it may speak of.

    Raises:
        BadRule: every fault with its place in the text.
    """
    try:
        return kinds.read(text, scope)
    except InvalidDefinition as error:
        raise BadRule(error.message) from None


def read(text: str, scope: Scope, *, now: datetime) -> Query:
    """Read a rule that asks for no ranking, and make its query at a time.

    Raises:
        BadRule: every fault with its place in the text.
    """
    return of(parsed(text, scope), now=now)


def of(  # noqa: PLR0911 - one answer a kind of condition
    condition: Condition, *, now: datetime, boundaries: Boundaries = NO_BOUNDARIES
) -> Query:
    """Make the query that finds the profiles of which a condition is true at a time.

    Args:
        condition: the rule.
        now: the time, for what asks how long ago something was.
        boundaries: where the rankings end that it asks for; nobody is at any other.

    Raises:
        BadRule: it asks for something that follows from a profile and does not lie in it.
    """
    match condition:
        case Compare() | Exists() if condition.path[0] == grades.ROOT:
            return {"$expr": _of_number(condition, grades.expression(condition.path, boundaries))}
        case Compare() | Exists() | Within() | AnyProduct() | Followed():
            return _asked(condition, now)
        case InSegment(name):
            return {"segments.in.name": name}
        case Ranked():
            return rankings.query_of(condition, boundaries.get(condition))
        case Not(part):
            return _no(of(part, now=now, boundaries=boundaries))
        case Every(parts):
            return {"$and": [of(part, now=now, boundaries=boundaries) for part in parts]}
        case Some(parts):
            return {"$or": [of(part, now=now, boundaries=boundaries) for part in parts]}


def _asked(asks: Compare | Exists | Within | AnyProduct | Followed, now: datetime) -> Query:  # noqa: PLR0911 - one answer a kind of what is asked
    match asks:
        case _ if asks.path[0] == consents.ROOT:
            return _of_consent(asks, now)
        case Tallied(path, comparison, values) if (field := asking.field_of(path)) is not None:
            return _QUERIES[comparison](field, *values)
        case Compare() | Exists() if is_number(asks):
            return _of_rollup(asks, now)
        case Compare(path, comparison, values):
            return _QUERIES[comparison](_field(path), *values)
        case Exists(path):
            return _known(_field(path))
        case Within(path, span, ahead, True):
            return _yearly(_field(path), yearly.days_of(now.astimezone(UTC).date(), span, ahead=ahead))
        case Followed():
            return dict(asking.came_after(asks, now))
        case AnyProduct():
            raise BadRule("`any` asks for the products of an event, and cannot be asked of customers.")
        case Within(path, span, ahead):
            return _within(_field(path), Bounds.of(now, span, ahead=ahead))


def _field(path: Path) -> str:
    """Tell where a name lies in a profile's row."""
    name, *inner = path[1:]
    if name in _UNCOUNTED:
        said = ".".join(path)
        raise BadRule(f"`{said}` can be asked of one customer, in a journey, and not of all of them at once.")
    return ".".join([_FIELDS.get(name, f"traits.{name}"), *inner])


def _of_consent(asks: Asked, now: datetime) -> Query:
    """Ask the first reading of which states it is true, and find those. Who has said nothing has none of them."""
    _, *inner = asks.path
    true_of: dict[str | None, bool] = {}
    for state in (None, *consents.STATES):
        value: Any = state
        for name in reversed(inner):
            value = {name: value}
        true_of[state] = compiled(asks)({consents.ROOT: value}, now)
    query = consents.query_of(asks.path, [it for it in consents.STATES if true_of[it] != true_of[None]])
    return _no(query) if true_of[None] else query


def _of_rollup(asks: Compare | Exists, now: datetime) -> Query:
    """Compute a number only of those who have something in it: of all others the first reading knows the answer."""
    path, days = asks.path, asking.window_of(asks.path)
    some = asking.some(path, now)
    query: Query = {"$expr": _of_number(asks, asking.expression(path, now))}
    nothing = asking.value_of(None, now, windows=() if days is None else (days,))
    return {"$or": [_no(some), query]} if compiled(asks)({path[0]: nothing}, now) else {"$and": [some, query]}


def _of_number(asks: Compare | Exists, number: Any) -> Query:
    """Compare a number, or nothing, which is no number and less than none."""
    known: Query = {"$ne": ["$$number", None]}
    if isinstance(asks, Exists):
        test = known
    else:
        first, *rest = asks.values
        tests: dict[Comparison, Query] = {
            Comparison.EQUAL: {"$eq": ["$$number", first]},
            Comparison.NOT_EQUAL: {"$ne": ["$$number", first]},
            Comparison.IN: {"$in": ["$$number", list(asks.values)]},
            Comparison.LESS: {"$and": [known, {"$lt": ["$$number", first]}]},
            Comparison.LESS_OR_EQUAL: {"$and": [known, {"$lte": ["$$number", first]}]},
            Comparison.GREATER: {"$gt": ["$$number", first]},
            Comparison.GREATER_OR_EQUAL: {"$gte": ["$$number", first]},
            Comparison.BETWEEN: {"$and": [{"$gte": ["$$number", first]}, {"$lte": ["$$number", *rest]}]},
        }
        test = tests[asks.comparison]
    return {"$let": {"vars": {"number": {"$ifNull": [number, None]}}, "in": test}}


def _no(query: Query) -> Query:
    return {"$nor": [query]}


def _is(field: str, *tests: Query) -> Query:
    """Say that one of these tests is true of the value at a field, which lies in no list."""
    names = field.split(".")
    outer = [{".".join(names[:end]): _NO_LIST} for end in range(1, len(names)) if end > 1 or names[0] != "traits"]
    own = [{field: test} for test in tests]
    found = own[0] if len(own) == 1 else {"$or": own}
    return {"$and": [*outer, found]} if outer else found


def _known(field: str) -> Query:
    return _is(field, {"$exists": True, "$ne": None}, _LIST)


def _equal(field: str, literal: Literal) -> Query:
    return _no(_known(field)) if literal is None else _is(field, {"$eq": literal, **_NO_LIST})


def _unequal(field: str, literal: Literal) -> Query:
    return _no(_equal(field, literal))


def _in(field: str, *literals: Literal) -> Query:
    said = [it for it in literals if it is not None]
    found = _is(field, {"$in": said, **_NO_LIST})
    return {"$or": [found, _equal(field, None)]} if None in literals else found


def _contains(field: str, literal: Literal) -> Query:
    item = {"$elemMatch": {"$eq": literal}}
    if not isinstance(literal, str):
        return _is(field, item)
    return _is(field, {"$regex": _escaped(literal), **_NO_LIST}, item)


def _starts(field: str, literal: Literal) -> Query:
    return _is(field, {"$regex": f"^{_escaped(str(literal))}", **_NO_LIST})


def _ends(field: str, literal: Literal) -> Query:
    # Not a dollar: that one is also content with the end of a line.
    return _is(field, {"$regex": rf"{_escaped(str(literal))}\z", **_NO_LIST})


def _within(field: str, bounds: Bounds) -> Query:
    date, end = bounds.dates
    moments: Query = {"$gte": bounds.low, "$lt": bounds.high, "$regex": rf"^{times.MOMENT}\z", **_NO_LIST}
    return _is(field, moments, {"$gte": date, "$lt": end, "$regex": rf"^{times.DATE}\z", **_NO_LIST})


def _yearly(field: str, days: Collection[str]) -> Query:
    return _is(field, {"$regex": rf"^{yearly.pattern(days)}\z", **_NO_LIST})


def _ordered(operator: str) -> Callable[[str, Literal], Query]:
    return lambda field, literal: _is(field, {operator: literal, **_NO_LIST})


def _between(field: str, low: Literal, high: Literal) -> Query:
    return _is(field, {"$gte": low, "$lte": high, **_NO_LIST})


def _escaped(text: str) -> str:
    """Write a text as a pattern that finds just it; a zero byte cannot stand in one."""
    return re.escape(text).replace("\0", r"\x00")


_QUERIES: Final[Mapping[Comparison, Callable[..., Query]]] = {
    Comparison.EQUAL: _equal,
    Comparison.NOT_EQUAL: _unequal,
    Comparison.LESS: _ordered("$lt"),
    Comparison.LESS_OR_EQUAL: _ordered("$lte"),
    Comparison.GREATER: _ordered("$gt"),
    Comparison.GREATER_OR_EQUAL: _ordered("$gte"),
    Comparison.IN: _in,
    Comparison.CONTAINS: _contains,
    Comparison.STARTS: _starts,
    Comparison.ENDS: _ends,
    Comparison.BETWEEN: _between,
}
"""What each comparison asks of a field."""
