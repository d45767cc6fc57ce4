"""Wallets: the points of a customer, how they came about, and what there was at any past moment."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

import strawberry

from hub.access.model import Scope
from hub.database import OwnIds
from hub.kit import pages
from hub.ledger import lots, model, reading
from hub.ledger.model import Kind as MovementKind
from hub.ledger.model import Lot, Posting
from hub_api.connections import After, Before, Connection, First, Last
from hub_api.context import Info
from hub_api.needs import Needs

At = Annotated[datetime | None, strawberry.argument(description="Then; now, if it is left out.")]


@strawberry.type
class WalletLot:
    """Points that came at once and expire at once."""

    points: int = strawberry.field(description="How many are left.")
    origin: str = strawberry.field(description="What they came by.")
    earned_at: datetime = strawberry.field(description="When they came.")
    usable_at: datetime | None = strawberry.field(description="Pending until then; none until somebody says so.")
    expires_at: datetime | None = strawberry.field(description="They are over then; none never are.")

    @classmethod
    def of(cls, lot: Lot) -> Self:
        """Show a lot."""
        terms = lot.terms
        return cls(
            points=lot.left,
            origin=terms.origin,
            earned_at=terms.earned_at,
            usable_at=terms.usable_at,
            expires_at=terms.expires_at,
        )


@strawberry.type
class WalletMovement:
    """One line of a statement: a posting that moved points of this wallet."""

    posting_id: strawberry.ID = strawberry.field(description="The posting's id.")
    at: datetime = strawberry.field(description="When it holds.")
    booked_at: datetime = strawberry.field(description="When it was written.")
    kind: MovementKind = strawberry.field(description="By what the points were moved.")
    points: int = strawberry.field(description="By how many the balance changed; below zero where they went.")
    balance: int = strawberry.field(description="What the wallet had right after it.")
    origin: str = strawberry.field(description="What it is about.")
    reason: str | None = strawberry.field(description="A code, where a rule or a person gave one.")
    channel: str | None = strawberry.field(description="Where it came about.")
    brand: str | None = strawberry.field(description="For which brand.")
    store_id: str | None = strawberry.field(description="In which store.")

    @classmethod
    def of(cls, posting: Posting, currency: str) -> Self:
        """Show what a posting did to a wallet."""
        first = next(it for it in posting.entries if it.currency == currency)
        about = posting.about
        return cls(
            posting_id=strawberry.ID(str(posting.id)),
            at=posting.at,
            booked_at=posting.booked_at,
            kind=first.kind,
            points=reading.moved(posting, currency),
            balance=posting.balances[currency],
            origin=first.origin,
            reason=about.reason,
            channel=about.channel,
            brand=about.brand,
            store_id=about.store,
        )


@strawberry.type
class Wallet:
    """The points of one currency that a customer has in a program."""

    profile_id: strawberry.Private[UUID]
    own_ids: strawberry.Private[OwnIds]
    kept: strawberry.Private[model.Wallet]
    program: str = strawberry.field(description="The program.")
    currency: str = strawberry.field(description="The wallet's name in it.")

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def balance(self, info: Info, at: At = None) -> int:
        """All points, pending or not, less what is owed; below zero only where the program lets it be."""
        return (await self._then(info, at)).balance

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def available(self, info: Info, at: At = None) -> int:
        """What can be spent."""
        return (await self._then(info, at)).available(at or info.context.clock())

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def pending(self, info: Info, at: At = None) -> int:
        """What cannot be spent yet."""
        return (await self._then(info, at)).pending(at or info.context.clock())

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def held(self) -> int:
        """What is locked, for vouchers that are not used yet."""
        return self.kept.held

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def lots(self) -> list[WalletLot]:
        """The open lots, those first that expire first."""
        return [WalletLot.of(it) for it in sorted(self.kept.lots, key=lots.order)]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def statement(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[WalletMovement]:
        """What moved its points, the newest first."""
        wanted = pages.span(first, after, last, before)
        page = await info.context.loaders.page(reading.Statement(self.program, self.currency), self.own_ids, wanted)
        return Connection.of(page, lambda it: WalletMovement.of(it, self.currency))

    async def _then(self, info: Info, at: datetime | None) -> model.Wallet:
        if at is None:
            return self.kept
        whose = (self.own_ids, self.program, self.currency)
        return await info.context.loaders.one(reading.Moment(at), whose) or model.EMPTY


@strawberry.type
class HasWallets:
    """What a profile shows of its points."""

    profile_id: strawberry.Private[UUID]
    own_ids: strawberry.Private[OwnIds]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def wallets(self, info: Info) -> list[Wallet]:
        """The points of this customer, by program and currency."""
        found = await info.context.loaders.one(reading.wallets, self.own_ids) or []
        return [
            Wallet(
                profile_id=self.profile_id,
                own_ids=self.own_ids,
                kept=it.wallet,
                program=it.program,
                currency=it.currency,
            )
            for it in found
        ]
