"""Points that expire when nothing happens: whenever something does, they last longer.

All points of such a wallet end with the same local day, so many days after the last activity. So a day of a member
costs one posting at most, however much they do.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from hub.events.model import Event
from hub.kit.errors import HubError
from hub.ledger import service as ledger
from hub.ledger.model import About, Past, Purse
from hub.ledger.moves import Extend, Move
from hub.ledger.service import Request
from hub.profiles.model import Profile
from hub.programs.catalogue import Catalogue
from hub.programs.expiry import Idle, expires_at
from hub.programs.model import Program, Wallet

CAUSE = "activity"


async def keep_alive(
    events: Sequence[Event], profiles: Mapping[UUID, Profile], programs: Catalogue, *, now: datetime
) -> None:
    """Let the points of those last longer who have done what keeps them. Repeating it changes nothing.

    Raises:
        HubError: the ledger could not do it now.
    """
    asked: list[Request] = []
    for program in programs.at(now).values():
        for wallet in program.wallets.values():
            if isinstance(wallet.expiry, Idle):
                latest = _latest(wallet.expiry, events, profiles)
                asked += [_request(program, wallet, owner, at) for owner, at in latest.items()]
    if not asked:
        return
    for name in {it.program for it in asked}:
        of_program = [it for it in asked if it.program == name]
        found = await ledger.purses(name, {it.owner for it in of_program})
        # Most who do something have no such points: they cost this one read.
        answers = await ledger.post([it for it in of_program if it.decide(found[it.owner], ())], now=now)
        for answer in answers:
            if isinstance(answer, HubError):
                raise answer


def _latest(idle: Idle, events: Sequence[Event], profiles: Mapping[UUID, Profile]) -> Mapping[UUID, datetime]:
    latest: dict[UUID, datetime] = {}
    for event in events:
        head = profiles.get(event.profile_id) if event.profile_id else None
        if event.name in idle.events and head:
            latest[head.id] = max(event.at, latest.get(head.id, event.at))
    return latest


def _request(program: Program, wallet: Wallet, owner: UUID, at: datetime) -> Request:
    until = expires_at(wallet.expiry, at, at, program.zone)

    def decide(purse: Purse, _past: Past) -> Sequence[Move]:
        lots = purse.wallet(wallet.name).lots
        shorter = [it for it in lots if it.terms.expires_at and until and at < it.terms.expires_at < until]
        return [Extend(wallet.name, it.terms.lot, until) for it in shorter]

    key = f"active/{wallet.name}/{owner}/{at.astimezone(program.zone).date()}"
    return Request(program.name, owner, key, decide, About(CAUSE, brand=program.brand), at=at)
