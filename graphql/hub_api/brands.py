"""Brand kits: those that count, and `publishBrand`."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access.model import Scope
from hub.definitions import Published
from hub.wording import brand_store
from hub.wording.brand_store import BrandDocument
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.journeys import InvalidDefinition
from hub_api.needs import Needs
from hub_api.publishing import Publication, publish


@strawberry.type
class Brand:
    """How a brand looks and speaks in its messages."""

    name: str = strawberry.field(description="The brand, as journeys name it.")
    version: int = strawberry.field(description="The version that counts.")
    source: str = strawberry.field(description="The document as it was written, YAML or JSON.")
    published_at: datetime = strawberry.field(description="When this version was published.")

    @classmethod
    def of(cls, version: BrandDocument) -> Self:
        """Show a kit by its newest version."""
        return cls(name=version.name, version=version.number, source=version.source, published_at=version.published_at)


@strawberry.type
class BrandQueries:
    """How brand kits are found."""

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def brands(self) -> list[Brand]:
        """The brand kits, by brand."""
        return [Brand.of(it) for it in await brand_store.DEFINITIONS.live()]


@strawberry.input
class PublishBrandInput:
    """A brand kit that counts from now on."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    source: str = strawberry.field(description="The document, YAML or JSON.")


@strawberry.type
class PublishBrandPayload:
    """Messages look so a second later; templates are held against it when they are published."""

    brand: Brand = strawberry.field(description="The kit with its newest version.")
    version: int = strawberry.field(description="The version of this document; a newer one may be published already.")
    is_new: bool = strawberry.field(description="False where nothing has changed.")


PublishBrandResult: TypeAlias = Annotated[
    PublishBrandPayload | InvalidDefinition | IdempotencyKeyReused,
    strawberry.union("PublishBrandResult", description="What became of `publishBrand`."),
]


@strawberry.type
class BrandMutations:
    """What changes how a brand looks."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def publish_brand(
        self,
        info: Info,
        input: PublishBrandInput,  # noqa: A002 - its name on the wire
    ) -> PublishBrandResult:
        """Check a brand kit and let messages look so."""
        context = info.context

        async def do() -> Published:
            key, by = input.idempotency_key, context.caller.subject
            return await brand_store.publish(input.source, by=by, key=key, now=context.clock())

        done = await publish(context, "brand", input, do)
        if not isinstance(done, Publication):
            return done
        (live,) = await brand_store.DEFINITIONS.live([done.name])
        return PublishBrandPayload(brand=Brand.of(live), version=done.version, is_new=done.is_new)
