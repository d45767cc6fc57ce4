"""Reviews: what customers say of products, as they themselves and the staff see it, and how it is found."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from hub.access.model import Scope
from hub.database import OwnIds
from hub.kit import pages
from hub.profiles import store as profiles
from hub.reviews import model, store
from hub.reviews.language import NAME
from hub.reviews.model import WAITING, By, Fault, State
from hub.reviews.store import ReviewRulesDocument
from hub_api.connections import After, Before, Connection, First, Last
from hub_api.context import Info
from hub_api.needs import Needs
from hub_api.nodes import BadId, Node, global_id, parsed, uuid_of


@strawberry.type
class Review(Node):
    """What one person says of one product, whatever became of it."""

    profile_id: strawberry.Private[UUID]
    product_id: str = strawberry.field(description="The product, as the shop names it.")
    stars: int = strawberry.field(description="1 to 5.")
    title: str | None = strawberry.field(description="Its title.")
    text: str = strawberry.field(description="The text; empty where its author took it away.")
    language: str | None = strawberry.field(description="In which language, such as `de-AT`.")
    photos: int = strawberry.field(description="How many photos belong to it.")
    consent_version: str | None = strawberry.field(description="Of the text by which its author agreed to be shown.")
    show_name: bool = strawberry.field(description="Whether its author is named; else their initials are.")
    order_source: str = strawberry.field(description="Who told of the order it rests on.")
    order_id: str = strawberry.field(description="The order it rests on, as that source names it.")
    line: int = strawberry.field(description="Which line of that order, counted from 0.")
    source: str = strawberry.field(description="Who brought it.")
    state: State = strawberry.field(description="How far it is.")
    by: By = strawberry.field(description="Who brought it into that state.")
    reason: str | None = strawberry.field(description="Why, in words of whoever did.")
    score: int = strawberry.field(description="How much the text says, 0 to 100.")
    faults: list[Fault] = strawberry.field(description="What the rules found in the text.")
    at: datetime = strawberry.field(description="When they first reviewed the product.")
    said_at: datetime = strawberry.field(description="When they wrote this text.")
    changed_at: datetime = strawberry.field(description="When it came into its state.")

    @classmethod
    def of(cls, review: model.Review) -> Self:
        """Show a review."""
        said, purchase = review.said, review.purchase
        return cls(
            id=global_id("Review", review.id),
            profile_id=review.profile_id,
            product_id=review.product_id,
            stars=said.stars,
            title=said.written.title,
            text=said.written.text,
            language=said.language,
            photos=said.written.photos,
            consent_version=said.consent_version,
            show_name=said.show_name,
            order_source=purchase.source,
            order_id=purchase.order_id,
            line=purchase.line,
            source=review.source,
            state=review.state,
            by=review.by,
            reason=review.reason,
            score=review.score,
            faults=list(review.faults),
            at=review.at,
            said_at=said.at,
            changed_at=review.changed_at,
        )


@strawberry.type
class HasReviews:
    """What a profile shows of its reviews."""

    own_ids: strawberry.Private[OwnIds]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def reviews(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Review]:
        """What this profile says of products, whatever became of it, newest first."""
        wanted = pages.span(first, after, last, before)
        return Connection.of(await info.context.loaders.page(store.pages, self.own_ids, wanted), Review.of)


@strawberry.type
class ReviewRules:
    """The rules of reviews: which texts are refused, held for the staff, or approved by themselves."""

    version: int = strawberry.field(description="Their newest version, which holds.")
    source: str = strawberry.field(description="The document as it was written, YAML or JSON.")
    published_at: datetime = strawberry.field(description="When this version was published.")

    @classmethod
    def of(cls, version: ReviewRulesDocument) -> Self:
        """Show the rules by their newest version."""
        return cls(version=version.number, source=version.source, published_at=version.published_at)


@strawberry.input
class ReviewFilter:
    """Which reviews are wanted."""

    states: list[State] | None = strawberry.field(
        default=None, description="In these states; left out, those that wait for the staff: `RECEIVED` and `HELD`."
    )
    product_id: str | None = strawberry.field(default=None, description="Of this product.")


@strawberry.type
class ReviewQueries:
    """How reviews and their rules are found."""

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, unlimited=True)])
    async def reviews(  # noqa: PLR0917 - a connection has as many
        self,
        info: Info,
        filter: ReviewFilter | None = None,  # noqa: A002 - its name on the wire
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Review]:
        """Reviews of all customers, newest first: those that wait for the staff, if no other state is asked for."""
        del info
        asked = filter or ReviewFilter()
        states = WAITING if asked.states is None else frozenset(asked.states)
        wanted = pages.span(first, after, last, before)
        return Connection.of(await store.page(wanted, states=states, product_id=asked.product_id), Review.of)

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_self=True)])
    async def review(self, info: Info, id: strawberry.ID) -> Review | None:  # noqa: A002 - its name on the wire
        """One review; for a customer, one of their own."""
        context = info.context
        found = await context.loaders.one(store.load, review_id_of(id))
        if found is None:
            return None
        if Scope.PROFILE_READ not in context.caller.scopes:
            head = await context.loaders.one(profiles.heads, found.profile_id)
            if head is None or head.id != await context.own_profile_id():
                return None
        return Review.of(found)

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def review_rules(self) -> ReviewRules | None:
        """The rules of reviews; nothing where none are published, and each review waits for the staff."""
        return next((ReviewRules.of(it) for it in await store.DEFINITIONS.live([NAME])), None)


def review_id_of(id_: strawberry.ID) -> UUID:
    """Read the id of a review.

    Raises:
        BadId: it is none.
    """
    type_name, own_id = parsed(id_)
    if type_name != "Review":
        raise BadId
    return uuid_of(own_id)
