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
from hub.reviews import reading, service, store
from hub.reviews.model import WITHDRAWN, AlreadyReviewed, BadReview, NotBought

QUESTION: Final = "review"
"""Asked of each event that tells of a review; only a no is recorded, a yes is the review itself."""


async def project(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Keep what applied events say of reviews, in their order. All of it may be repeated."""
    await _one_each([profiles[it.profile_id] for it in events if it.profile_id and _joins(it, profiles)], now)
    for event in events:
        if event.kind is Kind.TRACK and event.name in reading.EVENTS and event.about is None and event.profile_id:
            await _take_in(event, profiles[event.profile_id], now)


def _joins(event: Event, profiles: Mapping[UUID, Profile]) -> bool:
    """Tell whether two may have become one by an event, or one two."""
    if event.kind in {Kind.IDENTIFY, Kind.ALIAS}:
        return bool(event.profile_id and profiles[event.profile_id].members)
    return event.about is not None and event.name in merging.DECIDED


async def _one_each(heads: Sequence[Profile], now: datetime) -> None:
    """Let nobody have two reviews of a product who has become one with somebody, or none who has become two."""
    by_id = {it.id: it for it in heads}
    owners = {own: it.id for it in by_id.values() for own in it.own_ids}
    for head_id in await store.with_any(owners) if owners else ():
        await service.one_for_each_product(by_id[head_id], now=now)


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
