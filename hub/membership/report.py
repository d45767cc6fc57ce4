"""The report of joins: who enrolled how many members, in which store, and how many of these have bought since.

A person counts once: of two members who turned out to be one, with the older enrolment.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.commerce import orders
from hub.membership import store
from hub.membership.model import Enrolment
from hub.profiles import store as profiles_store

BATCH: Final = 500
SAME_VISIT: Final = timedelta(hours=1)
"""A till may tell of the receipt first and of the joining afterwards: what was bought so shortly before is counted."""


@dataclass(frozen=True, slots=True)
class Joins:
    """How many joined with an associate in a store, either of which may not be known, and how many have bought since.

    Attributes:
        joins: persons who became members.
        first_purchases: those of them who have completed an order as members, which was not cancelled.
    """

    store_id: str | None
    associate_id: str | None
    joins: int
    first_purchases: int


async def joins(program: str, since: datetime, until: datetime) -> list[Joins]:
    """Count who joined a program in a time, from `since` to before `until`, by store and associate.

    Returns:
        One for each pair that somebody joined with, by their names, what is not known last.
    """
    joined: Counter[tuple[str | None, str | None]] = Counter()
    bought: Counter[tuple[str | None, str | None]] = Counter()
    async for batch in _in_batches(store.joined(program, since, until)):
        counted, buyers = await _counted(program, batch)
        joined.update(_place(it) for it in counted)
        bought.update(_place(it) for it in buyers)
    ordered = sorted(joined, key=lambda it: [(name is None, name or "") for name in it])
    return [Joins(*place, joined[place], bought[place]) for place in ordered]


async def _counted(program: str, enrolments: Sequence[Enrolment]) -> tuple[list[Enrolment], list[Enrolment]]:
    """Give those of some enrolments by which their persons count, and those of them whose persons have bought."""
    heads = await profiles_store.heads({it.profile_id for it in enrolments})
    owners = {it.profile_id: heads[it.profile_id].own_ids for it in enrolments if it.profile_id in heads}
    standing = await store.of(set(owners.values()))
    oldest = {it.id for found in standing.values() for it in found if it.program == program}
    counted = [it for it in enrolments if it.id in oldest]
    bounds = await orders.bounds([own for it in counted for own in owners[it.profile_id]])
    buyers = [
        it
        for it in counted
        if any(bounds[own][1] >= it.joined_at - SAME_VISIT for own in owners[it.profile_id] if own in bounds)
    ]
    return counted, buyers


async def _in_batches(found: AsyncIterator[Enrolment]) -> AsyncIterator[list[Enrolment]]:
    batch: list[Enrolment] = []
    async for it in found:
        batch.append(it)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _place(enrolment: Enrolment) -> tuple[str | None, str | None]:
    return enrolment.joining.store_id, enrolment.joining.associate_id
