"""Members, their points and the clock, as the tests of tiers move them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.events.store import EventDocument
from hub.ledger import service as ledger
from hub.ledger.model import About
from hub.ledger.moves import Earn, Reach, TakeBack
from hub.ledger.service import Request, fixed
from hub.programs.expiry import expires_at
from hub.programs.model import Program
from hub.tiers import night, service, store
from hub.tiers.night import Report


@dataclass
class Stage:
    """What happens at `now`."""

    now: datetime
    number: int = 0

    async def earn(
        self, program: Program, owner: UUID, points: int, origin: str = "", currency: str = "status"
    ) -> None:
        self.number += 1
        wallet = program.wallets[currency]
        until = expires_at(wallet.expiry, self.now, self.now, program.zone)
        move = Earn(currency, points, origin or f"order/{self.number}", self.now, until)
        await self.post(program, owner, move)

    async def take_back(
        self, program: Program, owner: UUID, points: int, origin: str, currency: str = "status"
    ) -> None:
        await self.post(program, owner, TakeBack(currency, points, origin, Reach.WITHIN_BALANCE))

    async def post(self, program: Program, owner: UUID, move: Earn | TakeBack) -> None:
        self.number += 1
        request = Request(program.name, owner, f"posting {self.number}", fixed(move), About("test"), at=self.now)
        await ledger.post_one(request, now=self.now)

    async def review(self, program: Program, *owners: UUID) -> int:
        return await service.review(program, {it: (it,) for it in owners}, at=self.now, now=self.now)

    async def night(self, program: Program) -> Report:
        return await night.run(program, now=self.now)

    async def tiers(self, program: Program, *owners: UUID) -> list[str | None]:
        found = await store.load(program.name, owners)
        return [found[it].tier for it in owners]

    async def balance(self, program: Program, owner: UUID, currency: str) -> int:
        return (await ledger.purses(program.name, [owner]))[owner].wallet(currency).balance

    async def announced(self) -> Sequence[tuple[str, UUID | None, str | None]]:
        found = await EventDocument.find({"name": {"$in": ["Tier Reached", "Tier Lost"]}}).sort("at", "name").to_list()
        return [(it.name, it.about, it.properties.get("tier")) for it in found]
