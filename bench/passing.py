"""Customers whom time alone moves within one hour, stored as the hub would have stored them before it.

Each has been told of and sorted by the product's own rules; only that their rows are written many at a time is the
bench's. One half is in `lately` until a moment of the hour, the other half comes into `silent` at one.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hub.database import Row
from hub.events.model import IMPORT, Event, Kind
from hub.intake import standing
from hub.intake.standing import Defined
from hub.kit import ids
from hub.profiles import rules, store
from hub.profiles.model import Profile

PEOPLE: Final = 100_000
NOON: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
LATELY: Final = "lately"
SILENT: Final = "silent"
SEGMENTS: Final = (
    f'{{segment: {LATELY}, when: "within(profile.trialSince, 30d)"}}',
    f"{{segment: {SILENT}, when: purchases.days_since_last >= 60}}",
    "{segment: germans, when: profile.country = 'DE'}",
    "{segment: spenders, when: purchases.365d.sum >= 100}",
    "{segment: german-regulars, when: profile.country = 'DE' and purchases.count >= 2}",
)

_PERIODS: Final = {LATELY: timedelta(days=30), SILENT: timedelta(days=60)}


@dataclass(frozen=True, slots=True)
class Mover:
    """A row of a profile, the segment that it enters or leaves, and when."""

    row: Row
    segment: str
    moment: datetime


def movers(count: int, defined: Defined) -> Iterator[Mover]:
    """Make so many of them. Their moments lie anywhere in the hour after NOON, the last one at its end."""
    chance = random.Random(1)
    for number in range(count):
        segment = LATELY if number % 2 else SILENT
        moment = NOON + timedelta(seconds=chance.randrange(1, HOUR // timedelta(seconds=1) + 1))
        yield Mover(_row(segment, moment - _PERIODS[segment], number, defined), segment, moment)


def _row(segment: str, since: datetime, number: int, defined: Defined) -> Row:
    traits = {"firstName": "Ada", "country": ("DE", "AT", "CH")[number % 3], "city": f"city {number % 500}"}
    if segment == LATELY:
        traits["trialSince"] = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    events = [_event(Kind.IDENTIFY, NOON - HOUR, traits=traits)]
    if segment == SILENT:
        bought = {"order_id": f"{number}", "total": 10 + number % 200, "currency": "EUR", "channel": "pos"}
        events.append(_event(Kind.TRACK, since, name="Order Completed", properties=bought))
    profile = standing.begun(Profile(id=ids.new_id()), defined)
    for seq, event in enumerate(events, start=1):
        told = rules.apply(profile, event, seq=seq)
        profile = standing.taken_in(profile, told, event, defined, now=NOON)
    row = store.whole_row(replace(profile, counted={}))
    return {"_id": profile.id, **row, "rev": 1, "token": ids.new_id()}


def _event(kind: Kind, at: datetime, *, name: str = "", **said: Any) -> Event:
    """Make an event of an earlier time, which moves its customer and announces nothing."""
    fields: dict[str, Any] = {"properties": {}, "traits": {}, "context": {}, **said}
    return Event(
        id=ids.new_id(),
        source=IMPORT.id,
        trust=IMPORT.trust,
        kind=kind,
        name=name,
        user_id="ada",
        anonymous_id=None,
        at=at,
        accepted_at=at,
        **fields,
    )
