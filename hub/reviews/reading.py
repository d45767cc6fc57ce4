"""What an event says of a review: `Product Reviewed` as Segment specifies it, `Review Received`, `Review Withdrawn`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from hub.events.model import IMPORT, Event, Kind
from hub.kit import ids
from hub.reviews import checks
from hub.reviews.model import RECEIVED, REVIEWED, WITHDRAWN, Said, Text
from hub.reviews.service import Submission

EVENTS: Final = frozenset({REVIEWED, RECEIVED, WITHDRAWN})
"""The events that say something of a review. One that says `Review Received` has told of it already."""


_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A review that its source has no more, and why."""

    review_id: str
    reason: str | None


def submission(event: Event) -> Submission:
    """Read a review.

    Raises:
        BadReview: a property is missing or cannot be what it is.
    """
    said = event.properties
    product_id = checks.needed("product_id", said.get("product_id"))
    text = _either(said, "text", "review_body")
    stars = _either(said, "stars", "rating")
    order_id = checks.name("order_id", said.get("order_id"))
    source = checks.name("order_source", said.get("order_source")) or event.source
    return Submission(
        product_id=product_id,
        said=Said(
            stars=checks.stars("stars", stars),
            written=Text(
                checks.text("text", text),
                checks.title("title", said.get("title")),
                checks.photos("photos", said.get("photos")),
            ),
            language=checks.language("language", said.get("language")),
            consent_version=checks.name("consent_version", said.get("consent_version")),
            show_name=said.get("show_name") is True,
            at=event.at,
        ),
        source=event.source,
        key=event.id,
        review_id=checks.name("review_id", said.get("review_id")) or str(event.id),
        order=None if order_id is None else ids.key_of("order", source, order_id),
        told=event.name == RECEIVED,
        is_history=event.is_history,
    )


def withdrawal(event: Event) -> Withdrawal:
    """Read that a review is no more.

    Raises:
        BadReview: it does not say which one.
    """
    review_id = checks.needed("review_id", event.properties.get("review_id"))
    return Withdrawal(review_id, checks.reason("reason", event.properties.get("reason")))


def _either(said: Mapping[str, Any], ours: str, segments: str) -> object:
    """Give a property by our name, else by Segment's."""
    return said[ours] if said.get(ours) is not None else said.get(segments)


def check(name: str, properties: Mapping[str, Any]) -> None:
    """Let properties pass that an event of this name could have, before it is sent.

    Raises:
        BadReview: one of them is missing or cannot be what it is.
    """
    seeming = Event(
        id=_NOBODY,
        source=IMPORT.id,
        trust=IMPORT.trust,
        kind=Kind.TRACK,
        name=name,
        user_id=None,
        anonymous_id=None,
        properties=properties,
        traits={},
        context={},
        at=datetime.fromtimestamp(0, UTC),
        accepted_at=datetime.fromtimestamp(0, UTC),
    )
    _ = withdrawal(seeming) if name == WITHDRAWN else submission(seeming)
