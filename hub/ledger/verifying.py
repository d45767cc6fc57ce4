"""Verify: everything is computed again from the postings, and every difference is told with its place.

Purses and postings are read side by side in one order, so that memory stays flat however many there are. A purse that
seems wrong is looked at once more by itself, for others may post meanwhile.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeAlias, TypeVar
from uuid import UUID

from hub.ledger import model, scanning
from hub.ledger.model import Entry, Posting, Purse, Terms, Wallet

LOOKS: Final = 20
"""How often a purse that seems wrong is looked at until nobody has changed it meanwhile."""

_Place: TypeAlias = tuple[bytes, str]
_T = TypeVar("_T", bound=Purse | Posting)


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """Something that does not agree.

    Attributes:
        program, owner: in whose purse.
        what: such as `lots of points`, or the id of a posting.
        kept: what is written there.
        computed: what the entries say.
    """

    program: str
    owner: UUID
    what: str
    kept: str
    computed: str


@dataclass(slots=True)
class Verified:
    """What was looked at, and what does not agree."""

    purses: int = 0
    postings: int = 0
    entries: int = 0
    differences: list[Difference] = field(default_factory=list)


@dataclass(slots=True)
class _Sums:
    """What the postings of one purse add up to."""

    count: int = 0
    numbers: int = 0
    entries: int = 0
    lots: Counter[tuple[str, Terms]] = field(default_factory=Counter)
    owed: Counter[str] = field(default_factory=Counter)
    held: Counter[tuple[str, str]] = field(default_factory=Counter)
    balances: dict[str, tuple[int, int]] = field(default_factory=dict)
    unbalanced: list[tuple[UUID, str, int]] = field(default_factory=list)

    def add(self, posting: Posting) -> None:
        self.count += 1
        self.numbers += posting.number
        self.entries += len(posting.entries)
        totals: Counter[str] = Counter()
        for entry in posting.entries:
            totals[entry.currency] += entry.points
            self._enter(entry)
        self.unbalanced += [(posting.id, currency, points) for currency, points in totals.items() if points]
        for currency, balance in posting.balances.items():
            self.balances[currency] = max(self.balances.get(currency, (0, 0)), (posting.number, balance))

    def _enter(self, entry: Entry) -> None:
        if entry.account == model.HELD:
            self.held[entry.currency, entry.origin] += entry.points
        elif entry.account == model.WALLET and entry.terms is None:
            self.owed[entry.currency] -= entry.points
        elif entry.account == model.WALLET and entry.terms is not None:
            self.lots[entry.currency, entry.terms] += entry.points


async def verify() -> Verified:
    """Compute everything again."""
    verified = Verified()
    async for purse, found in _side_by_side():
        sums = _Sums()
        left = {posting.id: posting for posting in purse.outbox}
        async for posting in found:
            left.pop(posting.id, None)
            sums.add(posting)
        for posting in left.values():
            sums.add(posting)
        verified.purses += purse.rev > 0
        verified.postings += sums.count
        verified.entries += sums.entries
        if list(_differences(purse, sums)):
            verified.differences += await _looked_again(purse)
    return verified


async def _looked_again(purse: Purse) -> list[Difference]:
    """Look at one purse by itself, at a moment in which nobody changes it."""
    for _ in range(LOOKS):
        before = await scanning.read_one(purse.program, purse.owner)
        sums = _Sums()
        copied = set()
        async for posting in scanning.postings_of(purse.program, purse.owner):
            copied.add(posting.id)
            sums.add(posting)
        if (await scanning.read_one(purse.program, purse.owner)).rev == before.rev:
            break
    for posting in before.outbox:
        if posting.id not in copied:
            sums.add(posting)
    return sorted(_differences(before, sums))


def _differences(purse: Purse, sums: _Sums) -> Iterator[Difference]:
    def differ(what: str, kept: object, computed: object) -> Iterator[Difference]:
        if kept != computed:
            yield Difference(purse.program, purse.owner, what, str(kept), str(computed))

    for posting, currency, points in sums.unbalanced:
        yield from differ(f"posting {posting} in {currency}", 0, points)
    yield from differ("postings", purse.numbered, sums.count)
    yield from differ("numbers of postings", purse.numbered * (purse.numbered + 1) // 2, sums.numbers)
    currencies = {*purse.wallets, *sums.owed, *(currency for currency, _ in (*sums.lots, *sums.held))}
    for currency in sorted(currencies):
        wallet = purse.wallet(currency)
        yield from differ(f"lots of {currency}", _lots(wallet), _open(sums.lots, currency))
        yield from differ(f"{currency} owed", wallet.owed, sums.owed[currency])
        yield from differ(f"{currency} held", _holds(wallet), _holding(sums.held, currency))
        yield from differ(f"balance of {currency}", wallet.balance, sums.balances.get(currency, (0, 0))[1])
        yield from differ(f"{currency} below zero", 0, _below_zero(wallet))


def _lots(wallet: Wallet) -> list[str]:
    return sorted(_lot(lot.terms, lot.left) for lot in wallet.lots)


def _open(lots: Counter[tuple[str, Terms]], wanted: str) -> list[str]:
    return sorted(_lot(terms, left) for (currency, terms), left in lots.items() if currency == wanted and left)


def _lot(terms: Terms, left: int) -> str:
    times = (it.isoformat() if it else "-" for it in (terms.earned_at, terms.usable_at, terms.expires_at))
    return f"{left} of {terms.lot} {terms.origin} {' '.join(times)}"


def _holds(wallet: Wallet) -> dict[str, int]:
    held: Counter[str] = Counter()
    for hold in wallet.holds:
        held[hold.origin] += hold.points
    return dict(sorted(held.items()))


def _holding(held: Counter[tuple[str, str]], wanted: str) -> dict[str, int]:
    return dict(sorted((origin, it) for (currency, origin), it in held.items() if currency == wanted and it))


def _below_zero(wallet: Wallet) -> int:
    points: Iterable[int] = (*(lot.left for lot in wallet.lots), *(hold.points for hold in wallet.holds), wallet.owed)
    return sum(it for it in points if it < 0)


class _Ahead(Generic[_T]):
    """A stream of which the next one is known."""

    def __init__(self, stream: AsyncIterator[_T]) -> None:
        self._stream = stream
        self.next: _T | None = None

    async def step(self) -> None:
        self.next = await anext(self._stream, None)

    async def at(self, place: _Place) -> AsyncIterator[_T]:
        """Give those that are at this place."""
        while self.next is not None and _place(self.next) == place:
            yield self.next
            await self.step()


async def _side_by_side() -> AsyncIterator[tuple[Purse, AsyncIterator[Posting]]]:
    """Give each purse with its copied postings, which have to be read. Those without a purse come with an empty one."""
    purses, postings = _Ahead(scanning.every_purse()), _Ahead(scanning.every_posting())
    await purses.step()
    await postings.step()
    while (first := _first(purses.next, postings.next)) is not None:
        place = _place(first)
        purse = first if isinstance(first, Purse) else Purse(first.program, first.owner)
        yield purse, postings.at(place)
        if first is purses.next:
            await purses.step()


def _first(purse: Purse | None, posting: Posting | None) -> Purse | Posting | None:
    if purse is None or posting is None:
        return purse or posting
    return purse if _place(purse) <= _place(posting) else posting


def _place(it: Purse | Posting) -> _Place:
    """Tell where it stands in the order in which MongoDB reads both."""
    return it.owner.bytes, it.program
