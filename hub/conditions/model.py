"""A condition as a tree of frozen values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias

Path: TypeAlias = tuple[str, ...]
"""A dotted name, split: `properties.order_id` is `("properties", "order_id")`."""

Literal: TypeAlias = str | int | float | bool | None


class Comparison(StrEnum):
    """The comparisons of the language, as they are written."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    IN = "in"
    CONTAINS = "contains"
    STARTS = "starts"
    ENDS = "ends"
    BETWEEN = "between"


@dataclass(frozen=True, slots=True)
class Compare:
    """A name compared with one literal, or with several for `in` and `between` (low, high; both included)."""

    path: Path
    comparison: Comparison
    values: tuple[Literal, ...]
    kinds: tuple[type, ...] = field(init=False, repr=False)
    """The Python types of the values. To Python 1, 1.0 and true are equal; to the language true is no number."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", tuple(type(value) for value in self.values))


@dataclass(frozen=True, slots=True)
class Exists:
    """True where the name has a value other than null."""

    path: Path


@dataclass(frozen=True, slots=True)
class Within:
    """True where the name holds a time in the last `span`, this second included; `ahead`, in the next, without it.

    `yearly`, its day of the year is in the last or next `span` of whole days, today included.
    """

    path: Path
    span: timedelta
    ahead: bool = False
    yearly: bool = False


PRODUCTS: Final[Path] = ("properties", "products")
"""Where an event holds its products, a list of objects."""


@dataclass(frozen=True, slots=True)
class AnyProduct:
    """True of an event one of whose products is as `part` says, which speaks of it as `product.`."""

    part: "Condition"

    @property
    def path(self) -> Path:
        """The name whose value is asked for."""
        return PRODUCTS


@dataclass(frozen=True, slots=True)
class Units:
    """How many pieces an event is about: the `quantity` of its products, of those of which a condition is true."""

    of: "Condition | None" = None


class End(StrEnum):
    """The two ends of a ranking, as they are written."""

    TOP = "top"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True)
class Ranked:
    """True of the customers at one end of all who have a number, ranked by it; `share` is percent, more than 0."""

    path: Path
    share: Decimal
    end: End


@dataclass(frozen=True, slots=True)
class Tally:
    """Events that are counted so that a rule can ask for them; made by `tallies.of`.

    Attributes:
        name: made of all the others, so that rules that ask the same share it.
        events: their names, sorted.
        where: what must be true of their `properties`.
        value: what of them is added up.
        kept: the property that is kept of the first and the last of them.
        days: how many days back, today included; None for a lifetime.
    """

    name: str
    events: tuple[str, ...]
    where: "Condition | None" = None
    value: "Addend | None" = None
    kept: Path | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Tallied(Compare):
    """A comparison of what events add up to, or of what the first or last of them told; its path begins with them."""

    tally: Tally


@dataclass(frozen=True, slots=True)
class Followed:
    """True of somebody whose last event of `tally` came after their last one of `after`; after the first, `of_first`.

    With `days`, if that was so many days back at most, today included.
    """

    tally: Tally
    after: Tally
    of_first: bool = False
    days: int | None = None

    @property
    def path(self) -> Path:
        """The name of the later one."""
        return (self.tally.name, "last")


@dataclass(frozen=True, slots=True)
class InSegment:
    """True of a customer who is in the segment."""

    name: str


@dataclass(frozen=True, slots=True)
class Every:
    """True where all parts, two or more, are true."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """True where one of the parts, two or more, is true."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True where its part is false."""

    part: "Condition"


Asked: TypeAlias = Compare | Exists | Within | AnyProduct | Followed | Ranked
"""What asks for the value of one name."""

Condition: TypeAlias = Asked | InSegment | Every | Some | Not

Addend: TypeAlias = Path | Units
"""What of an event is added up: a property, or its units."""


def asked(condition: Condition) -> Iterator[Asked]:
    """List what a condition asks of names, one by one."""
    return (part for part in leaves(condition) if not isinstance(part, InSegment))


def segments_in(condition: Condition) -> frozenset[str]:
    """Name the segments that a condition asks for."""
    return frozenset(part.name for part in leaves(condition) if isinstance(part, InSegment))


def tallies_in(condition: Condition) -> Mapping[str, Tally]:
    """Give what a condition has counted of events, by name."""
    return {tally.name: tally for it in asked(condition) for tally in tallies_of(it)}


def tallies_of(asked: Asked) -> tuple[Tally, ...]:
    """List the tallies of one thing that is asked."""
    match asked:
        case Tallied():
            return (asked.tally,)
        case Followed(tally, after):
            return tally, after
    return ()


def leaves(condition: Condition) -> Iterator[Asked | InSegment]:
    """List what a condition asks, one by one."""
    match condition:
        case Every(parts) | Some(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield condition


def every(parts: Sequence[Condition]) -> Condition:
    """Join one or more parts by `and`."""
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def some(parts: Sequence[Condition]) -> Condition:
    """Join one or more parts by `or`."""
    return parts[0] if len(parts) == 1 else Some(tuple(parts))
