"""Closings in MongoDB: which months of a program take no posting any more. They are only ever added."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from hub.books.model import Month
from hub.database import Keyed
from hub.kit import ids
from hub.ledger.flows import Fixed


class ClosingDocument(Keyed):
    """The closing of a month. `_id` is made of the program and `number`, so that two never get the same one."""

    program: str
    number: int
    month: str
    until: datetime
    booked_by: datetime
    closed_at: datetime
    by: str

    class Settings:
        """Where closings lie and how they are found."""

        name = "closings"
        # `by` is a member of the staff or a key, as in the audit.
        personal = None
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("program", 1), ("number", 1)], name="program")]


@dataclass(frozen=True, slots=True)
class Closing:
    """A month that is closed.

    Attributes:
        number: counted from 1 in its program; the months follow one another.
        until: its end.
        booked_by: what was booked later does not count in it.
        by: who closed it.
    """

    program: str
    number: int
    month: Month
    until: datetime
    booked_by: datetime
    closed_at: datetime
    by: str

    @property
    def fixed(self) -> Fixed:
        """It in the words of the ledger."""
        return Fixed(self.until, self.booked_by)


async def load(program: str) -> list[Closing]:
    """Read the closings of a program, the oldest first."""
    found = ClosingDocument.find({"program": program}).sort("number")
    return [
        Closing(it.program, it.number, Month.of(it.month), it.until, it.booked_by, it.closed_at, it.by)
        async for it in found
    ]


async def insert(closing: Closing) -> bool:
    """Store a closing. False: somebody was faster with this number."""
    try:
        await ClosingDocument(
            id=ids.key_of("closing", closing.program, closing.number),
            program=closing.program,
            number=closing.number,
            month=str(closing.month),
            until=closing.until,
            booked_by=closing.booked_by,
            closed_at=closing.closed_at,
            by=closing.by,
        ).insert()
    except DuplicateKeyError:
        return False
    return True
