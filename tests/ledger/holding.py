"""What the tests of the ledger write down: lots by their origin, and postings of one purse."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hub.ledger import ledger, model
from hub.ledger.model import About, Draw, Entry, Posting, Purse, Wallet
from hub.ledger.moves import Move
from hub.ledger.service import Request, fixed

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADA, BOB = UUID(int=0xADA), UUID(int=0xB0B)
PROGRAM = "club"


def lots(wallet: Wallet) -> list[tuple[str, int]]:
    """Tell what is left of each origin."""
    return [(lot.terms.origin, lot.left) for lot in wallet.lots]


def drawn(draws: Sequence[Draw]) -> list[tuple[str, int]]:
    return [(draw.terms.origin, draw.points) for draw in draws]


def lines(entries: Sequence[Entry]) -> list[tuple[str, int]]:
    return [(entry.account, entry.points) for entry in entries]


def posted(purse: Purse, *moves: Move, at: datetime = NOON) -> Purse:
    """Post moves by the rules alone, under the next key."""
    key = model.posting_id(purse.program, f"posting {purse.numbered + 1}")
    wallets, entries = ledger.applied(purse, moves, key, now=at)
    balances = {currency: it.balance for currency, it in wallets.items()}
    number = purse.numbered + 1
    posting = Posting(key, purse.program, purse.owner, number, "", at, at, About(""), entries, balances)
    return purse.with_posting(posting, wallets)


def asked(key: str, *moves: Move, owner: UUID = ADA, at: datetime = NOON, origins: Sequence[str] = ()) -> Request:
    return Request(PROGRAM, owner, key, fixed(*moves), About(cause=key), at, body=repr(moves), origins=origins)
