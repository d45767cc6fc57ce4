"""Reports that wait in MongoDB: what a provider has told at once is one document, from the answer until it is settled.

Storing them is all that has to be done before a provider is answered, and costs a fraction of settling them. A keeper
takes many documents together, under a lease: who dies with them loses nothing, for settling them again changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from pymongo import IndexModel

from hub.database import Keyed, Row, insert_once
from hub.kit import ids
from hub.messaging.reports import Fault, Report, ReportKind
from hub.profiles.model import Channel

DOCUMENTS_AT_ONCE: Final = 100


class WaitingReportsDocument(Keyed):
    """What was told at once. `_id` is made of the reports; `due` is when to settle them, or when a keeper's lease ends.

    `told` says how many they are, and `failed` that they could not be settled, for a reason that is not the database's.
    No address lies here: of one that is to blame there is its keyed hash, as in the list of suppressed addresses.
    """

    due: datetime
    token: UUID | None
    failed: bool
    told: int
    reports: list[dict[str, Any]]

    class Settings:
        """Where they lie and how they are found."""

        name = "reports"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("failed", 1), ("due", 1)], name="due")]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was told at once, as a keeper took it."""

    id: UUID
    rows: Sequence[Mapping[str, Any]]

    @property
    def reports(self) -> list[Report]:
        """What was told.

        Raises:
            ValueError: it is of a kind that this version of the hub does not know.
        """
        return [_report_of(it) for it in self.rows]


async def add(reports: Sequence[Report], *, now: datetime) -> None:
    """Store reports, all of them by one write, which is durable then. The same ones told again are stored once.

    Of an address only the keyed hash is stored, where the report has one.
    """
    key = ids.key_of("reports", *(f"{it.provider} {it.event_id}" for it in reports))
    row = {"_id": key, "due": now, "token": None, "failed": False, "told": len(reports)}
    await insert_once(WaitingReportsDocument, [{**row, "reports": [_row_of(it) for it in reports]}])


async def claim(most: int, *, token: UUID, now: datetime, until: datetime) -> list[Bundle]:
    """Take what is due, the longest waiting first: so many reports, or one document if it has more.

    Args:
        most: how many reports.
        token: names the keeper's turn.
        now: the time.
        until: when its lease ends, and somebody else may take them.
    """
    collection = WaitingReportsDocument.get_pymongo_collection()
    waiting = collection.find({"failed": {"$in": [False, True]}, "due": {"$lte": now}}, {"told": 1}).sort("due", 1)
    chosen: list[UUID] = []
    async for row in waiting.limit(DOCUMENTS_AT_ONCE):
        most -= row["told"]
        if chosen and most < 0:
            break
        chosen.append(row["_id"])
    if not chosen:
        return []
    wanted: Row = {"_id": {"$in": chosen}, "due": {"$lte": now}}
    await collection.update_many(wanted, {"$set": {"token": token, "due": until}})
    rows = await collection.find({"_id": {"$in": chosen}, "token": token}).to_list()
    return [Bundle(row["_id"], row["reports"]) for row in rows]


async def settled(bundles: Sequence[Bundle], *, token: UUID) -> None:
    """Forget what is settled, unless somebody else has it by now."""
    await WaitingReportsDocument.get_pymongo_collection().delete_many(
        {"_id": {"$in": [it.id for it in bundles]}, "token": token}
    )


async def put_off(bundle: Bundle, *, token: UUID, until: datetime) -> None:
    """Let what could not be settled lie until a later time. Nobody waits for it meanwhile."""
    await WaitingReportsDocument.get_pymongo_collection().update_one(
        {"_id": bundle.id, "token": token}, {"$set": {"failed": True, "due": until}}
    )


async def any_wait() -> bool:
    """Tell whether there is anything that was told and is not settled yet, save what could not be."""
    return await WaitingReportsDocument.get_pymongo_collection().find_one({"failed": False}, {"_id": 1}) is not None


def _row_of(report: Report) -> Row:
    row: Row = {
        "key": report.key,
        "kind": report.kind.value,
        "channel": report.channel.value,
        "provider": report.provider,
        "event_id": report.event_id,
        "at": report.at,
        "provider_id": report.provider_id,
    }
    if report.fault is not None:
        row |= {"fault": report.fault.value, "address_hash": report.address_hash}
    return row


def _report_of(row: Mapping[str, Any]) -> Report:
    return Report(
        key=row["key"],
        kind=ReportKind(row["kind"]),
        channel=Channel(row["channel"]),
        provider=row["provider"],
        event_id=row["event_id"],
        at=row["at"],
        fault=Fault(row["fault"]) if "fault" in row else None,
        provider_id=row["provider_id"],
        address_hash=row.get("address_hash"),
    )
