"""Which tier follows from a member's points and from time. Values in, values out.

The balance of the qualifying wallet decides: its lots expire when they count no longer. A level that was reached stays
for its time, whatever the balance is then. Points that are gone before their time were taken back by a refund.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hub.ledger.model import Wallet
from hub.programs.tiers import AfterRefund, Down, Level, Tiers
from hub.tiers.model import Change, Grant, Progress, Standing


def balance(wallet: Wallet, at: datetime) -> int:
    """Count the points that qualify at a time: pending ones too, those that are over no more."""
    return max(0, sum(lot.left for lot in wallet.lots if not lot.terms.over(at)) - wallet.owed)


def reviewed(standing: Standing, tiers: Tiers, wallet: Wallet, *, at: datetime, zone: ZoneInfo) -> Standing:
    """Look again where a member stands.

    Args:
        standing: as of the last look.
        tiers: of the program.
        wallet: the qualifying one, as it is.
        at: the time; not before the last look.
        zone: of the program.

    Returns:
        The same value where nothing has changed. A change of the tier is its last one, and still to be announced.
    """
    looked = {
        level.name: _grant(standing.grants.get(level.name), level, tiers, wallet, at=at, zone=zone)
        for level in tiers.levels
    }
    grants = {name: it for name, it in looked.items() if it}
    rank = max((tiers.rank(name) for name, it in grants.items() if _holds(it, tiers, at)), default=0)
    was = tiers.rank(standing.tier)
    # One whose grant is gone was ended by a refund: that is no step, it is as if it had never been.
    if rank < was - 1 and tiers.down is Down.ONE_STEP and standing.tier in grants:
        rank = was - 1
        grants[tiers.levels[rank - 1].name] = Grant(tiers.until(at, zone))
    level = tiers.level(rank)
    tier = level.name if level else None
    changes = standing.changes
    if tier != standing.tier:
        changes = (*changes, Change(at, tier, standing.tier, up=rank > was))
    due = _due(grants, tiers, at)
    if (grants, changes, due) == (standing.grants, standing.changes, standing.due):
        return standing
    return replace(standing, grants=grants, changes=changes, due=due)


def _grant(
    known: Grant | None, level: Level, tiers: Tiers, wallet: Wallet, *, at: datetime, zone: ZoneInfo
) -> Grant | None:
    """Look again what a member has of a level. None: it is not there, or a refund has ended it."""
    if balance(wallet, at) >= level.least:
        if known and known.until is None:
            return known  # it stays for ever
        until = tiers.until(at, zone)
        if known and until:
            until = max(until, known.until or until)
        before = (known.before if known.qualified else known.until) if known else None
        return Grant(until, qualified=True, before=before, counts_until=_counts_until(wallet, level.least, at))
    if known is None or not known.qualified:
        return known
    too_early = known.counts_until is None or at < known.counts_until
    if too_early and tiers.refund is AfterRefund.AT_ONCE:
        back = Grant(known.before)
        return back if known.before and _holds(back, tiers, at) else None
    return replace(known, qualified=False, before=None)


def _counts_until(wallet: Wallet, least: int, at: datetime) -> datetime | None:
    """Tell until when points are enough for a level if no more come. None: for ever."""
    left = balance(wallet, at)
    lots = [(lot.terms.expires_at, lot.left) for lot in wallet.lots if lot.terms.expires_at and not lot.terms.over(at)]
    for expires_at, points in sorted(lots):
        left -= points
        if left < least:
            return expires_at
    return None


def _holds(grant: Grant, tiers: Tiers, at: datetime) -> bool:
    over_at = _over_at(grant, tiers)
    return grant.qualified or over_at is None or at < over_at


def _over_at(grant: Grant, tiers: Tiers) -> datetime | None:
    """Tell when a level is over that is no longer earned. None: never."""
    return grant.until and grant.until + timedelta(days=tiers.grace_days)


def _due(grants: Mapping[str, Grant], tiers: Tiers, at: datetime) -> datetime | None:
    moments: Collection[datetime | None] = [
        *(it.counts_until for it in grants.values() if it.qualified),
        *(_over_at(it, tiers) for it in grants.values() if not it.qualified),
    ]
    return min((it for it in moments if it and it > at), default=None)


def progress(tiers: Tiers, wallet: Wallet, rank: int, at: datetime) -> Progress:
    """Tell how far the next tier above a rank is."""
    points = balance(wallet, at)
    following = next((it for it in tiers.levels[rank:] if it.least > points), None)
    return Progress(following.name if following else None, following.least if following else 0, points)
