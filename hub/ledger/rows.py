"""How purses and postings are stored."""

from collections.abc import Mapping
from typing import Any

from hub.database import Row
from hub.ledger.model import About, Born, Draw, Entry, Hold, Kind, Lot, Posting, Purse, Terms, Wallet


def wallet_row(wallet: Wallet) -> Row:
    """Give a wallet as it is stored."""
    return {
        "lots": [_lot_row(it) for it in wallet.lots],
        "owed": wallet.owed,
        "holds": [_hold_row(it) for it in wallet.holds],
    }


def wallet_changes(path: str, before: Wallet, after: Wallet) -> tuple[Row, Row]:
    """Give what is to be set, and what is to be pushed, so that a stored wallet becomes another one.

    Only what is different is written: of many lots and holds most stay as they are.

    Args:
        path: where the wallet lies in its document.
        before: as it is stored.
        after: as it is to be.
    """
    set_: Row = {f"{path}.owed": after.owed} if after.owed != before.owed else {}
    push: Row = {}
    lots, there = f"{path}.lots", len(before.lots)
    if after.lots[:there] == before.lots:
        push |= {lots: [_lot_row(it) for it in after.lots[there:]]}
    elif [it.terms for it in after.lots] == [it.terms for it in before.lots]:
        pairs = enumerate(zip(before.lots, after.lots, strict=True))
        set_ |= {f"{lots}.{place}.left": lot.left for place, (was, lot) in pairs if lot is not was}
    else:
        set_ |= {lots: [_lot_row(it) for it in after.lots]}
    holds, there = f"{path}.holds", len(before.holds)
    if after.holds[:there] == before.holds:
        push |= {holds: [_hold_row(it) for it in after.holds[there:]]}
    else:
        set_ |= {holds: [_hold_row(it) for it in after.holds]}
    return set_, {name: {"$each": added} for name, added in push.items() if added}


def _lot_row(lot: Lot) -> Row:
    return _terms_row(lot.terms) | {"left": lot.left}


def _hold_row(hold: Hold) -> Row:
    draws = [_terms_row(it.terms) | {"points": it.points} for it in hold.draws]
    return {"id": hold.id, "origin": hold.origin, "until": hold.until, "draws": draws}


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


def posting_of(row: Mapping[str, Any], born: tuple[Born, ...] = (), stored: Mapping[str, Any] | None = None) -> Posting:
    """Make a posting of its row, and keep the row as it is stored for whoever copies it."""
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
        stored=stored,
    )


def _entry_row(entry: Entry) -> Row:
    row: Row = {
        "currency": entry.currency,
        "account": entry.account,
        "points": entry.points,
        "origin": entry.origin,
        "kind": entry.kind.value,
    }
    if entry.terms:
        row["lot"] = _terms_row(entry.terms)
    return row


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
