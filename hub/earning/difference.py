"""What is to be moved for an order: what it earns now, less what it has got so far by the ledger.

There is no document of an award: the ledger is the memory. The first posting of an order keeps the version of the
program and the facts of then, and every later one goes by them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from hub.commerce.model import Order
from hub.earning import rules
from hub.earning.asking import Questions
from hub.earning.model import Award, Facts
from hub.ledger import ledger, model
from hub.ledger.model import Past, Purse
from hub.ledger.moves import Earn, Move, Reach, TakeBack
from hub.programs.expiry import expires_at
from hub.programs.model import Wallet

FACTS: Final = "facts"
VERSION: Final = "version"
REV: Final = "rev"
ROOMS: Final = "rooms"


@dataclass(frozen=True, slots=True)
class Difference:
    """Decides what a posting for an order moves; see `ledger.Request.decide`.

    Attributes:
        questions: the program's, in the version that was active when the order was completed.
        order: all that is known of it.
        rev: in which revision it was read.
        facts: what is true of the member now; they count if it has earned nothing yet.
        rooms: how many points each capped rule may give. None: as the last posting says.
        owners: whose postings count. None: everybody's, for nobody else has had the order.
        is_theirs: whether it is the owner's still.
    """

    questions: Questions
    order: Order
    rev: int
    facts: Facts
    rooms: Mapping[str, int] | None = field(default_factory=dict)
    owners: Collection[UUID] | None = None
    is_theirs: bool = True

    def __call__(self, purse: Purse, past: Past) -> Sequence[Move]:
        """Give the moves from what the order has got to what it should have."""
        del purse
        mine = [it for it in past if FACTS in it.about.detail and (self.owners is None or it.owner in self.owners)]
        if any(it.about.detail[REV] > self.rev for it in mine):
            return ()  # somebody knew more of the order
        wanted = self.award_by(mine).points if self.is_theirs else {}
        origin = origin_of(self.order)
        moves: list[Move] = []
        for wallet in self.questions.program.wallets.values():
            points = wanted.get(wallet.name, 0) - got(mine, wallet.name, origin)
            if points > 0:
                moves.append(self._earn(wallet, points, origin))
            elif points < 0:
                moves.append(TakeBack(wallet.name, -points, origin, Reach(wallet.negative)))
        return moves

    def award_by(self, mine: Past) -> Award:
        """Tell what the order earns by the facts that its first posting has kept, or by those of now."""
        rooms = self.rooms
        if rooms is None:
            rooms = mine[-1].about.detail[ROOMS] if mine else {}
        return rules.award(self.questions, self.order, facts_by(mine) or self.facts, rooms)

    @property
    def detail(self) -> dict[str, Any]:
        """What a posting keeps."""
        return {FACTS: self.facts.row, REV: self.rev, ROOMS: dict(self.rooms or {})}

    def _earn(self, wallet: Wallet, points: int, origin: str) -> Earn:
        earned = rules.earned_since(self.order)
        if earned is None:
            raise ValueError("An order that has not earned yet has points.")
        usable = earned + timedelta(days=wallet.pending_days)
        over = expires_at(wallet.expiry, earned, usable, self.questions.program.zone)
        return Earn(wallet.name, points, origin, usable, over)


def facts_by(past: Past) -> Facts | None:
    """Read the facts that the first posting of an order has kept; None where there is none."""
    kept = next((it.about.detail[FACTS] for it in past if FACTS in it.about.detail), None)
    return None if kept is None else Facts.of(kept)


def got(past: Past, currency: str, origin: str) -> int:
    """Add up what an origin has got in a wallet by the ledger, less what was taken back of it."""
    return -sum(ledger.booked(past, account, currency, origin) for account in (model.ISSUED, model.REVERSED))


def origin_of(order: Order) -> str:
    """Name an order as the origin of points."""
    return f"order/{order.source}/{order.order_id}"
