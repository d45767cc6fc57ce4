"""Telling: what postings mean to their owner is announced, so that journeys can begin with it.

It is announced when a posting is copied out, under a key made of the posting: so it is told if and only if the points
moved, once, whoever dies. With it goes the balance as of then.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hub.events.announcing import Announcement, announce
from hub.ledger import model
from hub.ledger.model import Entry, Kind, Posting

EARNED: Final = "Points Earned"
SPENT: Final = "Points Spent"
REVERSED: Final = "Points Reversed"
EXPIRED: Final = "Points Expired"

_MORE: Final[Mapping[Kind, str]] = {
    Kind.EARN: EARNED,
    Kind.ADJUST: EARNED,
    Kind.EXCHANGE: EARNED,
    Kind.TRANSFER: EARNED,
}
"""What it is called that a wallet has more points by this. Of what comes back to it tells whoever gave it back."""
_FEWER: Final[Mapping[Kind, str]] = {
    Kind.SPEND: SPENT,
    Kind.EXCHANGE: SPENT,
    Kind.TRANSFER: SPENT,
    Kind.TAKE_BACK: REVERSED,
    Kind.ADJUST: REVERSED,
    Kind.EXPIRE: EXPIRED,
}


async def tell(postings: Sequence[Posting]) -> None:
    """Announce what these postings mean. Repeating it changes nothing."""
    said = [it for posting in postings for it in announcements(posting)]
    if said:
        await announce(said, now=max(posting.booked_at for posting in postings))


def announcements(posting: Posting) -> Iterator[Announcement]:
    """Say what a posting means: of each currency one announcement at most of each name."""
    if posting.is_union:
        return  # they are one person's before and after
    points: Counter[tuple[str, str]] = Counter()
    of: dict[tuple[str, str], list[Entry]] = {}
    for entry in posting.entries:
        if (name := _name(entry)) is not None:
            points[name, entry.currency] += abs(entry.points)
            of.setdefault((name, entry.currency), []).append(entry)
    for (name, currency), count in points.items():
        yield Announcement(
            name,
            posting.owner,
            cause=f"{posting.id}/{currency}",
            at=posting.at,
            properties=_properties(posting, currency, count, of[name, currency]),
        )


def _name(entry: Entry) -> str | None:
    if entry.account == model.WALLET:
        return (_MORE if entry.points > 0 else _FEWER).get(entry.kind)
    # What was held is not in the wallet any more when it is gone.
    return SPENT if (entry.account, entry.kind) == (model.SPENT, Kind.CAPTURE) else None


def _properties(posting: Posting, currency: str, points: int, entries: Sequence[Entry]) -> dict[str, object]:
    about, origins = posting.about, {entry.origin for entry in entries}
    ends = [it.terms.expires_at for it in entries if it.terms and it.terms.expires_at]
    said = {
        "program": posting.program,
        "currency": currency,
        "points": points,
        "balance": posting.balances[currency],
        "kind": entries[0].kind.value,
        "origin": origins.pop() if len(origins) == 1 else None,
        "reason": about.reason,
        "channel": about.channel,
        "store": about.store,
        "brand": about.brand,
        "expires_at": min(ends).isoformat() if ends else None,
        "posting": str(posting.id),
    }
    return {name: it for name, it in said.items() if it is not None}
