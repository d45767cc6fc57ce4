"""The part of the grammar that asks what somebody's events add up to.

did    = "did" "(" events { "," ( comparison | within ) } [ "," where ] ")"
number = ( "sum" | "average" ) "(" events "," value [ "," within ] [ "," where ] ")" comparison
told   = ( "first" | "last" ) "(" events "," NAME [ "," where ] ")" comparison
events = TEXT | "[" TEXT { "," TEXT } "]"
value  = NAME | "units" [ "(" condition ")" ]
within = "within" DURATION
where  = "where" condition

A tally keeps whole UTC days, so that a window is of these.
"""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hub.conditions import tallies, tokens
from hub.conditions.cursor import COMPARISONS, UNITS, Cursor, Leaf, Told
from hub.conditions.model import Addend, Comparison, Condition, Literal, Path, Tallied, Units
from hub.conditions.spelling import spell
from hub.conditions.tokens import Sort, Token
from hub.kit import durations
from hub.kit.problems import did_you_mean

LONGEST_WINDOW: Final = timedelta(days=730)
MOST_EVENTS: Final = 20
LONGEST_EVENT: Final = 128
MOST_TIMES: Final = 1_000_000

_DAY: Final = timedelta(days=1)
_COUNTED: Final = frozenset(
    {
        *(Comparison.EQUAL, Comparison.NOT_EQUAL, Comparison.LESS, Comparison.LESS_OR_EQUAL),
        *(Comparison.GREATER, Comparison.GREATER_OR_EQUAL, Comparison.IN, Comparison.BETWEEN),
    }
)
_ARGUMENTS: Final[dict[str, tuple[str, ...]]] = {
    "did": ("how often, such as `>= 3`", "`within 90d`", "`where properties.NAME = …`"),
    "sum": ("`within 90d`", "`where properties.NAME = …`"),
    "average": ("`within 90d`", "`where properties.NAME = …`"),
    "first": ("`where properties.NAME = …`",),
    "last": ("`where properties.NAME = …`",),
}
"""What may stand behind what a function is about, in this order."""


@dataclass
class _Arguments:
    """What stands in the parentheses of one function."""

    often: tuple[Comparison, tuple[Literal, ...]] | None = None
    days: int | None = None
    where: Condition | None = None
    leaves: tuple[Leaf, ...] = ()


