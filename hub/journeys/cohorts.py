"""What a cohort reads and writes: runs with something to do, decisions before effects, and the awake flag.

The workflow of a cohort knows no run. It finds here, each time anew, what there is to do.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import bson
import structlog
from pymongo import UpdateMany

from hub import seal
from hub.database import CODEC, Named, Row
from hub.journeys import guards, runs
from hub.journeys.model import Run, Status
from hub.journeys.runs import RunDocument

log = structlog.get_logger(__name__)

AWAKE_MILLISECONDS: Final = 6_000

_NO_TRAIL: Final = {"trail": False}
"""The trail is for people: a cohort adds to it and never reads it."""

ANY_COHORT: Final[Row] = {"cohort": {"$gt": ""}}
"""Every run that has a cohort, said so that MongoDB skips from cohort to cohort in the index; `$exists` would not."""


class CohortDocument(Named):
    """Whether a cohort is looked after right now: if so, nobody needs to ring."""

    awake_until: datetime
    token: str

    class Settings:
        """Where cohorts lie."""

        name = "cohorts"
        personal = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A run as read by its cohort. With intents left, an earlier attempt saved a decision and did not perform it."""

    run: Run
    token: UUID | None


async def ready(cohort: str, now: datetime, limit: int) -> tuple[list[Loaded], list[Row]]:
    """Read runs of a cohort that have something to do: the woken first, then those that are due, longest due first.

    Returns:
        The runs, and apart from them the rows that no run can be made of.
    """
    collection = RunDocument.get_pymongo_collection()
    rows = [row async for row in collection.find({"cohort": cohort, "wake": True}, _NO_TRAIL).limit(limit)]
    if len(rows) < limit:
        due = (
            collection.find({"cohort": cohort, "wake": False, "due": {"$lte": now}}, _NO_TRAIL)
            .sort("due", 1)
            .limit(limit - len(rows))
        )
        rows += [row async for row in due]
    loaded: list[Loaded] = []
    unreadable: list[Row] = []
    for row in rows:
        try:
            loaded.append(Loaded(runs.run_of(row), row.get("token")))
        except Exception:
            # Whatever is wrong with a document belongs to its run and must touch no neighbour.
            log.exception("run_unreadable", run_id=str(row["_id"]), cohort=cohort)
            unreadable.append(row)
    return loaded, unreadable


async def give_up(unreadable: Sequence[Row], *, now: datetime) -> None:
    """Fail the runs of rows that cannot be read, after their guards are released; the rest of a row stays as it is."""
    if not unreadable:
        return
    await guards.release({row["guard_id"]: row["_id"] for row in unreadable if "guard_id" in row})
    await RunDocument.get_pymongo_collection().update_many(
        {"_id": {"$in": [row["_id"] for row in unreadable]}},
        {
            "$set": {"status": Status.FAILED, "wake": False, "due": None, "ended_at": now, "reason": "unreadable"},
            "$inc": {"rev": 1},
            "$unset": {"cohort": ""},
        },
    )


async def save(before_and_after: Sequence[tuple[Run, Run]], *, token: UUID, now: datetime) -> set[UUID]:
    """Write decisions, each only where `rev` is still the one that was read, and keep the run due if it has intents.

    Returns:
        The ids of the runs whose decision was saved. The others were written to meanwhile and are looked at again.
    """
    if not before_and_after:
        return set()
    # Runs that go the same way at the same time are saved by one statement, which costs less than one for each.
    alike: dict[tuple[int, bytes], tuple[Row, list[UUID]]] = {}
    for before, after in before_and_after:
        decision = _decision(before, after, token, now)
        _, run_ids = alike.setdefault((before.rev, bson.encode(decision, codec_options=CODEC)), (decision, []))
        run_ids.append(before.id)
    collection = RunDocument.get_pymongo_collection()
    written = await collection.bulk_write(
        [
            UpdateMany({"_id": {"$in": run_ids}, "rev": rev}, decision)
            for (rev, _), (decision, run_ids) in alike.items()
        ],
        ordered=False,
    )
    wanted = {before.id for before, _ in before_and_after}
    if written.matched_count == len(wanted):
        return wanted
    found = collection.find({"_id": {"$in": list(wanted)}, "token": token}, {"_id": 1})
    return {row["_id"] async for row in found}


