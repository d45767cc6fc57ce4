"""Handing over: what becomes of two purses when points go from one to the other. Each side sums to zero by itself."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from hub.ledger import ledger, model
from hub.ledger.model import Draw, Entry, Hold, Kind, Posting, Purse, Wallet
from hub.ledger.moves import Exchange
from hub.ledger.page import Page, Way, in_ms

Side: TypeAlias = tuple[Mapping[str, Wallet], tuple[Entry, ...]]
"""The wallets of one purse that were touched, as they are then, and the entries of its posting."""

_ALL: Final = 1 << 62


class Both:
    """Two purses, and the postings by which points go from the giver's to the taker's."""

    def __init__(self, giver: Purse, taker: Purse, *, out: UUID, into: UUID, now: datetime) -> None:
        self._giver = Page(giver, out, in_ms(now))
        self._taker = Page(taker, into, in_ms(now))

    def hand_over(self, currency: str, points: int, origin: str) -> None:
        """Let usable points go over, in their lots.

        Raises:
            InsufficientPoints: the giver can spend fewer.
        """
        self._pass(currency, self._giver.take_all(currency, points), origin)

    def exchange(self, exchange: Exchange) -> None:
        """Let usable points become points of a currency in the taker's purse.

        Raises:
            InsufficientPoints: the giver can spend fewer.
            WorthNothing: they are too few.
        """
        ledger.give(self._giver, exchange)
        ledger.get(self._taker, exchange)

    def hand_over_all(self, origin: str) -> None:
        """Let everything go over: lots, holds and what is owed."""
        for currency, wallet in self._giver.purse.wallets.items():
            self._pass(currency, self._giver.take(currency, _ALL, lambda _: True), origin)
            self._pass_debt(currency, wallet.owed, origin)
            for hold in wallet.holds:
                self._pass_hold(currency, hold, origin)

    def hand_back(self, before: Posting, origin: str) -> None:
        """Let go back what came by a posting, as far as it is still there."""
        for currency in {entry.currency for entry in before.entries}:
            came = [it for it in before.entries if _came(it, currency)]
            for entry in came:
                if entry.terms is not None:
                    is_this = _is(entry.terms.lot)
                    self._pass(currency, self._giver.take(currency, entry.points, is_this), origin)
            owed = -sum(it.points for it in came if it.terms is None)
            self._pass_debt(currency, min(owed, self._giver.wallet(currency).owed), origin)
            held = {it.origin for it in before.entries if (it.currency, it.account) == (currency, model.HELD)}
            for hold in self._giver.wallet(currency).holds:
                if hold.origin in held:
                    self._pass_hold(currency, hold, origin)

    def sides(self) -> tuple[Side, Side]:
        """Give what both are then, the giver's first."""
        return self._giver.full(), self._taker.full()

    def _pass(self, currency: str, draws: Iterable[Draw], origin: str) -> None:
        way, moved = Way(currency, model.TRANSFERRED, origin, Kind.TRANSFER), tuple(draws)
        self._giver.out(way, moved)
        self._taker.put(way, moved)

    def _pass_debt(self, currency: str, points: int, origin: str) -> None:
        if points:
            way = Way(currency, model.TRANSFERRED, origin, Kind.TRANSFER)
            self._giver.owe(way, -points)
            self._taker.owe(way, points)

    def _pass_hold(self, currency: str, hold: Hold, origin: str) -> None:
        way = Way(currency, model.TRANSFERRED, origin, Kind.TRANSFER)
        held = replace(way, account=model.HELD, origin=hold.origin)
        self._giver.hold(currency, drop=hold)
        self._giver.line(held, -hold.points)
        self._giver.line(way, hold.points)
        self._taker.hold(currency, add=hold)
        self._taker.line(held, hold.points)
        self._taker.line(way, -hold.points)


def _came(entry: Entry, currency: str) -> bool:
    return (entry.currency, entry.account, entry.kind) == (currency, model.WALLET, Kind.TRANSFER)


def _is(lot: UUID) -> Callable[[model.Terms], bool]:
    return lambda terms: terms.lot == lot
