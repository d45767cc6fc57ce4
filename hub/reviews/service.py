"""Use cases of reviews: publish their rules, take one in, decide about one, keep one of each product and person."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.commerce import orders, products
from hub.definitions import Published
from hub.profiles import store as profiles
from hub.profiles.model import Profile
from hub.reviews import language, lifecycle, purchases, quality, store
from hub.reviews.model import (
    AlreadyReviewed,
    By,
    NoSuchReview,
    NotBought,
    Purchase,
    Review,
    Said,
    State,
    TextRefused,
    id_of,
)
from hub.reviews.quality import Verdict


@dataclass(frozen=True, slots=True)
class Submission:
    """A review that somebody brings.

    Attributes:
        product_id: of which product.
        said: what is said of it.
        source: who brings it.
        key: what makes it repeatable.
        review_id: its name in that source: under it, what is said later takes the place of what was said before.
        order: of which order; the newest that fits, where none is named.
        replace: whether it takes the place of what they have said of this product before.
        answered: whether somebody waits for the answer, and can write another text where this one is refused.
        told: whether others have told already that it came.
        is_history: whether nobody is told anything by it.
    """

    product_id: str
    said: Said
    source: str
    key: UUID
    review_id: str | None = None
    order: UUID | None = None
    replace: bool = False
    answered: bool = False
    told: bool = False
    is_history: bool = False


async def publish(source: str, *, by: str, key: str, now: datetime) -> Published:
    """Check the rules of reviews and let them hold for all that comes from now on.

    Args:
        source: the document, YAML or JSON.
        by: who publishes, the scope of `key`.
        key: repeating it with the same document answers the same, as long as no other version was published since.
        now: when it is published.

    Raises:
        InvalidDefinition: with every problem of the document.
    """

    def checked(_: object) -> str:
        language.read(source)
        return language.NAME

    return await store.DEFINITIONS.publish(source, read=checked, by=by, key=key, now=now)


async def submit(head: Profile, brought: Submission, *, now: datetime) -> Review:
    """Take a review in, judge it by the rules, and announce what came of it. Under the same key it is done once.

    Args:
        head: who says it.
        brought: what they say.
        now: the time.

    Raises:
        AlreadyReviewed: another one of theirs stands, and this one does not say that it takes its place.
        NotBought: they have not bought the product, or gave it back.
        TextRefused: the rules refuse the text, and somebody waits for the answer.
    """
    rules = await store.rules()
    while True:
        all_of_theirs = await store.of(head.own_ids, brought.product_id)
        for it in all_of_theirs:
            if brought.key in it.keys:
                return it
        before = min(all_of_theirs, key=_standing_first, default=None)
        if before is not None and _is_outdated(before, brought):
            return before
        if before is not None and not _makes_way(before, brought):
            raise AlreadyReviewed(before.id)
        # Who has brought the goods back since may still say it better.
        purchase = before.purchase if before is not None and before.stands else await _bought(head, brought)
        verdict = quality.judged(brought.said.written, rules)
        if verdict.state is State.REFUSED and brought.answered:
            raise TextRefused(verdict.faults)
        after = _taken_in(before, head, brought, purchase=purchase, verdict=verdict, now=now)
        told = lifecycle.told(before, after, came=not brought.told, now=now)
        if await store.change(before, after, () if brought.is_history else told, now=now):
            await _look_again(head, now=now)
            return after


async def decide(review_id: UUID, move: Callable[[Review], Review], *, key: UUID, now: datetime) -> Review:
    """Bring a review into another state, and announce it. Under the same key it is done once.

    Args:
        review_id: which.
        move: a step of `lifecycle`.
        key: what makes it repeatable.
        now: the time.

    Returns:
        The review as it is then.

    Raises:
        NoSuchReview: there is none.
        WrongState: it cannot come from its state into that one.
    """
    while True:
        before = (await store.load([review_id])).get(review_id)
        if before is None:
            raise NoSuchReview
        if key in before.keys:
            return before
        after = move(before)
        if after == before:
            return before
        after = lifecycle.known_by(after, key)
        if await store.change(before, after, lifecycle.told(before, after, came=False, now=now), now=now):
            return after


async def withdraw(source: str, review_id: str, *, reason: str | None, key: UUID, now: datetime) -> None:
    """Take a review away of which its source says that it is no more. Of one that is not known nothing happens."""
    found = await store.named(source, review_id)
    if found is not None:
        await decide(found.id, lambda it: lifecycle.removed(it, by=By.SOURCE, reason=reason, now=now), key=key, now=now)


async def one_for_each_product(head: Profile, *, now: datetime) -> None:
    """Let one review of each product stand: of two persons who turn out to be one, the first that is shown.

    What was set aside comes back where no other one stands any more: they are two persons after all.
    """
    while True:
        by_product: defaultdict[str, list[Review]] = defaultdict(list)
        for it in await store.of(head.own_ids):
            by_product[it.product_id].append(it)
        changes = [change for found in by_product.values() for change in _one_of(found, now)]
        written = [
            await store.change(before, after, lifecycle.told(before, after, came=False, now=now), now=now)
            for before, after in changes
        ]
        if all(written):
            return


def _one_of(found: list[Review], now: datetime) -> list[tuple[Review, Review]]:
    """Give what changes so that one of the reviews of a product stands."""
    ranked = sorted((it for it in found if it.stands), key=lambda it: (it.state is not State.APPROVED, it.at, it.id))
    if ranked:
        return [(it, lifecycle.set_aside(it, now=now)) for it in ranked[1:]]
    aside = [it for it in found if it.by is By.MERGE]
    return [(aside[0], lifecycle.brought_back(aside[0], now=now))] if aside and len(found) == len(aside) else []


async def _look_again(head: Profile, *, now: datetime) -> None:
    """Whoever was merged while their review was written may have another one."""
    current = (await profiles.heads([head.id])).get(head.id)
    if current is not None and current.own_ids != head.own_ids:
        await one_for_each_product(current, now=now)


def _standing_first(review: Review) -> tuple[bool, bool, datetime]:
    return (not review.stands, review.by is By.MERGE, review.at)


def _is_of_one_name(before: Review, brought: Submission) -> bool:
    return brought.review_id is not None and (before.source, before.review_id) == (brought.source, brought.review_id)


def _is_outdated(before: Review, brought: Submission) -> bool:
    """Tell whether a source says what it said before, or what was true before that."""
    return _is_of_one_name(before, brought) and brought.said.at <= before.said.at


def _makes_way(before: Review, brought: Submission) -> bool:
    """Tell whether a review takes the place of the one there is. What its author took away no system brings back."""
    if not before.stands and before.by is By.AUTHOR:
        return brought.answered
    return brought.replace or _is_of_one_name(before, brought)


def _taken_in(
    before: Review | None, head: Profile, brought: Submission, *, purchase: Purchase, verdict: Verdict, now: datetime
) -> Review:
    if before is not None:
        named = replace(before, purchase=purchase, source=brought.source, review_id=brought.review_id)
        return lifecycle.known_by(lifecycle.said_anew(named, brought.said, verdict, now=now), brought.key)
    return Review(
        id=id_of(brought.product_id, head.id),
        product_id=brought.product_id,
        profile_id=head.id,
        source=brought.source,
        review_id=brought.review_id,
        said=brought.said,
        purchase=purchase,
        state=verdict.state,
        by=By.RULE,
        reason=None,
        score=verdict.score,
        faults=verdict.faults,
        at=brought.said.at,
        changed_at=now,
        keys=(brought.key,),
    )


async def _bought(head: Profile, brought: Submission) -> Purchase:
    product = (await products.load([brought.product_id])).get(brought.product_id)
    skus = frozenset(it.sku for it in product.variants) if product else frozenset()
    async for order in orders.of(head.own_ids):
        if brought.order is not None and order.id != brought.order:
            continue
        if (found := purchases.kept_in(order, brought.product_id, skus)) is not None:
            return found
    raise NotBought
