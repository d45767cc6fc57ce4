"""Clashes: two known people whom one name points to. Nobody is merged by that; a person decides.

A shared computer, a family's address and a stranger who names somebody else's user id look the same from here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from pymongo import IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from hub import database, seal
from hub.database import Keyed, Row, insert_once
from hub.kit import ids
from hub.kit.pages import Page, Span
from hub.profiles.model import Identifier, IdentifierKind
from hub.seal import Personal


class ClashState(StrEnum):
    """What became of a clash: nobody has decided, it is nothing, or both are one."""

    OPEN = "open"
    DISMISSED = "dismissed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Clash:
    """A name of one known person that came with those of another.

    Attributes:
        holder: whose the identifier is, as far as the hub believes.
        claimant: the profile of the event that carried it, too.
        identifier: the name.
        source: who sent that event.
        at: when it was accepted.
        state: what became of it.
    """

    holder: UUID
    claimant: UUID
    identifier: Identifier
    source: str
    at: datetime
    state: ClashState = ClashState.OPEN

    @property
    def id(self) -> UUID:
        """The key: the pair and the name, so that what was decided once is not asked again."""
        return ids.key_of("clash", *sorted([self.holder, self.claimant]), self.identifier.id)


class ClashDocument(Keyed):
    """A clash at rest. `profiles` are holder and claimant: with either of them it is erased."""

    profiles: list[UUID]
    kind: IdentifierKind
    value: str
    source: str
    at: datetime
    state: ClashState

    class Settings:
        """Where clashes lie and how they are found."""

        name = "clashes"
        personal = Personal("profiles", ("value",))
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("state", 1), ("at", -1), ("_id", -1)], name="state"),
            IndexModel([("profiles", 1)], name="profiles"),
        ]


async def record(clashes: Sequence[Clash]) -> None:
    """List clashes, each once. What was decided before stays decided."""
    rows = {clash.id: _row_of(clash) for clash in clashes}
    await insert_once(ClashDocument, list(rows.values()))


async def page(wanted: Span, *, state: ClashState) -> Page[Clash]:
    """Read a page of the clashes of one state, the newest first."""
    rows = await database.page(ClashDocument, wanted, by="at", where={"state": state.value})
    return rows.each(_clash_of)


async def load(clash_ids: Collection[UUID]) -> dict[UUID, Clash]:
    """Read clashes by their keys. Those that do not exist are left out."""
    found = ClashDocument.get_pymongo_collection().find({"_id": {"$in": list(clash_ids)}})
    return {row["_id"]: _clash_of(row) async for row in found}


async def dismiss(clash_id: UUID) -> bool:
    """Note that a clash is nothing. False means that it was not open."""
    written = await ClashDocument.get_pymongo_collection().update_one(
        {"_id": clash_id, "state": ClashState.OPEN}, {"$set": {"state": ClashState.DISMISSED}}
    )
    return written.matched_count == 1


async def resolve(ours: Collection[UUID], theirs: Collection[UUID], *, session: AsyncClientSession) -> None:
    """Note that the profiles on both sides are one: what was open between them is decided."""
    between: Row = {"$and": [{"profiles": {"$in": list(side)}} for side in (ours, theirs)]}
    await ClashDocument.get_pymongo_collection().update_many(
        {"state": ClashState.OPEN, **between}, {"$set": {"state": ClashState.MERGED}}, session=session
    )


def _row_of(clash: Clash) -> Row:
    row: dict[str, Any] = {
        "_id": clash.id,
        "profiles": [clash.holder, clash.claimant],
        "kind": clash.identifier.kind,
        "value": clash.identifier.value,
        "source": clash.source,
        "at": clash.at,
        "state": clash.state,
    }
    return seal.shut(ClashDocument, row)


def _clash_of(sealed: Row) -> Clash:
    row = seal.opened(ClashDocument, sealed)
    holder, claimant = row["profiles"]
    return Clash(
        holder=holder,
        claimant=claimant,
        identifier=Identifier(IdentifierKind(row["kind"]), row["value"]),
        source=row["source"],
        at=row["at"],
        state=ClashState(row["state"]),
    )
