"""The words of the ledger: lots, holds, wallets, the purse that holds them, and postings with their entries.

Points are whole numbers. A purse is all that one owner has in one program; each currency in it is a wallet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, TypeAlias
from uuid import UUID

from hub.kit import ids

WALLET: Final = "wallet"
"""The account of an entry that moves the owner's own points. The sum of these entries is the balance."""
ISSUED: Final = "issued"
SPENT: Final = "spent"
HELD: Final = "held"
REVERSED: Final = "reversed"
EXPIRED: Final = "expired"
ADJUSTED: Final = "adjusted"
EXCHANGED: Final = "exchanged"
TRANSFERRED: Final = "transferred"


_UNIONS: Final = ("union/", "division/")


class Kind(StrEnum):
    """What an entry came about by."""

    EARN = "earn"
    SPEND = "spend"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    TAKE_BACK = "take_back"
    RESTORE = "restore"
    EXPIRE = "expire"
    EXTEND = "extend"
    REINSTATE = "reinstate"
    ACTIVATE = "activate"
    ADJUST = "adjust"
    EXCHANGE = "exchange"
    TRANSFER = "transfer"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True)
class Terms:
    """What is true of every point of a lot: whence it comes, and from when until when it can be spent.

    Attributes:
        lot: the lot's id. It stays the same in whatever purse its points come to lie.
        origin: what the points were earned by, such as `order/SOURCE/ID`.
        earned_at: when.
        usable_at: pending until then. None: until somebody says so.
        expires_at: worth nothing from then on. None: never.
    """

    lot: UUID
    origin: str
    earned_at: datetime
    usable_at: datetime | None
    expires_at: datetime | None

    def usable(self, now: datetime) -> bool:
        """Whether its points can be spent at a time."""
        return self.matured(now) and not self.over(now)

    def matured(self, now: datetime) -> bool:
        """Whether it is pending no longer."""
        return self.usable_at is not None and self.usable_at <= now

    def over(self, now: datetime) -> bool:
        """Whether it has expired."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Lot:
    """Points with one origin and one expiry, of which some are left."""

    terms: Terms
    left: int


@dataclass(frozen=True, slots=True)
class Draw:
    """Points that were taken from a lot, with all that is needed to put them back."""

    terms: Terms
    points: int


@dataclass(frozen=True, slots=True)
class Hold:
    """Points that are locked until they are captured or released.

    `origin` is what they are held for. At `until` they may be released by anybody, and be captured no more.
    """

    id: UUID
    origin: str
    until: datetime
    draws: tuple[Draw, ...]

    @property
    def points(self) -> int:
        """How many."""
        return sum(draw.points for draw in self.draws)


@dataclass(frozen=True, slots=True)
class Wallet:
    """What an owner has of one currency.

    `owed` are points that were taken back when they were spent already, where a program lets a balance be negative.
    Points that are usable pay them at the next posting.
    """

    lots: tuple[Lot, ...] = ()
    owed: int = 0
    holds: tuple[Hold, ...] = ()

    @property
    def balance(self) -> int:
        """All that is in lots, pending or not, less what is owed. What is held is not in it."""
        return sum(lot.left for lot in self.lots) - self.owed

    @property
    def held(self) -> int:
        """What is locked in holds."""
        return sum(hold.points for hold in self.holds)

    def available(self, now: datetime) -> int:
        """Tell what can be spent at a time. Never negative."""
        return max(0, sum(lot.left for lot in self.lots if lot.terms.usable(now)) - self.owed)

    def pending(self, now: datetime) -> int:
        """Tell what will be usable later than at a time, if nothing happens."""
        return sum(lot.left for lot in self.lots if not lot.terms.matured(now) and not lot.terms.over(now))

    def hold(self, hold_id: UUID) -> Hold | None:
        """Look up a hold."""
        return next((it for it in self.holds if it.id == hold_id), None)


EMPTY: Final = Wallet()


@dataclass(frozen=True, slots=True)
class About:
    """What a posting was for. No personal data; `detail` is small.

    Attributes:
        cause: what it follows from, such as an event's or an order's id.
        reason: a code, where a person or a rule gave one.
        channel, store, brand: where it came about.
        by: which caller or member of staff did it.
        detail: what is needed to compute it again, such as the program's version and the facts used.
    """

    cause: str
    reason: str | None = None
    channel: str | None = None
    store: str | None = None
    brand: str | None = None
    by: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a posting: so many points more, or fewer, in an account.

    Attributes:
        currency: of which.
        account: `wallet`, or where the points come from or go to: `issued`, `spent`, `held` and so on.
        points: signed.
        origin: what the movement is about: an earning and its reversal have the same one.
        kind: by what it came about.
        terms: in the account `wallet`, the lot that was changed, as it is then. None there: points that are owed.
    """

    currency: str
    account: str
    points: int
    origin: str
    kind: Kind
    terms: Terms | None = None


