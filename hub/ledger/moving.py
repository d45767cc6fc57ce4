"""Moving: points go from one purse to another, both changed in one transaction or neither.

The two postings have keys made of one: there are both, or none.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo.asynchronous.client_session import AsyncClientSession

from hub.kit.errors import HubError
from hub.ledger import service, store, turns
from hub.ledger.errors import Crowded, KeyReused
from hub.ledger.handing import Both
from hub.ledger.model import About, Posting, Purse, purse_id
from hub.ledger.moves import Exchange, Rate
from hub.ledger.service import Posted, Request

WAIT_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.01


class SamePurse(HubError):
    """Points are to go from a purse to itself."""

    code = "SAME_PROFILE"

    def __init__(self) -> None:
        super().__init__("Points cannot go from a purse to itself.")


@dataclass(frozen=True, slots=True)
class Transfer:
    """Points that are to go from a giver to a taker in one program, in their lots.

    Attributes:
        program, giver, taker: from whom to whom. Owners as in `service.Request`.
        key: natural. Under it there is one transfer, for ever.
        currency, points: what.
        about, at: as in `service.Request`.
    """

    program: str
    giver: UUID
    taker: UUID
    key: str
    currency: str
    points: int
    about: About
    at: datetime

    @property
    def body(self) -> str:
        """What the key stands for."""
        return f"{self.currency} {self.points}"

    @property
    def taker_program(self) -> str:
        """In which program the points arrive."""
        return self.program

    def write(self, both: Both) -> None:
        """Do it."""
        both.hand_over(self.currency, self.points, f"transfer/{self.key}")


@dataclass(frozen=True, slots=True)
class Conversion:
    """Points of one program that are to become points of another, at a rate.

    The attributes are those of a transfer; `expires_at` is of the new lot.
    """

    program: str
    taker_program: str
    giver: UUID
    taker: UUID
    key: str
    currency: str
    points: int
    target: str
    rate: Rate
    about: About
    at: datetime
    expires_at: datetime | None = None

    @property
    def body(self) -> str:
        """What the key stands for."""
        return f"{self.currency} {self.points} {self.taker_program} {self.target}"

    def write(self, both: Both) -> None:
        """Do it."""
        origin = f"exchange/{self.key}"
        both.exchange(Exchange(self.currency, self.target, self.points, self.rate, origin, self.expires_at))


async def move(asked: Transfer | Conversion, *, now: datetime) -> tuple[Posted, Posted]:
    """Let points go from one purse to another, once under the key. Gives what became of the giver's and the taker's.

    Raises:
        InsufficientPoints, WorthNothing, SamePurse, KeyReused, Crowded: both purses are as they were.
    """
    out = _request(asked, asked.program, asked.giver, "out")
    into = _request(asked, asked.taker_program, asked.taker, "into")
    async with turns.taken([purse_id(it.program, it.owner) for it in (out, into)]):
        return await _moved(asked, out, into, now=now)


async def _moved(asked: Transfer | Conversion, out: Request, into: Request, *, now: datetime) -> tuple[Posted, Posted]:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_SECONDS
    while loop.time() < deadline:
        giver = (await service.purses(out.program, [out.owner]))[out.owner]
        taker = (await service.purses(into.program, [into.owner]))[into.owner]
        done = await _done(out, giver), await _done(into, taker)
        if done[0] is not None and done[1] is not None:
            if done[0].digest != out.digest:
                raise KeyReused(done[0].id)
            return Posted(done[0], giver, replayed=True), Posted(done[1], taker, replayed=True)
        if giver.id == taker.id:
            raise SamePurse
        both = Both(giver, taker, out=out.posting, into=into.posting, now=asked.at)
        asked.write(both)
        then = after(both, (giver, out), (taker, into), now=now)
        changes = list(zip((giver, taker), then, strict=True))

        async def write(session: AsyncClientSession, changes: list[tuple[Purse, Purse]] = changes) -> bool:
            return await store.save(changes, now=now, session=session)

        if await store.together(write):
            return Posted(then[0].outbox[-1], then[0]), Posted(then[1].outbox[-1], then[1])
        await asyncio.sleep(_PAUSE_SECONDS)
    raise Crowded


def _request(asked: Transfer | Conversion, program: str, owner: UUID, side: str) -> Request:
    return Request(program, owner, f"{asked.key}/{side}", service.fixed(), asked.about, asked.at, asked.body)


async def _done(request: Request, purse: Purse) -> Posting | None:
    boxed = next((it for it in purse.outbox if it.id == request.posting), None)
    return boxed or (await store.postings([request.posting], request.program, [])).get(request.posting)


def after(
    both: Both, giving: tuple[Purse, Request], taking: tuple[Purse, Request], *, now: datetime
) -> tuple[Purse, Purse]:
    """Give both purses with their new postings."""
    given, taken = (
        purse.with_posting(service.booked(request, purse, wallets, entries, now=now), wallets)
        for (purse, request), (wallets, entries) in zip((giving, taking), both.sides(), strict=True)
    )
    return given, taken
