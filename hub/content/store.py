"""Contents in MongoDB, and what each visitor has seen of them: one document for each visitor and content."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, TypeAlias
from uuid import UUID

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from hub import definitions, seal
from hub.content.model import MOST_SHOWN, Seen, What
from hub.database import Keyed, Row
from hub.definitions import DefinitionDocument, Definitions, Version
from hub.kit import ids
from hub.seal import Personal

KEPT: Final = timedelta(days=400)
"""How long it is kept what somebody has seen of whom nobody knows who they are, after they were here last."""


class ContentDocument(DefinitionDocument):
    """A published version of a content."""

    class Settings:
        """Where contents lie and how they are found."""

        name = "content_versions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [*definitions.INDEXES]


class ViewDocument(Keyed):
    """What one visitor has seen of one content.

    `visitor` is the profile of a customer, which is then `profile_id` too, or the name of somebody whom nobody knows.
    `reports` names the last reports that are counted in it, so that one that comes again is not counted again.
    """

    visitor: UUID
    profile_id: UUID | None
    content: str
    times: int
    shown_at: list[datetime]
    did: list[What]
    reports: list[UUID]
    over_at: datetime | None

    class Settings:
        """Where it lies, and how a visitor's are found. Those of unknown visitors are swept away by MongoDB."""

        name = "content_views"
        personal = Personal("profile_id", ("content",))
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("visitor", 1)], name="visitor"),
            IndexModel([("profile_id", 1)], name="profile"),
            IndexModel([("over_at", 1)], name="over", expireAfterSeconds=0),
        ]


DEFINITIONS: Final = Definitions(ContentDocument, "content")

Mark: TypeAlias = tuple[int, UUID] | None
"""The last publication: its edition and key. None where nothing was published."""


async def mark() -> Mark:
    """Tell what was published last."""
    row = await ContentDocument.get_pymongo_collection().find_one({}, {"edition": 1, "key": 1}, sort=[("edition", -1)])
    return (row["edition"], row["key"]) if row else None


async def was_published(version: Version) -> bool:
    """Tell whether there ever was this version."""
    found = await ContentDocument.get_pymongo_collection().find_one({"_id": version.id, "deleted": False}, {"_id": 1})
    return found is not None


async def seen_by(visitors: Collection[UUID]) -> dict[str, Seen]:
    """Tell what a visitor has seen of each content, by its name: a customer, and those who were merged into them."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    async for row in ViewDocument.get_pymongo_collection().find({"visitor": {"$in": list(visitors)}}):
        rows[seal.opened(ViewDocument, row)["content"]].append(row)
    return {content: _seen(found) for content, found in rows.items()}


async def note(content: str, visitor: UUID, what: What, *, report: UUID, known: bool, now: datetime) -> None:
    """Count a report once, in one guarded update.

    Args:
        content: of which content.
        visitor: who has seen it.
        what: what they did.
        report: its key. One that is among the last that were counted changes nothing.
        known: whether the visitor is a customer.
        now: the time.
    """
    made: Row = seal.shut(ViewDocument, {"content": content})
    made |= {"visitor": visitor, "profile_id": visitor if known else None}
    changes: Row = {"$push": {"reports": {"$each": [report], "$slice": -MOST_SHOWN}}}
    if what is What.SHOWN:
        changes["$push"]["shown_at"] = {"$each": [now], "$slice": -MOST_SHOWN}
        changes["$inc"] = {"times": 1}
        made["did"] = []
    else:
        changes["$addToSet"] = {"did": what.value}
        made |= {"times": 0, "shown_at": []}
    changes["$set"] = {"over_at": None if known else now + KEPT}
    key = ids.key_of("content view", visitor, content)
    wanted = {"_id": key, "reports": {"$ne": report}}
    try:
        await ViewDocument.get_pymongo_collection().update_one(wanted, {**changes, "$setOnInsert": made}, upsert=True)
    except DuplicateKeyError:
        # It is there: with this report in it, or made by another one at the same time.
        await ViewDocument.get_pymongo_collection().update_one(wanted, changes)


def _seen(rows: Collection[Mapping[str, Any]]) -> Seen:
    return Seen(
        count=sum(row["times"] for row in rows),
        shown_at=tuple(sorted(at for row in rows for at in row["shown_at"])),
        did=frozenset(What(it) for row in rows for it in row["did"]),
    )