def _decision(before: Run, run: Run, token: UUID, now: datetime) -> Row:
    changes = {
        "status": run.status,
        "step": run.step,
        "visits": run.visits,
        "inputs": [],
        "heard": list(run.heard),
        "intents": [runs.intent_row(intent) for intent in run.intents],
        "ended_at": run.ended_at,
        "reason": run.reason,
        "wake": False,
        "due": now if run.intents else run.due,
        "next_due": run.due,
        "token": token,
    }
    added = [runs.mark_row(mark) for mark in run.trail[len(before.trail) :]]
    trail = seal.shut(RunDocument, {"trail": added})["trail"]
    return {"$set": changes, "$inc": {"rev": 1}, "$push": {"trail": {"$each": trail}}}


async def clear(token: UUID, runs: Iterable[Run]) -> None:
    """Take performed intents away, only those of the decision that `token` names; an ended run leaves its cohort."""
    over: list[UUID] = []
    live: defaultdict[datetime | None, list[UUID]] = defaultdict(list)
    for run in runs:
        (live[run.due] if run.live else over).append(run.id)
    updates = [
        UpdateMany(
            {"_id": {"$in": run_ids}, "token": token, "intents.0": {"$exists": True}},
            {"$set": {"intents": [], "due": due}},
        )
        for due, run_ids in live.items()
    ]
    if over:
        gone: Row = {"$set": {"intents": [], "due": None, "wake": False}, "$unset": {"cohort": ""}}
        updates.append(UpdateMany({"_id": {"$in": over}, "token": token}, gone))
    if updates:
        await RunDocument.get_pymongo_collection().bulk_write(updates, ordered=False)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a cohort has before it: nothing at all, or the time at which its next run is due (None: only when rung)."""

    empty: bool
    next_due: datetime | None


async def outlook(cohort: str, now: datetime) -> Outlook:
    """Look what a cohort has before it. A woken run counts as due at `now`."""
    collection = RunDocument.get_pymongo_collection()
    if await collection.find_one({"cohort": cohort, "wake": True}, {"_id": 1}):
        return Outlook(empty=False, next_due=now)
    row = await collection.find_one(
        {"cohort": cohort, "wake": False, "due": {"$ne": None}}, {"due": 1, "_id": 0}, sort=[("due", 1)]
    )
    if row is not None:
        return Outlook(empty=False, next_due=row["due"])
    return Outlook(empty=await collection.find_one({"cohort": cohort}, {"_id": 1}) is None, next_due=None)


async def asleep(cohorts: Collection[str]) -> set[str]:
    """Tell which of these cohorts nobody looks after, by the clock of the database: they must be rung."""
    awake = CohortDocument.get_pymongo_collection().find(
        {"_id": {"$in": sorted(cohorts)}, "$expr": {"$gt": ["$awake_until", "$$NOW"]}}, {"_id": 1}
    )
    return set(cohorts) - {row["_id"] async for row in awake}


async def rise(cohort: str, token: str) -> None:
    """Raise the awake flag as a new attempt: every earlier attempt is overtaken."""
    await CohortDocument.get_pymongo_collection().update_one({"_id": cohort}, _awake(token), upsert=True)


async def stay(cohort: str, token: str) -> bool:
    """Keep the flag up. False means another attempt has taken over: stop."""
    found = await CohortDocument.get_pymongo_collection().update_one({"_id": cohort, "token": token}, _awake(token))
    return found.matched_count == 1


async def lower(cohort: str, token: str) -> None:
    """Take the flag down before the last look, if it is still this attempt's."""
    await CohortDocument.get_pymongo_collection().update_one(
        {"_id": cohort, "token": token}, [{"$set": {"awake_until": "$$NOW"}}]
    )


async def overdue(late: datetime) -> list[str]:
    """Name the cohorts with woken runs, or runs due before `late`: somebody should have advanced them.

    The cost follows the number of cohorts, not of runs: one skip in the index for each, and a look at its two ends.
    """
    collection = RunDocument.get_pymongo_collection()
    names: list[str] = await collection.distinct("cohort", ANY_COHORT)
    return [
        name
        for name in sorted(names)
        if await collection.find_one({"cohort": name, "wake": True}, {"_id": 1})
        or await collection.find_one({"cohort": name, "wake": False, "due": {"$lt": late}}, {"_id": 1})
    ]


def _awake(token: str) -> list[Row]:
    return [{"$set": {"awake_until": {"$add": ["$$NOW", AWAKE_MILLISECONDS]}, "token": token}}]
