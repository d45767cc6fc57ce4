"""Runs in MongoDB.

A run exists if and only if its document exists. Every write from outside raises `rev`. The document carries the name
of its cohort for as long as there is something to do for it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pymongo import IndexModel, UpdateOne

from hub import database, seal
from hub.database import Keyed, OwnIds, Row, insert_once
from hub.journeys import guards
from hub.journeys.model import Input, Intent, Mark, ReleaseGuard, Run, SendMessage, Status, Version
from hub.kit.pages import Page, Span
from hub.messaging.model import USUAL_PRIORITY
from hub.profiles.consent import DEFAULT_BRAND
from hub.profiles.model import Channel
from hub.profiles.topics import MARKETING
from hub.seal import Erasure, Personal


class RunDocument(Keyed):
    """A run at rest. `next_due` waits behind intents that are not performed yet; `token` names who saved last."""

    journey: str
    version: int
    cohort: str | None = None
    profile_id: UUID
    guard_id: UUID
    key: str | None
    event_id: UUID
    seq: int
    matches: list[Any]
    entered_at: datetime
    status: Status
    step: str | None
    wake: bool
    due: datetime | None
    next_due: datetime | None = None
    token: UUID | None = None
    visits: int
    rev: int
    inputs: list[dict[str, Any]]
    heard: list[UUID]
    intents: list[dict[str, Any]]
    trail: list[dict[str, Any]]
    ended_at: datetime | None
    reason: str | None

    class Settings:
        """Where runs lie and how they are found."""

        name = "runs"
        personal = Personal("profile_id", ("key", "matches", "trail"), Erasure.BLANK)
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel(
                [("cohort", 1), ("wake", 1), ("due", 1)],
                name="cohort",
                partialFilterExpression={"cohort": {"$exists": True}},
            ),
            IndexModel([("profile_id", 1)], name="waiting", partialFilterExpression={"status": Status.WAITING.value}),
            IndexModel([("profile_id", 1), ("entered_at", -1), ("_id", -1)], name="profile"),
        ]


async def versions_waited_in() -> list[Version]:
    """List the versions that somebody is in."""
    found = await RunDocument.get_pymongo_collection().aggregate(
        [
            {"$match": {"status": Status.WAITING.value}},
            {"$group": {"_id": {"journey": "$journey", "number": "$version"}}},
        ]
    )
    return [Version(row["_id"]["journey"], row["_id"]["number"]) async for row in found]


async def insert(runs: Sequence[Run]) -> list[Run]:
    """Store new runs, woken, without a due time, and with what they have heard already.

    Returns:
        The runs that were stored before, by an earlier attempt.
    """
    taken = await insert_once(RunDocument, [{**_row_of(run), "_id": run.id, "wake": True} for run in runs])
    return [runs[place] for place in sorted(taken)]


async def ended(run_ids: Collection[UUID]) -> set[UUID]:
    """Tell which of these runs are over."""
    found = RunDocument.get_pymongo_collection().find(
        {"_id": {"$in": list(run_ids)}, "status": {"$ne": Status.WAITING}}, {"_id": 1}
    )
    return {row["_id"] async for row in found}


async def of(profile_ids: Collection[UUID]) -> list[Run]:
    """Read all runs of these profiles, live or over."""
    found = RunDocument.get_pymongo_collection().find({"profile_id": {"$in": list(profile_ids)}})
    return [run_of(row) async for row in found]


async def waiting(profile_ids: Collection[UUID]) -> list[Run]:
    """Read the live runs of these profiles."""
    if not profile_ids:
        return []
    found = RunDocument.get_pymongo_collection().find(
        {"profile_id": {"$in": list(profile_ids)}, "status": Status.WAITING.value}
    )
    return [run_of(row) async for row in found]


async def tell(inputs: Iterable[tuple[Run, Input]]) -> None:
    """Write inputs into live runs, each once by its event, and wake the runs."""
    updates = [
        UpdateOne(
            {
                "_id": run.id,
                "status": Status.WAITING,
                "inputs.event_id": {"$ne": it.event_id},
                "heard": {"$ne": it.event_id},
            },
            {
                "$push": {"inputs": _input_row(it)},
                "$set": {"wake": True},
                "$inc": {"rev": 1},
            },
        )
        for run, it in inputs
        if it not in run.inputs  # it was stored with the run, or by an earlier attempt: then the run is woken too
    ]
    if updates:
        await RunDocument.get_pymongo_collection().bulk_write(updates, ordered=False)


async def stop(profile_ids: Collection[UUID], *, reason: str, now: datetime) -> None:
    """End the live runs of these profiles from outside, with what they had decided and not performed yet."""
    live = await waiting(profile_ids)
    await guards.release({run.guard_id: run.id for run in live})
    await RunDocument.get_pymongo_collection().update_many(
        {"_id": {"$in": [run.id for run in live]}, "status": Status.WAITING},
        {
            "$set": {
                "status": Status.STOPPED,
                "reason": reason,
                "ended_at": now,
                "wake": False,
                "due": None,
                "next_due": None,
                "intents": [],
            },
            "$inc": {"rev": 1},
            "$unset": {"cohort": ""},
        },
    )


async def pages(owners: Collection[OwnIds], wanted: Span) -> dict[OwnIds, Page[Run]]:
    """Read a page of each profile's runs, the last entered first."""
    found = await database.pages(RunDocument, owners, wanted, by="entered_at")
    return {owner: page.each(run_of) for owner, page in found.items()}


