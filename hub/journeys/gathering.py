"""Gathering: the runs of profiles that turned out to be one person, or two again, get the entry guards they belong to.

A run goes on under the profile it was born under. Its guard is that of the head today: so nobody is in a journey twice
under one key, whichever of their profiles entered. Of two live runs that meet under one guard, the older stays.

All of it may be repeated, by several processes at the same time, and by one after another has died: whatever lies
between the writes is seen and finished by whoever comes next.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import UpdateOne

from hub.journeys import guards, model, runs
from hub.journeys.model import Mark, ReleaseGuard, Run, Status
from hub.journeys.runs import RunDocument
from hub.kit import ids

REASON: Final = "merged"


async def gather(own_ids: Mapping[UUID, Collection[UUID]], *, now: datetime) -> set[str]:
    """Give every live run of these people the guard of their head.

    Args:
        own_ids: by head, it and those it absorbed. The events of those that are counted are routed.
        now: when the younger ones end.

    Returns:
        The cohorts in which a run has ended, that it may let go.
    """
    cohorts: set[str] = set()
    head_of = {own_id: head for head, members in own_ids.items() for own_id in members}
    while True:
        found = await runs.of(head_of)
        wanted = {run.id: model.guard_id(head_of[run.profile_id], run.version.journey, run.key) for run in found}
        older, younger = _met([run for run in found if run.live], wanted)
        moving = [run for run in older if run.guard_id != wanted[run.id]]
        if await _move(moving, wanted) + await _end(younger, now=now) < len(moving) + len(younger):
            continue  # one of them was written to meanwhile: look again
        cohorts |= {run.version.cohort for run in younger}
        over = [run.id for run in found if not run.live]
        # A run may end after it was read: then a guard is given to it in vain, and freed here by the next look.
        await guards.free({wanted[run_id] for run_id in over}, over)
        held = await guards.hold({wanted[run.id]: run.id for run in older})
        await guards.release({run.guard_id: run.id for run in moving})
        if not held:
            return cohorts


def _met(live: Sequence[Run], wanted: Mapping[UUID, UUID]) -> tuple[list[Run], list[Run]]:
    """Sort live runs by guard: the oldest of each, and the others."""
    by_guard: defaultdict[UUID, list[Run]] = defaultdict(list)
    for run in sorted(live, key=lambda it: (it.entered_at, it.seq, it.id)):
        by_guard[wanted[run.id]].append(run)
    return [first for first, *_ in by_guard.values()], [run for _, *others in by_guard.values() for run in others]


async def _move(moving: Sequence[Run], wanted: Mapping[UUID, UUID]) -> int:
    updates = [
        UpdateOne(
            {"_id": run.id, "rev": run.rev, "status": Status.WAITING},
            {"$set": {"guard_id": wanted[run.id]}, "$inc": {"rev": 1}},
        )
        for run in moving
    ]
    return await _matched(updates)


async def _end(younger: Sequence[Run], *, now: datetime) -> int:
    """End runs from outside. What they have decided is still performed, and then their guard is released, by theirs."""
    updates = [
        UpdateOne(
            {"_id": run.id, "rev": run.rev, "status": Status.WAITING},
            {
                "$set": {
                    "status": Status.EXITED,
                    "reason": REASON,
                    "ended_at": now,
                    "wake": True,
                    "due": now,
                    "next_due": None,
                    # Another token than that of a decision which is being performed: it must not clear this one.
                    "token": ids.new_id(),
                    "intents": [runs.intent_row(intent) for intent in (*run.intents, ReleaseGuard())],
                },
                "$push": {"trail": runs.mark_row(Mark(now, run.step, Status.EXITED.value, {"reason": REASON}))},
                "$inc": {"rev": 1},
            },
        )
        for run in younger
    ]
    return await _matched(updates)


async def _matched(updates: Sequence[UpdateOne]) -> int:
    if not updates:
        return 0
    written = await RunDocument.get_pymongo_collection().bulk_write(updates, ordered=False)
    return written.matched_count
