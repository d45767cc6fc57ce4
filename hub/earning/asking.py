"""What the conditions of a program are asked of: the order as it is now, the member as they were then."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.commerce.model import Contents, Line
from hub.conditions.evaluator import PRODUCT, compiled
from hub.conditions.model import Asked, Condition, Every, InSegment, Not, Path, Some, leaves
from hub.earning.model import Facts
from hub.kit.local_time import Weekday
from hub.profiles.model import Profile
from hub.programs import scope
from hub.programs.model import PerEvent, PerOrders, PerVisit, Program
from hub.segments.model import Segment, facts_of

STORE_VISITED: Final = "Store Visited"
ORDER_COMPLETED: Final = "Order Completed"
_NUMBER: Final[Path] = (scope.ORDER, "number")
_TIER: Final[Path] = (scope.MEMBER, "tier")


@dataclass(frozen=True, slots=True)
class Questions:
    """What the rules of a program ask about the customer, each once. An answer is kept by its place.

    Versions never change, so neither do the places.
    """

    program: Program
    listed: tuple[Asked | InSegment, ...] = field(init=False)
    places: Mapping[Asked | InSegment, int] = field(init=False, repr=False)
    counts: bool = field(init=False)
    """Whether it matters which order of the member it is."""
    tiered: bool = field(init=False)
    """Whether it matters in which tier the member is."""
    deeds: frozenset[str] = field(init=False)
    """The events that earn something besides what their order comes to."""
    _segments: tuple[Segment, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        wheres = [
            *(it.where for it in self.program.rules.values()),
            *(it.where for it in self.program.multipliers.values()),
        ]
        asked = [it for it in wheres if it is not None]
        found = tuple(dict.fromkeys(leaf for it in asked for leaf in scope.of_member(it)))
        every = any(isinstance(it.gives, PerOrders) for it in self.program.rules.values())
        counts = every or any(_asks(it, _NUMBER) for it in asked)
        object.__setattr__(self, "listed", found)
        object.__setattr__(self, "places", {it: place for place, it in enumerate(found)})
        object.__setattr__(self, "counts", counts)
        object.__setattr__(self, "deeds", _deeds(self.program))
        object.__setattr__(self, "tiered", any(_asks(it, _TIER) for it in asked))
        object.__setattr__(self, "_segments", tuple(Segment("asked", it, "") for it in found))

    def facts_of(
        self, member: UUID, profile: Profile | None, now: datetime, *, number: int = 1, tier: str | None = None
    ) -> Facts:
        """Answer them of a customer as they are now. Of one who is not there any more nothing holds."""
        if profile is None or not self.listed:
            return Facts(member, number, tier)
        told = facts_of(profile, self._segments, now)
        held = frozenset(place for place, it in enumerate(self._segments) if it.picks(told, now))
        return Facts(member, number, tier, held)

    def hold(self, condition: Condition | None, value: Mapping[str, Any], at: datetime, facts: Facts) -> bool:
        """Tell whether a condition is true of an order or event, and of the member as the facts say."""
        match condition:
            case None:
                return True
            case Every(parts):
                return all(self.hold(it, value, at, facts) for it in parts)
            case Some(parts):
                return any(self.hold(it, value, at, facts) for it in parts)
            case Not(part):
                return not self.hold(part, value, at, facts)
        place = self.places.get(condition)
        return compiled(condition)(value, at) if place is None else place in facts.held


def _deeds(program: Program) -> frozenset[str]:
    gives = [it.gives for it in program.rules.values()]
    of_visits = {STORE_VISITED, ORDER_COMPLETED} if any(isinstance(it, PerVisit) for it in gives) else set()
    return frozenset(of_visits).union(it.event for it in gives if isinstance(it, PerEvent))


def _asks(condition: Condition, path: Path) -> bool:
    return any(not isinstance(leaf, InSegment) and leaf.path == path for leaf in leaves(condition))


def of_order(contents: Contents, at: datetime, facts: Facts, zone: ZoneInfo) -> dict[str, Any]:
    """Give what may be asked of an order; see `programs.scope`."""
    units = sum(units_of(it) for it in contents.lines)
    fulfilment = contents.fulfilment
    properties = {
        "coupon": contents.coupon,
        "store_id": contents.store_id,
        "associate_id": contents.associate_id,
        "payment_kind": contents.payment_kind,
        "currency": contents.currency,
        "channel": contents.channel,
        "fulfilment": {"kind": fulfilment.kind, "location": fulfilment.location} if fulfilment else None,
        "products": [of_line(it) for it in contents.lines],
    }
    return {
        scope.PROPERTIES: properties,
        scope.ORDER: {**when(at, zone), "number": facts.number, "units": units},
        scope.MEMBER: {"tier": facts.tier},
    }


def of_event(properties: Mapping[str, Any], at: datetime, facts: Facts, zone: ZoneInfo) -> dict[str, Any]:
    """Give what may be asked of an event."""
    return {scope.PROPERTIES: properties, scope.ORDER: when(at, zone), scope.MEMBER: {"tier": facts.tier}}


def when(at: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Tell day and hour, as the clocks of a zone show them."""
    local = at.astimezone(zone)
    return {"weekday": Weekday.of(local.date()), "hour": local.hour}


def of_line(line: Line) -> dict[str, Any]:
    """Give what may be asked of a line."""
    return {name: getattr(line, name) for name in scope.LINE}


def is_meant(lines: Condition | None, line: Line, at: datetime) -> bool:
    """Tell whether a line of an order counts for a rule."""
    return lines is None or compiled(lines)({PRODUCT: of_line(line)}, at)


def paid_units_of(line: Line) -> int:
    """Count the pieces of a line that somebody pays for: none of one that is free, by its price or its discount."""
    is_free = line.price is not None and line.quantity * line.price <= (line.discount or 0)
    return 0 if is_free else units_of(line)


def units_of(line: Line) -> int:
    """Count the pieces of a line. What is sold by weight is one."""
    return int(line.quantity) if line.quantity == line.quantity.to_integral_value() else 1
