"""What is done with reviews: the mutations by which customers write them, and the staff decide about them."""

from typing import Annotated, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import CallerKind, Forbidden, Scope
from hub.definitions import Published
from hub.events.announcing import HUB
from hub.kit import ids
from hub.profiles import store as profiles
from hub.reviews import checks, lifecycle, model, service, store
from hub.reviews.language import NAME
from hub.reviews.model import AlreadyReviewed, By, Fault, NoSuchReview, ReviewRefused, Said, Text, TextRefused
from hub.reviews.service import Submission
from hub_api.context import Context, Info, Keyed
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.journeys import InvalidDefinition
from hub_api.needs import Needs
from hub_api.nodes import BadId, global_id, parsed, uuid_of
from hub_api.publishing import Publication, publish
from hub_api.reviews import Review, ReviewRules, review_id_of
from hub_api.subjects import meant


@strawberry.input
class SubmitReviewInput:
    """What a customer says of a product that they bought."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose review; a customer leaves it out, and means themself."
    )
    product_id: str = strawberry.field(description="The product, as the shop names it.")
    order: strawberry.ID | None = strawberry.field(
        default=None, description="The `id` of the order; left out, the newest of theirs with this product."
    )
    stars: int = strawberry.field(description="1 to 5.")
    title: str | None = strawberry.field(default=None, description="At most 200 characters.")
    text: str = strawberry.field(description="1 to 5000 characters.")
    language: str | None = strawberry.field(default=None, description="Such as `de-AT`; left out, the customer's own.")
    photos: int = strawberry.field(default=0, description="How many photos belong to it; you keep them.")
    consent_version: str = strawberry.field(description="Of the text by which they agree that it is shown.")
    show_name: bool = strawberry.field(default=False, description="Whether they agree to be named, not by initials.")
    replace: bool = strawberry.field(
        default=False, description="Whether it takes the place of what they said of this product before."
    )


@strawberry.input
class ApproveReviewInput:
    """A review that may be shown."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID = strawberry.field(description="The review.")


@strawberry.input
class RefuseReviewInput:
    """A review that is not to be shown."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID = strawberry.field(description="The review.")
    reason: str = strawberry.field(description="Why, for its author; at most 500 characters.")


@strawberry.input
class RemoveReviewInput:
    """A review that is to be shown no more."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID = strawberry.field(description="The review; a customer's own, if they ask.")
    reason: str | None = strawberry.field(default=None, description="Why; the staff have to say it.")


@strawberry.type
class SubmitReviewPayload:
    """The review is taken in; its state says whether it is shown, or waits for the staff."""

    review: Review = strawberry.field(description="The review as it is now.")


@strawberry.type
class ApproveReviewPayload:
    """The review is shown."""

    review: Review = strawberry.field(description="The review as it is now.")


@strawberry.type
class RefuseReviewPayload:
    """The review is not shown."""

    review: Review = strawberry.field(description="The review as it is now.")


@strawberry.type
class RemoveReviewPayload:
    """The review is gone; what was earned by it is taken back."""

    review: Review = strawberry.field(description="The review as it is now.")


@strawberry.type
class ReviewNotTaken(UserError):
    """The review is not taken, or stays as it is: see the code."""

    faults: list[Fault] = strawberry.field(description="What the rules found in the text, if that is why.")
    standing: strawberry.ID | None = strawberry.field(description="Their review that stands, if that is why.")

    @classmethod
    def of(cls, error: ReviewRefused) -> Self:
        """Show the error."""
        return cls(
            code=error.code,
            message=error.message,
            path=["input", error.part],
            faults=list(error.faults) if isinstance(error, TextRefused) else [],
            standing=global_id("Review", error.standing) if isinstance(error, AlreadyReviewed) else None,
        )


