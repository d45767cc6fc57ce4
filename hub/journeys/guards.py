"""Entry guards in MongoDB: at most one live run per profile, journey and key."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from pymongo import UpdateOne

from hub.database import Keyed, insert_once
from hub.journeys.model import Run


class GuardDocument(Keyed):
    """Which run a profile has live under one journey and key; `run_id` is None once it may enter again."""

    run_id: UUID | None

    class Settings:
        """Where entry guards lie."""

        name = "entry_guards"
        personal = None


async def admit(runs: Sequence[Run]) -> set[UUID]:
    """Take the entry guards of new runs, each by one conditional update.

    A guard admits a run if it is free or names that run already, so that a retry passes.

    Returns:
        The ids of the runs that were admitted.
    """
    first_of_guard: dict[UUID, Run] = {}
    for run in runs:
        first_of_guard.setdefault(run.guard_id, run)
    wanted = list(first_of_guard.values())
    # Most guards are new, and an insert costs a third of an upsert.
    taken = await insert_once(GuardDocument, [{"_id": run.guard_id, "run_id": run.id} for run in wanted])
    if not taken:
        return {run.id for run in wanted}
    collection = GuardDocument.get_pymongo_collection()
    await collection.bulk_write(
        [
            UpdateOne({"_id": wanted[place].guard_id, "run_id": None}, {"$set": {"run_id": wanted[place].id}})
            for place in taken
        ],
        ordered=False,
    )
    # Another process may have let in and not recorded yet one of the runs that were not tried, because they stand
    # second in their guard here. Were it refused, nobody would be in.
    found = collection.find(
        {"_id": {"$in": list(first_of_guard)}, "run_id": {"$in": [run.id for run in runs]}}, {"run_id": 1}
    )
    return {row["run_id"] async for row in found}


async def hold(guards: Mapping[UUID, UUID]) -> bool:
    """Have entry guards name these live runs, whatever they named before. False means that all did already."""
    if not guards:
        return False
    collection = GuardDocument.get_pymongo_collection()
    found = collection.find({"_id": {"$in": list(guards)}})
    held = {row["_id"]: row["run_id"] async for row in found}
    updates = [
        UpdateOne({"_id": guard_id}, {"$set": {"run_id": run_id}}, upsert=True)
        for guard_id, run_id in guards.items()
        if held.get(guard_id) != run_id
    ]
    if updates:
        await collection.bulk_write(updates, ordered=False)
    return bool(updates)


async def release(guards: Mapping[UUID, UUID]) -> None:
    """Free entry guards, each only while it names the run given with it."""
    # A run belongs to one guard only, so that no guard can be freed by the run of another.
    await free(guards, guards.values())


async def free(guard_ids: Collection[UUID], run_ids: Collection[UUID]) -> None:
    """Free those of these entry guards that name one of these runs: each has given up the guard, or is over."""
    if guard_ids:
        await GuardDocument.get_pymongo_collection().update_many(
            {"_id": {"$in": list(guard_ids)}, "run_id": {"$in": list(run_ids)}}, {"$set": {"run_id": None}}
        )
