"""A review: what one person says of one product, the purchase it rests on, and how far it is.

There is one for each product and person, for ever: a later text takes the place of the one before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from hub.kit import ids
from hub.kit.errors import HubError

RECEIVED: Final = "Review Received"
APPROVED: Final = "Review Approved"
REMOVED: Final = "Review Removed"
REVIEWED: Final = "Product Reviewed"
WITHDRAWN: Final = "Review Withdrawn"
EVENTS: Final = frozenset({RECEIVED, APPROVED, REMOVED, REVIEWED, WITHDRAWN})
"""The events that are about reviews, the hub's own and those of sources."""
STARS: Final = frozenset({"stars", "rating"})
"""The properties in which they hold the stars. No points may depend on these."""

DELIVERED: Final = "Order Line Delivered"
"""What the hub announces of each line of an order that the customer has had, so that a journey can ask for a review."""

FEWEST_STARS: Final = 1
MOST_STARS: Final = 5
LONGEST_TEXT: Final = 5_000
LONGEST_TITLE: Final = 200
LONGEST_NAME: Final = 255
LONGEST_REASON: Final = 500
MOST_PHOTOS: Final = 20


class State(StrEnum):
    """How far a review is: `received` waits for the staff, `held` does so because a rule found something."""

    RECEIVED = "received"
    HELD = "held"
    APPROVED = "approved"
    REFUSED = "refused"
    REMOVED = "removed"


WAITING: Final = frozenset({State.RECEIVED, State.HELD})
"""The states of the queue of the staff."""


class By(StrEnum):
    """Who brought a review into its state."""

    AUTHOR = "author"
    STAFF = "staff"
    SOURCE = "source"
    RULE = "rule"
    MERGE = "merge"


class Fault(StrEnum):
    """What a rule finds in a text."""

    TOO_SHORT = "too_short"
    TOO_FEW_WORDS = "too_few_words"
    LOW_SCORE = "low_score"
    BANNED_WORD = "banned_word"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Text:
    """All of a review that a rule may judge. The stars are not in it."""

    text: str
    title: str | None = None
    photos: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says of a product.

    Attributes:
        stars: 1 to 5.
        written: the text, its title, and how many photos there are beside it.
        language: in which language, such as `de-AT`.
        consent_version: of the text by which they agreed that it is shown.
        show_name: whether they agreed to be named; else their initials stand beside it.
        at: when they said it.
    """

    stars: int
    written: Text
    language: str | None
    consent_version: str | None
    show_name: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a review rests on: a line of an order, counted from 0."""

    source: str
    order_id: str
    line: int


@dataclass(frozen=True, slots=True)
class Review:
    """What one person says of one product, and how far it is.

    Attributes:
        id: made of the product and the profile that said it first.
        product_id: the product, as the shop names it.
        profile_id: who said it, as they were then.
        source: who brought it.
        review_id: its name there; None where it has none.
        said: what was said last.
        purchase: what it rests on.
        state: how far it is.
        by: who brought it into that state.
        reason: why, in words of whoever did.
        score: how much the text says, 0 to 100.
        faults: what the rules found in it.
        at: when it was first said.
        changed_at: when it came into its state.
        was: the state that it had before another one of the same person stood beside it.
        watched: whether the staff refused or removed it last: no rule approves what comes after.
        keys: what has changed it, so that it does so once.
        rev: raised by every change; 0 where it is not stored yet.
    """

    id: UUID
    product_id: str
    profile_id: UUID
    source: str
    review_id: str | None
    said: Said
    purchase: Purchase
    state: State
    by: By
    reason: str | None
    score: int
    faults: tuple[Fault, ...]
    at: datetime
    changed_at: datetime
    was: State | None = None
    watched: bool = False
    keys: tuple[UUID, ...] = ()
    rev: int = 0

    @property
    def stands(self) -> bool:
        """Whether it is a review at all: one that was taken away is none."""
        return self.state is not State.REMOVED


@dataclass(frozen=True, slots=True)
class Rating:
    """How many reviews with 1, 2, 3, 4 and 5 stars are shown of a product."""

    by_stars: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many are shown."""
        return sum(self.by_stars)

    @property
    def average(self) -> Decimal | None:
        """The stars on average, in hundredths, halves up; none where nothing is shown."""
        if not self.count:
            return None
        stars = sum(place * count for place, count in enumerate(self.by_stars, start=1))
        return (Decimal(stars) / self.count).quantize(Decimal("0.01"), ROUND_HALF_UP)


def id_of(product_id: str, profile_id: UUID) -> UUID:
    """Make the key of a review."""
    return ids.key_of("review", product_id, profile_id)


class ReviewRefused(HubError):
    """A review that cannot be taken, or not be changed as it was asked for. `part` is what of the input is meant."""

    part: ClassVar[str]


class BadReview(ReviewRefused):
    """A part of a review cannot be what it is. The sentence names it, and never what stands there."""

    code = "BAD_REVIEW"

    def __init__(self, part: str, sentence: str) -> None:
        super().__init__(sentence)
        self.part = part  # type: ignore[misc]  # here it differs from one to the next


class NotBought(ReviewRefused):
    """There is no completed order of theirs with this product in it, or all of it was given back."""

    code = "NOT_BOUGHT"
    part = "productId"

    def __init__(self) -> None:
        super().__init__("Only who has bought a product and kept it can review it: no such purchase is known.")


class AlreadyReviewed(ReviewRefused):
    """They have reviewed this product."""

    code = "ALREADY_REVIEWED"
    part = "productId"

    def __init__(self, standing: UUID) -> None:
        super().__init__("You have reviewed this product. Send `replace: true` to put this text in its place.")
        self.standing = standing


class TextRefused(ReviewRefused):
    """The text does not meet the rules of reviews."""

    code = "TEXT_REFUSED"
    part = "text"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"The text does not meet the rules of reviews: {', '.join(faults)}.")
        self.faults = tuple(faults)


class NoSuchReview(ReviewRefused):
    """There is no such review."""

    code = "NOT_FOUND"
    part = "id"

    def __init__(self) -> None:
        super().__init__("There is no such review.")


class WrongState(ReviewRefused):
    """A review cannot come from its state into the one that was asked for."""

    code = "WRONG_STATE"
    part = "id"

    def __init__(self, state: State, wanted: State, by: By) -> None:
        super().__init__(f"A review that is {state} by its {by} cannot become {wanted}.")
        self.state = state
