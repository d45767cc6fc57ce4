"""Trying: whom a segment would pick that asks for events which are not counted of everybody yet.

Each customer is completed for it as the back-fill would do, and nothing is saved.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.conditions.model import Condition, Every, tallies_in
from hub.kit.problems import InvalidDefinition, Problem
from hub.profiles import store as profiles_store
from hub.profiles.store import ProfileDocument
from hub.rankings import keeping as rankings
from hub.rollups import history, rules
from hub.rollups.catalogue import Catalogue
from hub.segments import query
from hub.segments.model import Segment, facts_of

MOST: Final = 20_000
"""On how many customers it can be tried: it takes about a millisecond of each."""
BATCH: Final = 500
_NOT_COUNTED: Final = (
    f"It asks for events that are not counted of everybody yet, which is not tried on more than {MOST:,} customers:"
    " publish it, and `hub segments list` tells how far it is."
)


async def picked(segment: Segment, counted: Catalogue, *, now: datetime) -> list[UUID]:
    """List whom a segment would pick at a time, of those who were absorbed by nobody.

    It is tried only on those of whom all else is true that must be.

    Raises:
        InvalidDefinition: `not_counted`, there are too many customers.
    """
    among = [{"absorbed_by": None}, *(query.of(it, now=now) for it in _known(segment.when))]
    heads = ProfileDocument.get_pymongo_collection().find({"$and": among}, {"_id": 1}).limit(MOST + 1)
    everybody = [row["_id"] for row in await heads.to_list()]
    if len(everybody) > MOST:
        raise InvalidDefinition([Problem(1, 1, "not_counted", _NOT_COUNTED)])
    tried = counted.with_tallies(segment.tallies.values())
    boundaries = await rankings.boundaries(segment.ranked)
    found: list[UUID] = []
    for begin in range(0, len(everybody), BATCH):
        profiles = await profiles_store.load(everybody[begin : begin + BATCH])
        taken_in = await history.of(profiles.values(), tried)
        for profile in profiles.values():
            complete = rules.replayed(profile, taken_in[profile.id], tried, now=now)
            if segment.picks(facts_of(complete, [segment], now, boundaries), now):
                found.append(profile.id)
    return found


def _known(when: Condition) -> Iterator[Condition]:
    """List what must be true by the rule and asks for no events, so that the database can tell."""
    if isinstance(when, Every):
        yield from (it for part in when.parts for it in _known(part))
    elif not tallies_in(when):
        yield when