@dataclass(frozen=True, slots=True)
class Born:
    """A row that comes to be with a posting, such as a voucher: it is there if and only if the posting is.

    It is inserted into its collection when the posting is copied out, and from then on changed only there. `row` has
    its `_id`, and its personal fields are sealed.
    """

    collection: str
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Posting:
    """A keyed movement, with its entries. Per currency they sum to zero.

    Attributes:
        id: made of the program and the natural key.
        owner: whose purse it changed.
        number: which posting of that purse it is, counted from 1 without a gap.
        digest: of what was asked for under the key.
        at: when it holds.
        booked_at: when it was written.
        balances: of the currencies it moved, after it.
        stored: its row as it lies in the outbox it was read from, which is copied as it is.
    """

    id: UUID
    program: str
    owner: UUID
    number: int
    digest: str
    at: datetime
    booked_at: datetime
    about: About
    entries: tuple[Entry, ...]
    balances: Mapping[str, int]
    born: tuple[Born, ...] = ()
    stored: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)

    @property
    def origins(self) -> frozenset[str]:
        """What its entries are about."""
        return frozenset(entry.origin for entry in self.entries)

    @property
    def is_union(self) -> bool:
        """Whether it hands points over because two owners have become one, or two again."""
        return any(entry.account == TRANSFERRED and entry.origin.startswith(_UNIONS) for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Purse:
    """All that one owner, a profile or an account, has in one program. One document, changed only as a whole.

    Attributes:
        program, owner: whose.
        rev: rises with every change; 0 where it is not stored.
        wallets: by currency.
        numbered: how many postings it has had.
        outbox: postings that may not be copied out yet, oldest first.
        moved_to: the owner whose purse has taken all of it.
    """

    program: str
    owner: UUID
    rev: int = 0
    wallets: Mapping[str, Wallet] = field(default_factory=dict)
    numbered: int = 0
    outbox: tuple[Posting, ...] = ()
    moved_to: UUID | None = None

    @property
    def id(self) -> UUID:
        """By which it is stored."""
        return purse_id(self.program, self.owner)

    @property
    def due(self) -> datetime | None:
        """When the next of its points expire. None: none ever will."""
        return min(
            (lot.terms.expires_at for wallet in self.wallets.values() for lot in wallet.lots if lot.terms.expires_at),
            default=None,
        )

    def wallet(self, currency: str) -> Wallet:
        """Give one of its wallets; an empty one where nothing of that currency was ever in it."""
        return self.wallets.get(currency, EMPTY)

    def with_posting(self, posting: Posting, wallets: Mapping[str, Wallet]) -> "Purse":
        """Give it as it is after a posting."""
        return replace(
            self,
            wallets={**self.wallets, **wallets},
            numbered=posting.number,
            outbox=(*self.outbox, posting),
        )


Past: TypeAlias = Sequence[Posting]
"""Postings in the order in which they were booked."""


# Each is asked for several times while a posting is made, and a hash costs more than to remember some.
@lru_cache(maxsize=10_000)
def purse_id(program: str, owner: UUID) -> UUID:
    """Make the id of a purse."""
    return ids.key_of("purse", program, owner)


@lru_cache(maxsize=10_000)
def posting_id(program: str, key: str) -> UUID:
    """Make the id of a posting. It is not of the purse: a retry after a merge meets what was posted before it."""
    return ids.key_of("posting", program, key)


def lot_id(posting: UUID, move: int = 0) -> UUID:
    """Make the id of the lot that a posting's move (counted from 0) makes."""
    return ids.key_of("lot", posting, move)


def union_origin(other: UUID) -> str:
    """Make the origin of what somebody brings to the one who absorbs them."""
    return f"union/{other}"


def division_origin(other: UUID) -> str:
    """Make the origin of what somebody gets back from the one who had absorbed them."""
    return f"division/{other}"


def hold_id(posting: UUID, move: int = 0) -> UUID:
    """Make the id of the hold that a posting's move (counted from 0) makes."""
    return ids.key_of("hold", posting, move)
