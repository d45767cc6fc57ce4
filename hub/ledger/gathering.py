"""Gathering: the points of a profile that was absorbed go over to its head, and back when the two are divided.

The purse that is left names the one that took it over, so that whoever still posts to it posts there.
"""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from pymongo.asynchronous.client_session import AsyncClientSession

from hub.ledger import flushing, model, moving, service, store
from hub.ledger.handing import Both
from hub.ledger.model import About, Posting, Purse
from hub.ledger.service import Request
from hub.profiles import store as profiles

_PAUSE_SECONDS: Final = 0.01


async def gather(owners: Collection[UUID], *, now: datetime) -> None:
    """Hand over to their heads what those of these profiles have that were absorbed. Repeating it changes nothing."""
    if not owners:
        return
    heads = {it: head.id for it, head in (await profiles.kin(owners)).items() if head.id != it}
    for other in await store.staying(heads) if heads else ():
        await hand_over(other, heads[other], now=now)


async def hand_over(other: UUID, head: UUID, *, now: datetime) -> None:
    """Hand over all that a profile has to the head that has absorbed it. Repeating it changes nothing."""
    await flushing.flush([other])
    while not await store.together(partial(unite, other=other, head=head, now=now)):
        await asyncio.sleep(_PAUSE_SECONDS)
        await flushing.flush([other])


async def unite(
    session: AsyncClientSession, *, other: UUID, head: UUID, now: datetime, program: str | None = None
) -> bool:
    """In a transaction, hand over all that a profile has to the head that absorbs it, or to an account that pools.

    Where the head's own purse has gone over into another, that one takes it.

    Args:
        session: of the transaction.
        other: who hands over.
        head: who takes.
        now: the time.
        program: in this one only, also where there is nothing yet: what comes later goes over, too. None: in all.

    Returns:
        False where a purse was changed meanwhile, or something waits in it that has to be copied out first.
    """
    theirs, ours = await store.all_of(other, session), await store.all_of(head, session)
    if program is not None:
        theirs = {program: theirs.get(program) or Purse(program, other)}
    changes: list[tuple[Purse, Purse]] = []
    for name, giver in theirs.items():
        if giver.moved_to is not None:
            continue
        if giver.outbox:
            return False
        taker = await store.end_of(ours.get(name) or Purse(name, head), session)
        both, requests = _both(giver, taker, "union", other, now)
        both.hand_over_all(model.union_origin(other))
        given, taken = moving.after(both, (giver, requests[0]), (taker, requests[1]), now=now)
        changes += [(giver, replace(given, moved_to=taker.owner)), (taker, taken)]
    return await store.save(changes, now=now, session=session)


async def divide(
    session: AsyncClientSession, *, other: UUID, head: UUID, now: datetime, program: str | None = None
) -> bool:
    """In a transaction, hand back to a profile what it had brought, as far as it is still there; see `unite`."""
    theirs, ours = await store.all_of(other, session), await store.all_of(head, session)
    changes: list[tuple[Purse, Purse]] = []
    for name, taker in theirs.items():
        if taker.moved_to is None or program not in {None, name}:
            continue
        giver = await store.end_of(ours.get(name) or Purse(name, head), session)
        if taker.moved_to != giver.owner:
            continue
        both, requests = _both(giver, taker, "division", other, now)
        if (brought := await _brought(giver, other)) is not None:
            both.hand_back(brought, model.division_origin(other))
        given, taken = moving.after(both, (giver, requests[0]), (taker, requests[1]), now=now)
        changes += [(giver, given), (taker, replace(taken, moved_to=None))]
    return await store.save(changes, now=now, session=session)


def _both(giver: Purse, taker: Purse, why: str, other: UUID, now: datetime) -> tuple[Both, tuple[Request, Request]]:
    # A purse numbers its postings, so each union and division of it has a key of its own.
    key = f"{why}/{other}/{giver.owner}/{giver.numbered + 1}"
    out, into = (
        Request(purse.program, purse.owner, f"{key}/{side}", service.fixed(), About(cause=key), now)
        for purse, side in ((giver, "out"), (taker, "into"))
    )
    return Both(giver, taker, out=out.posting, into=into.posting, now=now), (out, into)


async def _brought(head: Purse, other: UUID) -> Posting | None:
    """Find the posting by which a profile brought its points the last time; None where it had none to bring."""
    origin = model.union_origin(other)
    boxed = next((it for it in reversed(head.outbox) if origin in it.origins), None)
    return boxed or await store.last_about(origin, head.program, head.owner)
