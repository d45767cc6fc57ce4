"""What tills say a day comes to, in MongoDB: for each store and date the closing that was made last."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hub.commerce import newest
from hub.database import Keyed, Row
from hub.kit import ids
from hub.kit.money import Money
from hub.tills.closing import Closing, Day, Line, LineKind, Sums


class TillDayDocument(Keyed):
    """A closing at rest. `_id` is made of store and date; `updated_at` is when it was closed."""

    store: str
    day: str
    since: datetime
    until: datetime
    lines: dict[str, list[dict[str, Any]]]
    sums: dict[str, dict[str, Any]]
    updated_at: datetime
    digest: str

    class Settings:
        """Where closings lie. They name receipts and nobody."""

        name = "till_days"
        personal = None


async def keep(closing: Closing) -> Closing:
    """Keep a closing unless a later one of the same day is kept, and give the one that stands."""
    day = closing.day
    row: Row = {
        "_id": _id_of(day.store, day.day),
        "store": day.store,
        "day": day.day.isoformat(),
        "since": day.since,
        "until": day.until,
        "lines": {what.value: [_row_of(it) for it in lines] for what, lines in closing.lines.items()},
        "sums": {
            what.value: {"count": it.count, "by_currency": dict(it.by_currency)} for what, it in closing.sums.items()
        },
        "updated_at": closing.closed_at,
    }
    await newest.keep(TillDayDocument, [row], name="day")
    return await load(day.store, day.day) or closing


async def load(store: str, day: date) -> Closing | None:
    """Read what the tills of a store say of a day; None where they have said nothing."""
    row = await TillDayDocument.get_pymongo_collection().find_one({"_id": _id_of(store, day)})
    return None if row is None else _closing_of(row)


def _id_of(store: str, day: date) -> UUID:
    return ids.key_of("till day", store, day.isoformat())


def _closing_of(row: Mapping[str, Any]) -> Closing:
    lines: Mapping[str, Sequence[Mapping[str, Any]]] = row["lines"]
    return Closing(
        Day(row["store"], date.fromisoformat(row["day"]), row["since"], row["until"]),
        row["updated_at"],
        {LineKind(what): [_line_of(LineKind(what), it) for it in them] for what, them in lines.items()},
        {LineKind(what): Sums(it["count"], it["by_currency"]) for what, it in row["sums"].items()},
    )


def _row_of(line: Line) -> Row:
    amount = line.amount
    return {"id": line.id, **({"minor": amount.minor, "currency": amount.currency} if amount else {})}


def _line_of(what: LineKind, row: Mapping[str, Any]) -> Line:
    return Line(what, row["id"], Money(row["minor"], row["currency"]) if "minor" in row else None)