class EventTerms(Cursor):
    """Reads what is asked of somebody's events."""

    @abstractmethod
    def _inside(self, depth: int) -> tuple[Condition, tuple[Leaf, ...]]:
        """Read a condition that speaks of something else than those around it, with its leaves."""

    def _told(self, function: Token, depth: int) -> Tallied:
        """Read a function of events; its name is read already."""
        self._need("(")
        events, events_at = self._events()
        value, value_at, units = self._about(function.text, depth)
        arguments = self._arguments(function.text, depth)
        self._need(")")
        kept = value if function.text in {"first", "last"} and isinstance(value, tuple) else None
        tally = tallies.of(
            events,
            where=arguments.where,
            value=None if kept else value,
            kept=kept,
            days=arguments.days,
        )
        if function.text == "did":
            comparison, values = arguments.often or (Comparison.GREATER_OR_EQUAL, (1,))
            self._refuse_counting()
            places: tuple[int, ...] = (function.at,) * len(values)
        else:
            comparison = self._comparison((f"{function.text}(…)",), ">= 1")
            values, places = self._values(comparison)
        told = Told(tally, tuple(events), events_at, value_at, arguments.leaves, units)
        part = Tallied(_path_of(function.text, tally.name, tally.days), comparison, values, tally)
        self.leaves.append(Leaf(part, function.at, places, told=(told,)))
        return part

    def _events(self) -> tuple[list[str], tuple[int, ...]]:
        several = self._take("[")
        names, places = [], []
        while True:
            token = self._now
            if not isinstance(token.value, str) or not token.value:
                raise self._expected('the name of an event in quotes, as in `did("Order Completed")`')
            if len(token.value) > LONGEST_EVENT:
                raise tokens.bad(self._text, token.at, f"The name of an event has at most {LONGEST_EVENT} characters.")
            self._next += 1
            names.append(token.value)
            places.append(token.at)
            if several is None or not self._take(","):
                break
        if several is not None:
            self._need("]")
        if len(names) > MOST_EVENTS:
            raise tokens.bad(self._text, places[MOST_EVENTS], f"At most {MOST_EVENTS} events are counted together.")
        return names, tuple(places)

    def _about(self, function: str, depth: int) -> tuple[Addend | None, int, tuple[Leaf, ...]]:
        """Read what is added up or kept of the events, with its place and the leaves of the condition in it."""
        if function == "did":
            return None, 0, ()
        self._need(",")
        at = self._now.at
        if function in {"sum", "average"} and self._now.sort is Sort.WORD and self._now.text == UNITS:
            value, leaves = self._units(depth)
            return value, at, leaves
        if self._now.sort is not Sort.WORD or self._now.text in {"within", "where"}:
            units = " or `units`" if function in {"sum", "average"} else ""
            raise self._expected(f"a property such as `properties.total`{units}")
        return self._name(), at, ()

    def _units(self, depth: int) -> tuple[Units, tuple[Leaf, ...]]:
        self._need(UNITS)
        if not self._take("("):
            return Units(), ()
        of, leaves = self._inside(depth)
        self._need(")")
        return Units(of), leaves

    def _arguments(self, function: str, depth: int) -> _Arguments:
        found = _Arguments()
        while self._take(","):
            token = self._now
            if function == "did" and found.often is None and found.days is None and self._is_comparison(token):
                found.often = self._often()
            elif function not in {"first", "last"} and found.days is None and self._take("within"):
                found.days = self._days()
            elif self._take("where"):
                found.where, found.leaves = self._inside(depth)
                if len(spell(found.where)) > tokens.MAX_LENGTH:
                    raise tokens.bad(self._text, token.at, "This `where` is too long to be counted.")
                return found
            else:
                known = _ARGUMENTS[function]
                order = ", in this order" if len(known) > 1 else ""
                hint = did_you_mean(token.text, [it for it in ("within", "where") if f"`{it}" in "".join(known)])
                raise self._expected(f"{', '.join(known)}{order}", hint)
        return found

    def _is_comparison(self, token: Token) -> bool:
        return token.sort is not Sort.LITERAL and token.text in COMPARISONS

    def _often(self) -> tuple[Comparison, tuple[Literal, ...]]:
        token = self._now
        comparison = self._comparison(("did",))
        if comparison not in _COUNTED:
            raise tokens.bad(self._text, token.at, f"How often somebody did something, `{comparison}` cannot compare.")
        values, places = self._values(comparison)
        for value, at in zip(values, places, strict=True):
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_TIMES:
                message = f"How often is a whole number from 0 to {MOST_TIMES:,}."
                raise tokens.bad(self._text, at, message, code="wrong_type")
        return comparison, values

    def _days(self) -> int:
        token = self._now
        if token.sort is not Sort.DURATION:
            raise self._expected("a duration such as 30d", self._meant_duration())
        self._next += 1
        try:
            window = durations.parse(token.text)
        except durations.BadDuration as error:
            raise tokens.bad(self._text, token.at, error.message, code="bad_duration") from None
        if window % _DAY or window > LONGEST_WINDOW:
            message = f"Events are counted by whole UTC days, 1d to {LONGEST_WINDOW.days}d, today included."
            raise tokens.bad(self._text, token.at, message, code="bad_duration")
        return window.days

    def _refuse_counting(self) -> None:
        """Refuse `did(…) >= 3`, and say where the number belongs."""
        token = self._now
        if self._is_comparison(token):
            message = f'How often somebody did it stands inside, as in `did("Order Completed", {token.text} 3)`.'
            raise tokens.bad(self._text, token.at, message, code="wrong_type")


def _path_of(function: str, name: str, days: int | None) -> Path:
    """Give the name under which a tally says what is asked; see `hub.rollups.asking`."""
    if function in {"first", "last"}:
        return (name, function)
    number = "count" if function == "did" else function
    return (name, number) if days is None else (name, f"{days}d", number)
