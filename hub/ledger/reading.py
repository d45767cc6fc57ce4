"""Reading: what owners have in their wallets, how it came about, and what they had at any past moment.

An owner may be several ids: those of a profile and of the profiles it absorbed.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from hub import database
from hub.database import OwnIds
from hub.kit.pages import Page, Span
from hub.ledger import flushing, model, scanning, store
from hub.ledger.model import Lot, Posting, Terms, Wallet
from hub.ledger.store import PostingDocument


@dataclass(frozen=True, slots=True)
class Held:
    """A wallet that somebody has, in a program."""

    program: str
    currency: str
    wallet: Wallet


Whose: TypeAlias = tuple[OwnIds, str, str]
"""Owner, program and currency."""


async def wallets(owners: Collection[OwnIds]) -> dict[OwnIds, list[Held]]:
    """Read all wallets of each of these owners, by program and currency, in one command."""
    by_id = await scanning.standing([it for own in owners for it in own])
    found: dict[OwnIds, list[Held]] = {}
    for own in owners:
        several: defaultdict[tuple[str, str], list[Wallet]] = defaultdict(list)
        for purse in (purse for it in own for purse in by_id.get(it, ())):
            for currency, wallet in purse.wallets.items():
                several[purse.program, currency].append(wallet)
        found[own] = [Held(*place, _joined(several[place])) for place in sorted(several)]
    return found


@dataclass(frozen=True, slots=True)
class Statement:
    """The postings that moved one currency of a program. Called with owners, it reads a page of each."""

    program: str
    currency: str

    async def __call__(self, owners: Collection[OwnIds], wanted: Span) -> dict[OwnIds, Page[Posting]]:
        """Read the same page of each of these owners, in one command, what happened last first."""
        await flushing.flush({it for own in owners for it in own})
        where = {"program": self.program, f"balances.{self.currency}": {"$exists": True}}
        found = await database.pages(PostingDocument, owners, wanted, of="owner", by="at", where=where)
        return {own: page.each(store.posting_of) for own, page in found.items()}


@dataclass(frozen=True, slots=True)
class Moment:
    """A past moment. Called with owners and currencies, it tells what each had then, as it is known now.

    What was held is left out: it is no part of a balance.
    """

    at: datetime

    async def __call__(self, whose: Collection[Whose]) -> dict[Whose, Wallet]:
        """Compute each wallet from all postings that held by then, in one command."""
        owners = {it for own, _, _ in whose for it in own}
        await flushing.flush(owners)
        sums: defaultdict[tuple[UUID, str, str], _Sum] = defaultdict(_Sum)
        async for posting in scanning.until(owners, {program for _, program, _ in whose}, self.at):
            for entry in posting.entries:
                sums[posting.owner, posting.program, entry.currency].add(entry)
        return {
            (own, program, currency): _joined([sums[it, program, currency].wallet() for it in own])
            for own, program, currency in whose
        }


class _Sum:
    """What entries of one wallet add up to."""

    def __init__(self) -> None:
        self._lots: Counter[Terms] = Counter()
        self._owed = 0

    def add(self, entry: model.Entry) -> None:
        if entry.account != model.WALLET:
            return
        if entry.terms is None:
            self._owed -= entry.points
        else:
            self._lots[entry.terms] += entry.points

    def wallet(self) -> Wallet:
        return Wallet(tuple(Lot(terms, left) for terms, left in self._lots.items() if left), self._owed)


def moved(posting: Posting, currency: str) -> int:
    """Tell by how many points a posting changed the balance of a currency."""
    return sum(it.points for it in posting.entries if (it.account, it.currency) == (model.WALLET, currency))


def _joined(several: Iterable[Wallet]) -> Wallet:
    """Give what somebody has in several purses, of whom one has not gone over into the other yet."""
    lots: list[Lot] = []
    holds: list[model.Hold] = []
    owed = 0
    for wallet in several:
        lots += wallet.lots
        holds += wallet.holds
        owed += wallet.owed
    return Wallet(tuple(lots), owed, tuple(holds))