async def load(run_ids: Collection[UUID]) -> dict[UUID, Run]:
    """Read runs. Those that do not exist are left out."""
    if not run_ids:
        return {}
    found = RunDocument.get_pymongo_collection().find({"_id": {"$in": list(run_ids)}})
    return {row["_id"]: run_of(row) async for row in found}


def run_of(sealed: Mapping[str, Any]) -> Run:
    """Make a run of its row."""
    row = seal.opened(RunDocument, sealed)
    return Run(
        id=row["_id"],
        version=Version(row["journey"], row["version"]),
        profile_id=row["profile_id"],
        guard_id=row["guard_id"],
        key=row["key"],
        event_id=row["event_id"],
        seq=row["seq"],
        matches=tuple(row["matches"]),
        entered_at=row["entered_at"],
        status=Status(row["status"]),
        step=row["step"],
        # Until its intents are performed a run is due at once, whatever it waits for afterwards.
        due=row["next_due"] if row["intents"] else row["due"],
        visits=row["visits"],
        rev=row["rev"],
        inputs=tuple(Input(**it) for it in row["inputs"]),
        heard=tuple(row["heard"]),
        intents=tuple(_intent_of(it) for it in row["intents"]),
        trail=tuple(Mark(**it) for it in row.get("trail", ())),
        ended_at=row["ended_at"],
        reason=row["reason"],
    )


def _row_of(run: Run) -> Row:
    row: Row = {
        "journey": run.version.journey,
        "version": run.version.number,
        "cohort": run.version.cohort,
        "profile_id": run.profile_id,
        "guard_id": run.guard_id,
        "key": run.key,
        "event_id": run.event_id,
        "seq": run.seq,
        "matches": list(run.matches),
        "entered_at": run.entered_at,
        "status": run.status,
        "step": run.step,
        "due": run.due,
        "visits": run.visits,
        "rev": run.rev,
        "inputs": [_input_row(it) for it in run.inputs],
        "heard": [],
        "intents": [],
        "trail": [mark_row(mark) for mark in run.trail],
        "ended_at": None,
        "reason": None,
    }
    return seal.shut(RunDocument, row)


def _input_row(it: Input) -> Row:
    return {"event_id": it.event_id, "name": it.name, "seq": it.seq}


def mark_row(mark: Mark) -> Row:
    """Make the row of a line of the trail."""
    return {"at": mark.at, "step": mark.step, "did": mark.did, "detail": dict(mark.detail)}


def intent_row(intent: Intent) -> Row:
    """Make the row of an intent."""
    match intent:
        case SendMessage():
            return {
                "do": "send",
                "step": intent.step,
                "visit": intent.visit,
                "template": intent.template,
                "channels": [channel.value for channel in intent.channels],
                "brand": intent.brand,
                "topic": intent.topic,
                "priority": intent.priority,
                "why": dict(intent.why),
            }
        case ReleaseGuard():
            return {"do": "release"}


def _intent_of(row: Row) -> Intent:
    if row["do"] == "release":
        return ReleaseGuard()
    return SendMessage(
        row["step"],
        row["visit"],
        row["template"],
        tuple(Channel(it) for it in row["channels"]),
        row.get("brand", DEFAULT_BRAND),
        row.get("topic", MARKETING),
        row.get("priority", USUAL_PRIORITY),
        row.get("why", {}),
    )
