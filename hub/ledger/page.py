"""A posting that is being written: the wallets it has come to, and its entries so far."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.ledger import errors, lots, model
from hub.ledger.model import Draw, Entry, Hold, Kind, Lot, Purse, Terms, Wallet

OWED: Final = "owed"
"""The origin of what pays points that are owed."""


@dataclass(frozen=True, slots=True)
class Way:
    """Between the wallet of a currency and which account points go, what about, and by what."""

    currency: str
    account: str
    origin: str
    kind: Kind


@dataclass(slots=True)
class Page:
    """What a posting has made of a purse so far. It is written within one call, and read only when it is full."""

    purse: Purse
    posting: UUID
    now: datetime
    moved: dict[str, Wallet] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    def full(self) -> tuple[Mapping[str, Wallet], tuple[Entry, ...]]:
        """Give the wallets that were touched, as they are then, and all entries, once what is owed is paid.

        Raises:
            ValueError: the entries of a currency do not sum to zero.
        """
        for currency in list(self.moved):
            self.settle(currency)
        sums: defaultdict[str, int] = defaultdict(int)
        for entry in self.entries:
            sums[entry.currency] += entry.points
        if any(sums.values()):
            raise ValueError(f"Posting {self.posting} does not sum to zero: {dict(sums)}.")
        return self.moved, tuple(self.entries)

    def wallet(self, currency: str) -> Wallet:
        """Give a wallet as it is by now."""
        return self.moved.get(currency) or self.purse.wallet(currency)

    def take(self, currency: str, points: int, which: Callable[[Terms], bool]) -> tuple[Draw, ...]:
        """Take up to so many points out of lots. It writes no entry."""
        wallet = self.wallet(currency)
        draws, after = lots.taken(wallet.lots, points, which)
        self.moved[currency] = Wallet(after, wallet.owed, wallet.holds)
        return tuple(draws)

    def take_all(self, currency: str, points: int) -> tuple[Draw, ...]:
        """Take so many usable points. It writes no entry for them.

        Raises:
            InsufficientPoints: fewer can be spent.
            ValueError: not even one is asked for.
        """
        self.settle(currency)
        available = self.wallet(currency).available(self.now)
        if points > available:
            raise errors.InsufficientPoints(available=available, requested=points)
        return self.take(currency, positive(points), lambda terms: terms.usable(self.now))

    def put(self, way: Way, draws: Iterable[Draw]) -> None:
        """Put points into their lots, out of an account."""
        wallet = self.wallet(way.currency)
        done, after = lots.put(wallet.lots, draws)
        self.moved[way.currency] = Wallet(after, wallet.owed, wallet.holds)
        self._write(way, done, 1)

    def out(self, way: Way, draws: Iterable[Draw]) -> None:
        """Write that what was taken goes to an account."""
        self._write(way, draws, -1)

    def owe(self, way: Way, points: int) -> None:
        """Take points that are not there: they are owed."""
        self._owe(way.currency, points)
        self.line(replace(way, account=model.WALLET), -points)
        self.line(way, points)

    def hold(self, currency: str, *, add: Hold | None = None, drop: Hold | None = None) -> None:
        """Change which holds there are. It writes no entry."""
        wallet = self.wallet(currency)
        kept = tuple(it for it in wallet.holds if it != drop)
        self.moved[currency] = replace(wallet, holds=(*kept, add) if add else kept)

    def line(self, way: Way, points: int, terms: Terms | None = None) -> None:
        """Write one entry of the account of this way."""
        self.entries.append(Entry(way.currency, way.account, points, way.origin, way.kind, terms))

    def change(self, currency: str, lot: Lot, terms: Terms, kind: Kind) -> None:
        """Put all that is left of a lot under other terms."""
        if terms == lot.terms:
            return
        wallet = self.wallet(currency)
        after = tuple(replace(it, terms=terms) if it == lot else it for it in wallet.lots)
        self.moved[currency] = replace(wallet, lots=after)
        way = Way(currency, model.WALLET, terms.origin, kind)
        self.line(way, -lot.left, lot.terms)
        self.line(way, lot.left, terms)

    def settle(self, currency: str) -> None:
        """Let what is usable, or was until now, pay what is owed."""
        owed = self.wallet(currency).owed
        if not owed:
            return
        draws = self.take(currency, owed, lambda terms: terms.matured(self.now))
        way = Way(currency, model.WALLET, OWED, Kind.SETTLE)
        for draw in draws:
            self.line(way, -draw.points, draw.terms)
            self.line(way, draw.points)
            self._owe(currency, -draw.points)

    def _owe(self, currency: str, points: int) -> None:
        wallet = self.wallet(currency)
        self.moved[currency] = replace(wallet, owed=wallet.owed + points)

    def _write(self, way: Way, draws: Iterable[Draw], sign: int) -> None:
        moved = 0
        for draw in draws:
            moved += positive(draw.points)
            points = sign * draw.points
            self.entries.append(Entry(way.currency, model.WALLET, points, way.origin, way.kind, draw.terms))
        if moved:
            self.line(way, -sign * moved)


def in_ms(at: datetime) -> datetime:
    """Cut a time to milliseconds, as MongoDB keeps it."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def positive(points: int) -> int:
    """Refuse what moves nothing.

    Raises:
        ValueError: it is not even one point.
    """
    if points <= 0:
        raise ValueError(f"A move is of at least one point, not of {points}.")
    return points
