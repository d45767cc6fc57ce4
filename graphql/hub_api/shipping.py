"""Shipping: what it costs to send a cart, and the mutation `publishShippingRules`."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access import idempotency
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.commerce import carts_store, checks, shipping, shipping_language, shipping_quotes, shipping_store
from hub.commerce.carts import CartLine
from hub.commerce.checks import BadCommerce
from hub.commerce.shipping import Basis
from hub.commerce.shipping_store import ShippingDocument
from hub.kit import problems as documents
from hub.profiles import store as profiles_store
from hub.profiles.consent import DEFAULT_BRAND
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.journeys import InvalidDefinition, Problem
from hub_api.money import Money
from hub_api.needs import Needs


@strawberry.type
class ShippingOption:
    """A way in which a cart can be sent."""

    method: str = strawberry.field(description="The way, as the rules name it, such as `express`.")
    price: Money = strawberry.field(description="What it costs.")
    rule: str = strawberry.field(description="The name of the rule that says so.")
    basis: Basis = strawberry.field(description="What the price is made of.")

    @classmethod
    def of(cls, option: shipping.Option) -> Self:
        """Show an option."""
        return cls(method=option.method, price=Money.of(option.price), rule=option.rule, basis=option.basis)


@strawberry.type
class ShippingRules:
    """The table that is in force."""

    version: int = strawberry.field(description="Its number.")
    name: str = strawberry.field(description="Its name.")
    source: str = strawberry.field(description="The document as it was written, YAML or JSON.")
    published_at: datetime = strawberry.field(description="When it was published.")

    @classmethod
    def of(cls, version: ShippingDocument) -> Self:
        """Show a version."""
        return cls(version=version.id, name=version.name, source=version.source, published_at=version.published_at)


@strawberry.input
class ShippingLine:
    """So many pieces of a variant."""

    sku: str = strawberry.field(description="The variant.")
    quantity: int = strawberry.field(default=1, description="How many pieces, 1 to 100,000.")


@strawberry.input
class ShippingInput:
    """What is to be sent, and where to: `lines`, or the asking customer's cart by `cartId`."""

    country: str = strawberry.field(description="ISO 3166, such as `DE`.")
    currency_code: str = strawberry.field(description="ISO 4217, such as `EUR`.")
    lines: list[ShippingLine] | None = strawberry.field(default=None, description="1 to 200.")
    cart_id: str | None = strawberry.field(default=None, description="One of the asking customer's own carts.")
    brand: str = strawberry.field(default=DEFAULT_BRAND, description="Which of the retailer's brands.")
    method: str | None = strawberry.field(default=None, description="Only this way; all of them, if left out.")


@strawberry.type
class ShippingQueries:
    """What shipping costs."""

    @strawberry.field(extensions=[Needs(Scope.COMMERCE_READ)])
    async def shipping(
        self,
        info: Info,
        input: ShippingInput,  # noqa: A002 - its name on the wire
    ) -> list[ShippingOption]:
        """The ways in which a cart can be sent, each at the price of the first rule that fits it."""
        options = await shipping_quotes.quote(
            await _lines(info, input),
            country=input.country,
            currency=input.currency_code,
            brand=input.brand,
            method=input.method,
        )
        return [ShippingOption.of(it) for it in options]

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def shipping_rules(self) -> ShippingRules | None:
        """The table that is in force; none before the first is published."""
        version = await shipping_store.newest()
        return ShippingRules.of(version) if version else None


@strawberry.input
class PublishShippingRulesInput:
    """A table to be in force from now on."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    source: str = strawberry.field(description="The document, YAML or JSON.")


@strawberry.type
class PublishShippingRulesPayload:
    """The table is in force."""

    version: int = strawberry.field(description="The version of this document; a newer one may be in force already.")
    is_new: bool = strawberry.field(description="False where nothing has changed.")
    warnings: list[Problem] = strawberry.field(description="What its author may want to look at again.")


PublishShippingRulesResult: TypeAlias = Annotated[
    PublishShippingRulesPayload | InvalidDefinition | IdempotencyKeyReused,
    strawberry.union("PublishShippingRulesResult", description="What became of `publishShippingRules`."),
]


@strawberry.type
class ShippingMutations:
    """What changes the rules of shipping."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def publish_shipping_rules(
        self,
        info: Info,
        input: PublishShippingRulesInput,  # noqa: A002 - its name on the wire
    ) -> PublishShippingRulesResult:
        """Check a table and put it in force. Warnings stop nothing."""
        context = info.context

        async def do() -> Done:
            # The table is that of all brands.
            checks.check_reach(context.caller, brands=(), stores=())
            published = await shipping_store.publish(
                input.source, by=context.caller.subject, key=input.idempotency_key, now=context.clock()
            )
            return Done({"version": published.number, "new": published.new}, published.change)

        try:
            answer = await context.once("publishShippingRules", input, do)
        except documents.InvalidDefinition as error:
            return InvalidDefinition.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        warnings = shipping_language.read(input.source).warnings
        return PublishShippingRulesPayload(
            version=answer["version"], is_new=answer["new"], warnings=[Problem.of(it) for it in warnings]
        )


async def _lines(info: Info, given: ShippingInput) -> tuple[CartLine, ...]:
    """Give what is to be sent: the lines of the input, or those of the asking customer's cart.

    Raises:
        BadCommerce: the input has both or neither, or there is no such cart.
    """
    if given.lines is not None and given.cart_id is None:
        return tuple(CartLine(it.sku, it.quantity) for it in given.lines)
    if given.cart_id is None or given.lines is not None:
        raise BadCommerce("input", "Ask by `lines` or by `cartId`.")
    profile_id = await info.context.own_profile_id()
    head = await info.context.loaders.one(profiles_store.heads, profile_id) if profile_id else None
    found = await info.context.loaders.one(carts_store.of_people, head.own_ids) if head else None
    lines = next((it.lines({}) for it in found or () if it.cart_id == given.cart_id), ())
    if not lines:
        raise BadCommerce("cartId", "You have no such cart, or it is empty.")
    return lines
