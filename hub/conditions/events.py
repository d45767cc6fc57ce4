"""The part of the grammar that asks what somebody's events add up to.

did    = "did" "(" events [ "," ( comparison | after ) ] [ "," within ] [ "," where ] ")"
number = ( "sum" | "average" ) "(" events "," value [ "," within ] [ "," where ] ")" comparison
told   = ( "first" | "last" ) "(" events "," NAME [ "," where ] ")" comparison
events = TEXT | "[" TEXT { "," TEXT } "]"
value  = NAME | "units" [ "(" condition ")" ]
within = "within" DURATION
after  = "after" [ "first" ] events [ where ]
where  = "where" condition

A tally keeps whole UTC days, so that a window is of these.
"""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hub.conditions import tallies, tokens
from hub.conditions.cursor import COMPARISONS, UNITS, Cursor, EventName, Leaf, Told
from hub.conditions.model import Addend, Comparison, Condition, Followed, Literal, Path, Tallied, Tally, Units
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
    "did": ('how often, such as `>= 3`, or `after "EVENT"`', "`within 90d`", "`where properties.NAME = …`"),
    "sum": ("`within 90d`", "`where properties.NAME = …`"),
    "average": ("`within 90d`", "`where properties.NAME = …`"),
    "first": ("`where properties.NAME = …`",),
    "last": ("`where properties.NAME = …`",),
}
"""What may stand behind what a function is about, in this order."""


_BEFORE: Final = ' What came before something else is asked of the later one: `did("LATER", after "EARLIER")`.'
_AFTER: Final = " How often it came after something else cannot be asked, only whether."


@dataclass
class _Arguments:
    """What stands in the parentheses of one function."""

    often: tuple[Comparison, tuple[Literal, ...]] | None = None
    after: Told | None = None
    of_first: bool = False
    days: int | None = None
    where: Condition | None = None
    leaves: tuple[Leaf, ...] = ()


class EventTerms(Cursor):
    """Reads what is asked of somebody's events."""

    @abstractmethod
    def _inside(self, depth: int) -> tuple[Condition, tuple[Leaf, ...]]:
        """Read a condition that speaks of something else than those around it, with its leaves."""

    def _told(self, function: Token, depth: int) -> Tallied | Followed:
        """Read a function of events; its name is read already."""
        self._need("(")
        events = self._events()
        value, value_at, units = self._about(function.text, depth)
        arguments = self._arguments(function.text, depth)
        self._need(")")
        kept = value if function.text in {"first", "last"} and isinstance(value, tuple) else None
        days = None if arguments.after else arguments.days
        tally = tallies.of(
            [it.name for it in events], where=arguments.where, value=None if kept else value, kept=kept, days=days
        )
        told = Told(tally, events, value_at, arguments.leaves, units)
        if function.text == "did":
            self._refuse_counting()
            return self._did(function, told, arguments)
        comparison = self._comparison((f"{function.text}(…)",), ">= 1")
        values, places = self._values(comparison)
        part = Tallied(_path_of(function.text, tally), comparison, values, tally)
        self.leaves.append(Leaf(part, function.at, places, told=(told,)))
        return part

    def _did(self, function: Token, told: Told, arguments: _Arguments) -> Tallied | Followed:
        part: Tallied | Followed
        if arguments.after is not None:
            part = Followed(told.tally, arguments.after.tally, arguments.of_first, arguments.days)
            self.leaves.append(Leaf(part, function.at, told=(told, arguments.after)))
            return part
        comparison, values = arguments.often or (Comparison.GREATER_OR_EQUAL, (1,))
        part = Tallied(_path_of("did", told.tally), comparison, values, told.tally)
        self.leaves.append(Leaf(part, function.at, (function.at,) * len(values), told=(told,)))
        return part

    def _events(self) -> tuple[EventName, ...]:
        several = self._take("[")
        events: list[EventName] = []
        while True:
            token = self._now
            if not isinstance(token.value, str) or not token.value:
                raise self._expected('the name of an event in quotes, as in `did("Order Completed")`')
            if len(token.value) > LONGEST_EVENT:
                raise tokens.bad(self._text, token.at, f"The name of an event has at most {LONGEST_EVENT} characters.")
            self._next += 1
            events.append(EventName(token.value, token.at, several is None))
            if several is None or not self._take(","):
                break
        if several is not None:
            self._need("]")
        if len(events) > MOST_EVENTS:
            raise tokens.bad(self._text, events[MOST_EVENTS].at, f"At most {MOST_EVENTS} events are counted together.")
        return tuple(events)

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
            may_be_first = function == "did" and found == _Arguments()
            if may_be_first and self._is_comparison(token):
                found.often = self._often()
            elif may_be_first and self._take("after"):
                found.of_first = self._take("first") is not None
                found.after = self._after(depth)
            elif function not in {"first", "last"} and found.days is None and self._take("within"):
                found.days = self._days()
            elif self._take("where"):
                found.where, found.leaves = self._where(token, depth)
                return found
            else:
                known = _ARGUMENTS[function]
                order = ", in this order" if len(known) > 1 else ""
                raise self._expected(f"{', '.join(known)}{order}", _hint(token.text, known))
        return found

    def _after(self, depth: int) -> Told:
        events = self._events()
        token = self._now
        where, leaves = self._where(token, depth) if self._take("where") else (None, ())
        return Told(tallies.of([it.name for it in events], where=where), events, where=leaves)

    def _where(self, first: Token, depth: int) -> tuple[Condition, tuple[Leaf, ...]]:
        condition, leaves = self._inside(depth)
        if len(spell(condition)) > tokens.MAX_LENGTH:
            raise tokens.bad(self._text, first.at, "This `where` is too long to be counted.")
        return condition, leaves

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


def _path_of(function: str, tally: Tally) -> Path:
    """Give the name under which a tally says what is asked; see `hub.rollups.asking`."""
    if function in {"first", "last"}:
        return (tally.name, function)
    number = "count" if function == "did" else function
    return (tally.name, number) if tally.days is None else (tally.name, f"{tally.days}d", number)


def _hint(word: str, known: tuple[str, ...]) -> str:
    """Guess what was meant by a word that cannot stand here."""
    if word in {"before", "after"} and len(known) > 1:
        return _BEFORE if word == "before" else _AFTER
    return did_you_mean(word, [it for it in ("within", "where") if f"`{it}" in " ".join(known)])
