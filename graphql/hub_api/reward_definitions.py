"""Rewards as the staff define them: the documents, the votes for those that are proposed, and `publishReward`."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access.model import Scope
from hub.definitions import Published
from hub.rewards import language as documents_of_rewards
from hub.rewards import service, store
from hub.rewards.model import RewardKind, RewardState
from hub.rewards.store import RewardDocument
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.journeys import InvalidDefinition
from hub_api.needs import Needs
from hub_api.publishing import Publication, publish


@strawberry.type
class RewardVotesInSegment:
    """How many of those in a segment voted for a reward."""

    segment: str = strawberry.field(description="The segment.")
    votes: int = strawberry.field(description="How many of its customers voted.")


@strawberry.type
class RewardVotes:
    """Who would like a reward: one vote for each customer. One who is in several segments counts in each."""

    total: int = strawberry.field(description="How many customers voted.")
    by_segment: list[RewardVotesInSegment] = strawberry.field(description="Of these, by the segments they are in now.")


@strawberry.type
class RewardDefinition:
    """A reward as it was published last."""

    name: str = strawberry.field(description="Its name, which never changes.")
    version: int = strawberry.field(description="Its newest version.")
    kind: RewardKind = strawberry.field(description="What it gives, in a word.")
    state: RewardState = strawberry.field(description="Where it stands.")
    source: str = strawberry.field(description="The document as it was written, YAML or JSON.")
    published_at: datetime = strawberry.field(description="When this version was published.")

    @classmethod
    def of(cls, version: RewardDocument) -> Self:
        """Show a reward by its newest version."""
        reward = documents_of_rewards.read(version.source, None)
        return cls(
            name=version.name,
            version=version.number,
            kind=reward.kind,
            state=reward.state,
            source=version.source,
            published_at=version.published_at,
        )

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def votes(self) -> RewardVotes:
        """How many customers would like it, and in which segments they are."""
        counted = await service.votes(self.name)
        by_segment = [RewardVotesInSegment(segment=name, votes=count) for name, count in counted.by_segment.items()]
        return RewardVotes(total=counted.total, by_segment=by_segment)


@strawberry.type
class RewardDefinitionQueries:
    """How definitions of rewards are found."""

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def reward_definitions(self) -> list[RewardDefinition]:
        """The rewards in their newest versions, by name."""
        return [RewardDefinition.of(it) for it in await store.DEFINITIONS.live()]

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def reward_definition(self, name: str) -> RewardDefinition | None:
        """One reward in its newest version."""
        return next((RewardDefinition.of(it) for it in await store.DEFINITIONS.live([name])), None)


@strawberry.input
class PublishRewardInput:
    """A reward that counts from now on."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    source: str = strawberry.field(description="The document, YAML or JSON.")


@strawberry.type
class PublishRewardPayload:
    """It counts from now on. Vouchers that are out keep what they were issued for."""

    reward: RewardDefinition = strawberry.field(description="The reward with its newest version.")
    version: int = strawberry.field(description="The version of this document; a newer one may be published already.")
    is_new: bool = strawberry.field(description="False where nothing has changed.")


PublishRewardResult: TypeAlias = Annotated[
    PublishRewardPayload | InvalidDefinition | IdempotencyKeyReused,
    strawberry.union("PublishRewardResult", description="What became of `publishReward`."),
]


@strawberry.type
class RewardDefinitionMutations:
    """What changes rewards."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def publish_reward(
        self,
        info: Info,
        input: PublishRewardInput,  # noqa: A002 - its name on the wire
    ) -> PublishRewardResult:
        """Check a reward and let it count, be it proposed, live or retired."""
        context = info.context

        async def do() -> Published:
            return await service.publish(
                input.source,
                by=context.caller.subject,
                key=input.idempotency_key,
                now=context.clock(),
            )

        done = await publish(context, "reward", input, do)
        if not isinstance(done, Publication):
            return done
        (live,) = await store.DEFINITIONS.live([done.name])
        return PublishRewardPayload(reward=RewardDefinition.of(live), version=done.version, is_new=done.is_new)
