"""Capped rules: before an order is posted, each of them is granted what there is room for.

Only where a program has such rules. What they would give without a cap goes by the facts that the order's first posting
has kept, as everything about it does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.definitions import Version
from hub.earning import rooms_store, rules
from hub.earning.difference import Difference, facts_by, origin_of
from hub.earning.rooms import KEPT, Use
from hub.earning.rooms_store import Asked
from hub.events.model import Event
from hub.ledger import store as ledger_store
from hub.ledger.model import Past


@dataclass(frozen=True, slots=True)
class Owed:
    """What is to be posted for an order: in which program, to whom (by all their ids), and because of which event."""

    version: Version
    owner: UUID
    own_ids: Sequence[UUID]
    difference: Difference
    cause: Event


async def capped(owed: Sequence[Owed], now: datetime) -> list[Difference]:
    """Give the differences with the rooms of their capped rules, in the same order."""
    asked: list[Asked] = []
    places: list[int] = []
    found = [it.difference for it in owed]
    for place, it in enumerate(owed):
        program, order = it.difference.questions.program, it.difference.order
        rules_ = [rule for rule in program.rules.values() if rule.caps]
        at = order.completed_at
        if not rules_ or at is None:
            continue
        if now - at > KEPT:
            found[place] = replace(it.difference, rooms=None)
            continue
        wanted = await _wanted(it)
        for rule in rules_:
            use = Use(origin_of(order), at, it.difference.rev, wanted.get(rule.name, 0), 0)
            asked.append(Asked(program.name, rule.name, it.own_ids, use, rule.caps, program.zone))
            places.append(place)
    for place, one, points in zip(places, asked, await rooms_store.grant(asked, now=now), strict=True):
        found[place] = replace(found[place], rooms={**(found[place].rooms or {}), one.rule: points})
    return found


async def _wanted(owed: Owed) -> dict[str, int]:
    """Tell how many points each rule would give without caps. Nothing to whom the order is no longer of."""
    difference = owed.difference
    if not difference.is_theirs:
        return {}
    past = await past_of(owed.version.name, owed.owner, origin_of(difference.order))
    facts = facts_by(past) or difference.facts
    return {it.rule: it.points for it in rules.award(difference.questions, difference.order, facts).given}


async def past_of(program: str, owner: UUID, origin: str) -> Past:
    """Read the postings about an origin, oldest first: first those in the purse, then those that were copied out."""
    purse = (await ledger_store.load(program, [owner]))[owner]
    copied = await ledger_store.postings([], program, [origin])
    boxed = {it.id: it for it in purse.outbox if origin in it.origins}
    return sorted({**copied, **boxed}.values(), key=lambda it: (it.booked_at, it.number))
