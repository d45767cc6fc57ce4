"""The view of an associate: what is shown of a customer in the shop or at a desk, each field to roles that have it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Self
from uuid import UUID

import strawberry
from strawberry.extensions.field_extension import AsyncExtensionResolver

from hub.access.model import Scope
from hub.access.permissions import Detail, details_of
from hub.card import looking_up
from hub.commerce import model, orders
from hub.commerce.model import FulfilmentKind, OrderStatus, SalesChannel
from hub.kit.errors import HubError
from hub.kit.pages import Span
from hub.profiles import rules
from hub.profiles.model import Identifier, IdentifierKind, Profile
from hub.rollups.model import Aspect
from hub_api.cards import MemberCard, Program, card_of
from hub_api.consents import Consent
from hub_api.context import Info
from hub_api.members import code_of
from hub_api.money import Money
from hub_api.needs import Needs
from hub_api.rollups import Preferred, PreferredShop

MOST_ORDERS: Final = 20


class BadLookup(HubError):
    """What was sent names nobody, or two customers, or cannot be a name of its kind."""

    code = "BAD_USER_INPUT"


class Granted(Needs):
    """Shows a field to roles that have it granted, and null to the others; the audit is told of what was shown."""

    def __init__(self, detail: Detail) -> None:
        super().__init__(Scope.ASSOCIATE_READ)
        self.detail = detail

    async def resolve_async(  # type: ignore[override]  # by place only, as in `Needs`
        self, next_: AsyncExtensionResolver, source: Any, info: Info, /, **kwargs: Any
    ) -> Any:
        """Give the field, or null."""
        if self.detail not in details_of(info.context.caller.roles):
            return None
        info.context.details.add(self.detail)
        return await super().resolve_async(next_, source, info, **kwargs)


@strawberry.type
class AssociateOrderLine:
    """One line of an order."""

    sku: str | None = strawberry.field(description="The variant, as the shop names it.")
    name: str | None = strawberry.field(description="What the product was called.")
    category: str | None = strawberry.field(description="The product's category.")
    quantity: Decimal = strawberry.field(description="How many, or how much.")


@strawberry.type
class AssociateOrder:
    """What the customer bought at once, on whatever channel."""

    order: strawberry.Private[model.Order]
    order_id: str = strawberry.field(description="Its name in its source.")
    source: str = strawberry.field(description="Who told of it.")
    status: OrderStatus = strawberry.field(description="How far it is.")
    at: datetime | None = strawberry.field(description="When it was completed; while it is open, when it last changed.")
    channel: SalesChannel | None = strawberry.field(description="Where it was bought.")
    store_id: str | None = strawberry.field(description="In which store.")
    fulfilment: FulfilmentKind | None = strawberry.field(description="How the goods come to the customer.")
    location: str | None = strawberry.field(description="The store or warehouse they come from.")
    ready_at: datetime | None = strawberry.field(description="When it was ready to be picked up.")
    lines: list[AssociateOrderLine] = strawberry.field(description="What was bought.")

    @classmethod
    def of(cls, order: model.Order) -> Self:
        """Show an order that has contents."""
        said = order.contents
        to = said.fulfilment if said else None
        return cls(
            order=order,
            order_id=order.order_id,
            source=order.source,
            status=order.status,
            at=order.at,
            channel=said.channel if said else None,
            store_id=said.store_id if said else None,
            fulfilment=to.kind if to else None,
            location=to.location if to else None,
            ready_at=order.ready_at,
            lines=[
                AssociateOrderLine(sku=it.sku, name=it.name, category=it.category, quantity=it.quantity)
                for it in (said.lines if said else ())
            ],
        )

    @strawberry.field(extensions=[Granted(Detail.AMOUNTS)])
    async def gross(self) -> Money | None:
        """What was paid."""
        return Money.of(self.order.gross) if self.order.gross else None

    @strawberry.field(extensions=[Granted(Detail.AMOUNTS)])
    async def net(self) -> Money | None:
        """What was paid less what was given back."""
        return Money.of(self.order.net) if self.order.net else None


@strawberry.type
class AssociateView:
    """What an associate is shown of a customer. A field is null where the caller's role does not have it granted."""

    profile_id: strawberry.Private[UUID]
    profile: strawberry.Private[Profile]
    verified: bool = strawberry.field(
        description="Whether somebody has vouched that the name they were found by is theirs."
    )

    @strawberry.field(extensions=[Granted(Detail.NAME)])
    async def name(self) -> str | None:
        """What they are called."""
        return self.profile.name

    @strawberry.field(extensions=[Granted(Detail.EMAIL)])
    async def email(self) -> str | None:
        """Where e-mail reaches them."""
        return self.profile.email

    @strawberry.field(extensions=[Granted(Detail.PHONE)])
    async def phone(self) -> str | None:
        """Where SMS reaches them."""
        return self.profile.phone

    @strawberry.field(extensions=[Granted(Detail.MEMBER_CODE)])
    async def member_code(self, info: Info) -> str | None:
        """The code that they show."""
        return await code_of(self.profile.own_ids, info)

    @strawberry.field(extensions=[Granted(Detail.MEMBER_CARD)])
    async def member_card(self, info: Info, program: Program = None) -> MemberCard | None:
        """Where they stand in a program: tier, points, rewards and vouchers; null also where there is none."""
        return await card_of(self.profile.id, program, info)

    @strawberry.field(extensions=[Granted(Detail.STAGE)])
    async def stage(self) -> str | None:
        """At which stage of their life as a customer they are."""
        return self.profile.stage

    @strawberry.field(extensions=[Granted(Detail.PREFERRED)])
    async def preferred(self, info: Info) -> Preferred | None:
        """Where they like to shop."""
        now = info.context.clock()
        channel, store = (PreferredShop.of(self.profile, it, now) for it in (Aspect.CHANNEL, Aspect.STORE))
        return Preferred(channel=channel, store=store)

    @strawberry.field(extensions=[Granted(Detail.CONSENTS)])
    async def consents(self, info: Info) -> list[Consent] | None:
        """What they have allowed and forbidden, as far as it is about the caller's brands."""
        return Consent.all_of(self.profile.consents, info.context.caller)

    @strawberry.field(extensions=[Granted(Detail.LAST_SEEN_AT)])
    async def last_seen_at(self) -> datetime | None:
        """When they were last heard of, on any channel."""
        return self.profile.last_seen_at

    @strawberry.field(extensions=[Granted(Detail.LAST_ORDERS)])
    async def last_orders(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description=f"How many; at most {MOST_ORDERS}.")] = 5,
    ) -> list[AssociateOrder] | None:
        """What they bought last, in all stores and on all channels, newest first."""
        if not 0 <= first <= MOST_ORDERS:
            raise BadLookup(f"`first` is 0 to {MOST_ORDERS}.")
        found = await info.context.loaders.page(orders.pages, self.profile.own_ids, Span(first))
        return [AssociateOrder.of(it) for _, it in found.rows]

    @strawberry.field(extensions=[Granted(Detail.OPEN_PICKUPS)])
    async def open_pickups(self, info: Info) -> list[AssociateOrder] | None:
        """What they have bought and still have to pick up, in whatever store, newest first; at most 20."""
        found = await info.context.loaders.page(orders.open_pickups, self.profile.own_ids, Span(MOST_ORDERS))
        return [AssociateOrder.of(it) for _, it in found.rows]


