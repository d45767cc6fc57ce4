"""How purses and postings are stored."""

from collections.abc import Mapping
from typing import Any

from hub.database import Row
from hub.ledger.model import About, Born, Draw, Entry, Hold, Kind, Lot, Posting, Purse, Terms, Wallet


def wallet_row(wallet: Wallet) -> Row:
    """Give a wallet as it is stored."""
    return {
        "lots": [{**_terms_row(lot.terms), "left": lot.left} for lot in wallet.lots],
        "owed": wallet.owed,
        "holds": [
            {
                "id": hold.id,
                "origin": hold.origin,
                "until": hold.until,
                "draws": [{**_terms_row(draw.terms), "points": draw.points} for draw in hold.draws],
            }
            for hold in wallet.holds
        ],
    }


def wallet_of(row: Mapping[str, Any]) -> Wallet:
    """Make a wallet of its row."""
    return Wallet(
        lots=tuple(Lot(_terms_of(it), it["left"]) for it in row["lots"]),
        owed=row["owed"],
        holds=tuple(
            Hold(
                it["id"],
                it["origin"],
                it["until"],
                tuple(Draw(_terms_of(draw), draw["points"]) for draw in it["draws"]),
            )
            for it in row["holds"]
        ),
    )


def purse_of(row: Mapping[str, Any], outbox: tuple[Posting, ...]) -> Purse:
    """Make a purse of its row and of the postings in its outbox."""
    return Purse(
        program=row["program"],
        owner=row["owner"],
        rev=row["rev"],
        wallets={currency: wallet_of(it) for currency, it in row["wallets"].items()},
        numbered=row["numbered"],
        outbox=outbox,
        moved_to=row.get("moved_to"),
    )


def posting_row(posting: Posting) -> Row:
    """Give a posting as it is stored, without what was born with it."""
    about = posting.about
    return {
        "_id": posting.id,
        "program": posting.program,
        "owner": posting.owner,
        "number": posting.number,
        "digest": posting.digest,
        "at": posting.at,
        "booked_at": posting.booked_at,
        "cause": about.cause,
        "reason": about.reason,
        "channel": about.channel,
        "brand": about.brand,
        "store": about.store,
        "by": about.by,
        "detail": dict(about.detail),
        "origins": sorted(posting.origins),
        "entries": [_entry_row(entry) for entry in posting.entries],
        "balances": dict(posting.balances),
    }


def posting_of(row: Mapping[str, Any], born: tuple[Born, ...] = ()) -> Posting:
    """Make a posting of its row."""
    return Posting(
        id=row["_id"],
        program=row["program"],
        owner=row["owner"],
        number=row["number"],
        digest=row["digest"],
        at=row["at"],
        booked_at=row["booked_at"],
        about=About(
            cause=row["cause"],
            reason=row["reason"],
            channel=row["channel"],
            store=row["store"],
            brand=row["brand"],
            by=row["by"],
            detail=row["detail"],
        ),
        entries=tuple(_entry_of(it) for it in row["entries"]),
        balances=row["balances"],
        born=born,
    )


def _entry_row(entry: Entry) -> Row:
    row: Row = {
        "currency": entry.currency,
        "account": entry.account,
        "points": entry.points,
        "origin": entry.origin,
        "kind": entry.kind.value,
    }
    return {**row, "lot": _terms_row(entry.terms)} if entry.terms else row


def _entry_of(row: Mapping[str, Any]) -> Entry:
    lot = row.get("lot")
    kind, terms = Kind(row["kind"]), _terms_of(lot) if lot else None
    return Entry(row["currency"], row["account"], row["points"], row["origin"], kind, terms)


def _terms_row(terms: Terms) -> Row:
    return {
        "lot": terms.lot,
        "origin": terms.origin,
        "earned_at": terms.earned_at,
        "usable_at": terms.usable_at,
        "expires_at": terms.expires_at,
    }


def _terms_of(row: Mapping[str, Any]) -> Terms:
    return Terms(row["lot"], row["origin"], row["earned_at"], row["usable_at"], row["expires_at"])