SubmitReviewResult: TypeAlias = Annotated[
    SubmitReviewPayload | ReviewNotTaken | IdempotencyKeyReused,
    strawberry.union("SubmitReviewResult", description="What became of `submitReview`."),
]
ApproveReviewResult: TypeAlias = Annotated[
    ApproveReviewPayload | ReviewNotTaken | IdempotencyKeyReused,
    strawberry.union("ApproveReviewResult", description="What became of `approveReview`."),
]
RefuseReviewResult: TypeAlias = Annotated[
    RefuseReviewPayload | ReviewNotTaken | IdempotencyKeyReused,
    strawberry.union("RefuseReviewResult", description="What became of `refuseReview`."),
]
RemoveReviewResult: TypeAlias = Annotated[
    RemoveReviewPayload | ReviewNotTaken | IdempotencyKeyReused,
    strawberry.union("RemoveReviewResult", description="What became of `removeReview`."),
]


@strawberry.input
class PublishReviewRulesInput:
    """The rules of reviews to hold from now on."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    source: str = strawberry.field(description="The document, YAML or JSON.")


@strawberry.type
class PublishReviewRulesPayload:
    """The rules hold for all reviews that come from now on."""

    rules: ReviewRules = strawberry.field(description="The rules in their newest version.")
    version: int = strawberry.field(description="The version of this document; a newer one may be published already.")
    is_new: bool = strawberry.field(description="False where nothing has changed.")


PublishReviewRulesResult: TypeAlias = Annotated[
    PublishReviewRulesPayload | InvalidDefinition | IdempotencyKeyReused,
    strawberry.union("PublishReviewRulesResult", description="What became of `publishReviewRules`."),
]


@strawberry.type
class ReviewMutations:
    """What writes reviews, and decides about them."""

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE, or_self=True)])
    async def submit_review(
        self,
        info: Info,
        input: SubmitReviewInput,  # noqa: A002 - its name on the wire
    ) -> SubmitReviewResult:
        """Say something of a product. It is checked at once, and shown or kept for the staff by the published rules."""
        try:
            answer = await info.context.once("submitReview", input, lambda: _submit(info, input))
            return SubmitReviewPayload(review=await _shown(answer["review"]))
        except ReviewRefused as error:
            return ReviewNotTaken.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)

    @strawberry.mutation(extensions=[Needs(Scope.REVIEWS_WRITE, unlimited=True)])
    async def approve_review(
        self,
        info: Info,
        input: ApproveReviewInput,  # noqa: A002 - its name on the wire
    ) -> ApproveReviewResult:
        """Let a review be shown, also one that the staff refused or removed before."""
        try:
            answer = await info.context.once("approveReview", input, lambda: _decide(info, "approve", input))
            return ApproveReviewPayload(review=await _shown(answer["review"]))
        except ReviewRefused as error:
            return ReviewNotTaken.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)

    @strawberry.mutation(extensions=[Needs(Scope.REVIEWS_WRITE, unlimited=True)])
    async def refuse_review(
        self,
        info: Info,
        input: RefuseReviewInput,  # noqa: A002 - its name on the wire
    ) -> RefuseReviewResult:
        """Say of a review that waits that it is not shown."""
        try:
            answer = await info.context.once("refuseReview", input, lambda: _decide(info, "refuse", input))
            return RefuseReviewPayload(review=await _shown(answer["review"]))
        except ReviewRefused as error:
            return ReviewNotTaken.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)

    @strawberry.mutation(extensions=[Needs(Scope.REVIEWS_WRITE, or_self=True, unlimited=True)])
    async def remove_review(
        self,
        info: Info,
        input: RemoveReviewInput,  # noqa: A002 - its name on the wire
    ) -> RemoveReviewResult:
        """Take a review away: a customer their own, the staff any one."""
        try:
            answer = await info.context.once("removeReview", input, lambda: _decide(info, "remove", input))
            return RemoveReviewPayload(review=await _shown(answer["review"]))
        except ReviewRefused as error:
            return ReviewNotTaken.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def publish_review_rules(
        self,
        info: Info,
        input: PublishReviewRulesInput,  # noqa: A002 - its name on the wire
    ) -> PublishReviewRulesResult:
        """Check the rules of reviews and let them hold."""
        context = info.context

        async def do() -> Published:
            return await service.publish(
                input.source, by=context.caller.subject, key=input.idempotency_key, now=context.clock()
            )

        done = await publish(context, "review rules", input, do)
        if not isinstance(done, Publication):
            return done
        (live,) = await store.DEFINITIONS.live([NAME])
        return PublishReviewRulesPayload(rules=ReviewRules.of(live), version=done.version, is_new=done.is_new)


async def _submit(info: Info, wanted: SubmitReviewInput) -> Done:
    context = info.context
    head, now = await meant(info, wanted.id, Scope.PROFILE_WRITE), context.clock()
    product_id = checks.needed("productId", wanted.product_id)
    written = Text(
        checks.text("text", wanted.text), checks.title("title", wanted.title), checks.photos("photos", wanted.photos)
    )
    said = Said(
        stars=checks.stars("stars", wanted.stars),
        written=written,
        language=checks.language("language", wanted.language) or head.language,
        consent_version=checks.needed("consentVersion", wanted.consent_version),
        show_name=wanted.show_name,
        at=now,
    )
    source = context.caller.source
    brought = Submission(
        product_id=product_id,
        said=said,
        source=source.id if source else HUB.id,
        key=_key_of(context, "submitReview", wanted),
        order=None if wanted.order is None else _order_id_of(wanted.order),
        replace=wanted.replace,
        answered=True,
    )
    review = await service.submit(head, brought, now=now)
    # What they say is theirs: what outlives them says only that they did.
    change = Change("submit review", str(review.id), None, {"product": product_id, "state": review.state.value})
    return Done({"review": str(review.id)}, change)


async def _decide(info: Info, what: str, wanted: ApproveReviewInput | RefuseReviewInput | RemoveReviewInput) -> Done:
    context = info.context
    review_id, now = review_id_of(wanted.id), context.clock()
    by = await _deciding(info, review_id)
    reason = None if isinstance(wanted, ApproveReviewInput) else checks.reason("reason", wanted.reason)
    if reason is None and by is By.STAFF and what != "approve":
        raise model.BadReview("reason", "Say in a few words why.")
    moves = {"approve": lifecycle.approved, "refuse": lifecycle.refused, "remove": lifecycle.removed}
    move = moves[what]
    key = _key_of(context, f"{what}Review", wanted)
    review = await service.decide(review_id, lambda it: move(it, by=by, reason=reason, now=now), key=key, now=now)
    change = Change(f"{what} review", str(review_id), None, {"state": review.state.value, "by": by.value})
    return Done({"review": str(review_id)}, change)


async def _deciding(info: Info, review_id: UUID) -> By:
    """Tell as whom the caller decides: a customer does so only about what they wrote themselves."""
    context = info.context
    if context.caller.kind is not CallerKind.CUSTOMER:
        return By.STAFF
    own_id = await context.own_profile_id()
    found = (await store.load([review_id])).get(review_id)
    head = (await profiles.heads([found.profile_id])).get(found.profile_id) if found else None
    if head is None or head.id != own_id:
        raise Forbidden(Scope.REVIEWS_WRITE)  # also where there is none: nobody learns of others' reviews
    return By.AUTHOR


async def _shown(review_id: str) -> Review:
    key = uuid_of(review_id)
    found = (await store.load([key])).get(key)
    if found is None:
        raise NoSuchReview  # its author was forgotten since
    return Review.of(found)


def _key_of(context: Context, mutation: str, given: Keyed) -> UUID:
    return ids.key_of(mutation, context.caller.kind, context.caller.subject, given.idempotency_key)


def _order_id_of(id_: strawberry.ID) -> UUID:
    type_name, own_id = parsed(id_)
    if type_name != "Order":
        raise BadId
    return uuid_of(own_id)