@strawberry.input
class AssociateLookup:
    """How the customer is found: exactly one of these."""

    phone: str | None = strawberry.field(default=None, description="A phone number, as anybody writes it.")
    email: str | None = strawberry.field(default=None, description="An e-mail address, in any case.")
    member_code: str | None = strawberry.field(default=None, description="The member code, as it is read aloud.")
    qr: str | None = strawberry.field(
        default=None, description="What the scanner reads: a member code, or an address that ends in one."
    )

    def identifier(self, region: str) -> Identifier:
        """Give the name in its look-up form. `region` is the country of phone numbers without a country's code.

        Raises:
            BadLookup: it is not exactly one, or cannot be one of its kind.
        """
        given = [
            (IdentifierKind.PHONE, self.phone),
            (IdentifierKind.EMAIL, self.email),
            (IdentifierKind.MEMBER, self.member_code),
            (IdentifierKind.MEMBER, self.qr),
        ]
        named = [(kind, text) for kind, text in given if text is not None]
        if len(named) != 1:
            raise BadLookup("Send exactly one of `phone`, `email`, `memberCode` and `qr`.")
        ((kind, text),) = named
        value = rules.lookup_form(kind, text, region=region)
        if value is None:
            raise BadLookup("This cannot be a name of its kind: look for a slip of the finger.")
        return Identifier(kind, value)


@strawberry.type
class AssociateQueries:
    """How an associate finds a customer."""

    @strawberry.field(extensions=[Needs(Scope.ASSOCIATE_READ)])
    async def associate_view(self, info: Info, lookup: AssociateLookup) -> AssociateView | None:
        """A customer by a name they give or a code they show; none where nobody has it."""
        context = info.context
        found = await looking_up.look_up(
            context.caller,
            lookup.identifier(context.settings.phone_region),
            now=context.clock(),
            request_id=context.request_id,
        )
        if found is None:
            return None
        return AssociateView(profile_id=found.profile.id, profile=found.profile, verified=found.verified)
