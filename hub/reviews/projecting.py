"""What applied events say of reviews: an outside system tells of them, and the hub itself who turned out to be one.

Only a server's word is believed, for anybody can read a client's key: from there comes no review and no approval.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.decisions import store as decisions
from hub.decisions.model import Decision, Reason
from hub.events import store as events_store
from hub.events.model import Event, Kind, Trust
from hub.profiles import merging
from hub.profiles.model import Profile
from hub.reviews import reading, service
from hub.reviews.model import WITHDRAWN, AlreadyReviewed, BadReview, NotBought

QUESTION: Final = "review"
"""Asked of each event that tells of a review; only a no is recorded, a yes is the review itself."""


async def project(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Keep what applied events say of reviews, in their order. All of it may be repeated."""
    for event in events:
        if event.profile_id is None or event.kind is not Kind.TRACK:
            continue
        if event.about is not None:
            if event.name in merging.DECIDED:
                await service.one_for_each_product(profiles[event.profile_id], now=now)
        elif event.name in reading.EVENTS:
            await _take_in(event, profiles[event.profile_id], now)


async def _take_in(event: Event, head: Profile, now: datetime) -> None:
    if event.trust is not Trust.SERVER:
        await _decide(event, head, Reason.UNTRUSTED_SOURCE, now)
        return
    try:
        if event.name == WITHDRAWN:
            gone = reading.withdrawal(event)
            await service.withdraw(event.source, gone.review_id, reason=gone.reason, key=event.id, now=now)
        else:
            await service.submit(head, reading.submission(event), now=now)
    except BadReview as error:
        await events_store.set_aside([(event, error.code.lower(), error.message)], now=now)
    except NotBought:
        await _decide(event, head, Reason.NOT_BOUGHT, now)
    except AlreadyReviewed:
        await _decide(event, head, Reason.ALREADY_REVIEWED, now)


async def _decide(event: Event, head: Profile, reason: Reason, now: datetime) -> None:
    await decisions.record([Decision(head.id, QUESTION, str(event.id), reason, now, {"source": event.source})])
