"""The words of the books: months, what points will cost, and how they came and went."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from hub.kit.errors import HubError
from hub.kit.local_time import instant
from hub.kit.money import Money
from hub.ledger.outstanding import Outstanding

_WRITTEN: Final = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_FIRST_YEAR: Final = 2000
_MONTHS: Final = 12


class BadMonth(HubError):
    """This is no month."""

    code = "BAD_USER_INPUT"

    def __init__(self) -> None:
        super().__init__("A month is written as 2026-11, and is of the year 2000 or later.")


class InFuture(HubError):
    """Nobody knows yet what there will be then."""

    code = "BAD_USER_INPUT"

    def __init__(self, at: datetime) -> None:
        super().__init__("This moment lies in the future.")
        self.at = at


class NotActive(HubError):
    """No program of this name was active then."""

    code = "NOT_FOUND"

    def __init__(self, program: str) -> None:
        super().__init__("No program of this name is active, or was at that time.")
        self.program = program


class MonthNotOver(HubError):
    """A month is closed when it is over, and nothing of it is on its way any more."""

    code = "MONTH_NOT_OVER"

    def __init__(self, month: "Month", closable_at: datetime) -> None:
        super().__init__(f"The month {month} can be closed from {closable_at.isoformat()} on.")
        self.closable_at = closable_at


class OutOfTurn(HubError):
    """Months are closed one after another."""

    code = "MONTH_OUT_OF_TURN"

    def __init__(self, month: "Month", turn: "Month") -> None:
        super().__init__(f"Months are closed one after another: it is the turn of {turn}, not of {month}.")
        self.turn = turn


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of the calendar."""

    year: int
    month: int

    @classmethod
    def of(cls, written: str) -> Self:
        """Read a month such as `2026-11`.

        Raises:
            BadMonth: it is none.
        """
        found = _WRITTEN.fullmatch(written)
        if found is None or not _FIRST_YEAR <= int(found[1]) < date.max.year:
            raise BadMonth
        return cls(int(found[1]), int(found[2]))

    @property
    def next(self) -> "Month":
        """The month after it."""
        return Month(self.year + self.month // _MONTHS, self.month % _MONTHS + 1)

    def begins(self, zone: ZoneInfo) -> datetime:
        """Give its first moment."""
        return instant(date(self.year, self.month, 1), 0, zone)

    def __str__(self) -> str:
        """Write it as it is read."""
        return f"{self.year:04}-{self.month:02}"


@dataclass(frozen=True, slots=True)
class Liability:
    """What the points of one wallet will cost.

    Attributes:
        wallet: its name.
        points: what all members have of it together.
        breakage: how many per cent are never spent, as the program says, as text; None where it says no cost.
        full: what they cost if all are spent.
        expected: what they cost less the breakage.
    """

    wallet: str
    points: Outstanding
    breakage: str | None = None
    full: Money | None = None
    expected: Money | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """How the points of a wallet came and went in a month, for one brand.

    Always `opening + earned - taken_back - spent - expired + adjusted + exchanged + moved = closing`.

    Attributes:
        wallet: its name.
        brand: of the postings; of those that name none, the program's.
        opening, closing: in lots and holds, less what is owed.
        taken_back: after returns, for example.
        spent: less what was given back.
        expired: less what was reinstated.
        adjusted: given by hand, less what was taken.
        exchanged: out of other wallets, less into them.
        moved: from other members, less to them: zero over all brands.
    """

    wallet: str
    brand: str
    opening: int = 0
    earned: int = 0
    taken_back: int = 0
    spent: int = 0
    expired: int = 0
    adjusted: int = 0
    exchanged: int = 0
    moved: int = 0
    closing: int = 0


@dataclass(frozen=True, slots=True)
class RollForward:
    """How the points of a program came and went in a month.

    Attributes:
        since, until: the month in the program's zone, up to and without `until`.
        closed_at: since when it stays as it is.
        lines: by wallet and brand.
    """

    program: str
    month: Month
    since: datetime
    until: datetime
    closed_at: datetime | None
    lines: tuple[Line, ...]
