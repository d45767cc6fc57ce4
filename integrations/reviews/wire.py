"""The body of `/webhooks/reviews`, and the calls that its reviews become: they take the way that every event takes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from hub.events.model import Kind, Refusal
from hub.reviews import reading
from hub.reviews.model import REVIEWED, WITHDRAWN, BadReview
from integrations.webhooks import Unreadable

MOST: Final = 500
"""How many reviews one request may hold."""

_PROPERTIES: Final[Mapping[str, str]] = {
    "id": "review_id",
    "productId": "product_id",
    "stars": "stars",
    "title": "title",
    "text": "text",
    "language": "language",
    "photos": "photos",
    "orderId": "order_id",
    "orderSource": "order_source",
    "consentVersion": "consent_version",
    "showName": "show_name",
    "reason": "reason",
}
_NO_LIST: Final = f"The body is an object with `reviews`, a list of at most {MOST} objects."


@dataclass(frozen=True, slots=True)
class Read:
    """What a body holds: calls with the places of their reviews, and the reviews that became none."""

    calls: Sequence[bytes]
    places: Sequence[int]
    refused: Sequence[Refusal]


def read(body: bytes) -> Read:
    """Read the body of a request. A bad review does not harm its neighbours.

    Raises:
        Unreadable: it is no list of reviews, or too long.
    """
    try:
        said = orjson.loads(body)
    except ValueError:
        raise Unreadable(_NO_LIST) from None
    reviews = said.get("reviews") if isinstance(said, dict) else None
    if not isinstance(reviews, list) or len(reviews) > MOST or not all(isinstance(it, dict) for it in reviews):
        raise Unreadable(_NO_LIST)
    calls: list[bytes] = []
    places: list[int] = []
    refused: list[Refusal] = []
    for place, review in enumerate(reviews):
        try:
            calls.append(_call(review))
            places.append(place)
        except BadReview as error:
            refused.append(Refusal(place, error.code.lower(), error.message))
    return Read(calls, places, refused)


def _call(review: Mapping[str, Any]) -> bytes:
    """Make the call of one review; its id there and all that it says are what makes it known again.

    Raises:
        BadReview: a part is missing or cannot be what it is. The sentence names it as events do.
    """
    name = WITHDRAWN if review.get("withdrawn") is True else REVIEWED
    properties = {ours: review[theirs] for theirs, ours in _PROPERTIES.items() if review.get(theirs) is not None}
    reading.check(name, properties)
    digest = hashlib.sha256(orjson.dumps(review, option=orjson.OPT_SORT_KEYS)).hexdigest()
    contacts = {it: review[it] for it in ("email", "phone") if review.get(it) is not None}
    call = {
        "type": Kind.TRACK.value,
        "event": name,
        "messageId": f"review/{digest}",
        "userId": review.get("userId"),
        "timestamp": review.get("at"),
        "properties": properties,
        "context": {"traits": contacts} if contacts else None,
    }
    return orjson.dumps({key: value for key, value in call.items() if value is not None})
