"""The contact policy: how it is shown, and the mutation `publishPolicy`."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access.model import Scope
from hub.contact import service, store
from hub.contact.model import NAME
from hub.contact.store import PolicyDocument
from hub.definitions import Published
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.journeys import InvalidDefinition
from hub_api.needs import Needs
from hub_api.publishing import Publication, publish


@strawberry.type
class Policy:
    """The contact policy: how often, and at which hours, customers may be told what nobody has to tell them."""

    version: int = strawberry.field(description="Its newest version, which holds.")
    source: str = strawberry.field(description="The document as it was written, YAML or JSON.")
    published_at: datetime = strawberry.field(description="When this version was published.")

    @classmethod
    def of(cls, version: PolicyDocument) -> Self:
        """Show the policy by its newest version."""
        return cls(version=version.number, source=version.source, published_at=version.published_at)


@strawberry.type
class PolicyQueries:
    """How the policy is found."""

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def policy(self) -> Policy | None:
        """The contact policy; nothing where none is published, and no message is capped or kept for later."""
        return next((Policy.of(it) for it in await store.DEFINITIONS.live([NAME])), None)


@strawberry.input
class PublishPolicyInput:
    """The contact policy to hold from now on."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    source: str = strawberry.field(description="The document, YAML or JSON.")


@strawberry.type
class PublishPolicyPayload:
    """It holds: from a second later on, for all that is not sent yet."""

    policy: Policy = strawberry.field(description="The policy with its newest version.")
    version: int = strawberry.field(description="The version of this document; a newer one may be published already.")
    is_new: bool = strawberry.field(description="False where nothing has changed.")


PublishPolicyResult: TypeAlias = Annotated[
    PublishPolicyPayload | InvalidDefinition | IdempotencyKeyReused,
    strawberry.union("PublishPolicyResult", description="What became of `publishPolicy`."),
]


@strawberry.type
class PolicyMutations:
    """What changes the policy."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def publish_policy(
        self,
        info: Info,
        input: PublishPolicyInput,  # noqa: A002 - its name on the wire
    ) -> PublishPolicyResult:
        """Check the contact policy and let it hold."""
        context = info.context

        async def do() -> Published:
            key, by = input.idempotency_key, context.caller.subject
            return await service.publish(input.source, by=by, key=key, now=context.clock())

        done = await publish(context, "policy", input, do)
        if not isinstance(done, Publication):
            return done
        (live,) = await store.DEFINITIONS.live([done.name])
        return PublishPolicyPayload(policy=Policy.of(live), version=done.version, is_new=done.is_new)
