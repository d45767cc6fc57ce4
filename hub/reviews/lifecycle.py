"""How a review goes from state to state, and what is told of it. Pure: values in, values out.

What its author took away only they bring back, and what the staff took away only the staff.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hub.events.announcing import Announcement
from hub.reviews.model import APPROVED, RECEIVED, REMOVED, By, Review, Said, State, Text, WrongState
from hub.reviews.quality import Verdict

MOST_KEYS: Final = 100
"""How many of the keys that have changed a review it remembers."""

_GONE: Final = Text("")


def said_anew(before: Review, said: Said, verdict: Verdict, *, now: datetime) -> Review:
    """Put another text in the place of the one that stands, and judge the review by it alone.

    One that the staff refused or removed before is not approved by its new text: the staff see it first.
    """
    unseen = verdict.state is State.APPROVED and before.watched
    state = State.RECEIVED if unseen else verdict.state
    return replace(
        before,
        said=said,
        state=state,
        by=By.RULE,
        reason=None,
        score=verdict.score,
        faults=verdict.faults,
        changed_at=now,
        was=None,
    )


def approved(before: Review, *, by: By, reason: str | None, now: datetime) -> Review:
    """Let a review be shown. One that is shown stays as it is.

    Raises:
        WrongState: others than the staff took it away.
    """
    if before.state is State.REMOVED and before.by is not By.STAFF:
        raise WrongState(before.state, State.APPROVED, before.by)
    return before if before.state is State.APPROVED else _moved(before, State.APPROVED, by, reason, now)


def refused(before: Review, *, by: By, reason: str | None, now: datetime) -> Review:
    """Let a review that waits never be shown. One that was refused stays as it is.

    Raises:
        WrongState: it is shown, or was taken away.
    """
    if before.state in {State.APPROVED, State.REMOVED}:
        raise WrongState(before.state, State.REFUSED, before.by)
    return before if before.state is State.REFUSED else _moved(before, State.REFUSED, by, reason, now)


def removed(before: Review, *, by: By, reason: str | None, now: datetime) -> Review:
    """Take a review away. Its author takes their words with them, also of one that others took away before."""
    if before.state is State.REMOVED and (by is not By.AUTHOR or before.by is By.AUTHOR):
        return before
    after = _moved(before, State.REMOVED, by, reason, now)
    return replace(after, said=replace(before.said, written=_GONE)) if by is By.AUTHOR else after


def set_aside(before: Review, *, now: datetime) -> Review:
    """Take a review away beside which another one of the same person and product stands."""
    return replace(_moved(before, State.REMOVED, By.MERGE, None, now), was=before.state)


def brought_back(before: Review, *, now: datetime) -> Review:
    """Bring back a review that was set aside: the two are two persons after all."""
    return replace(_moved(before, before.was or State.RECEIVED, By.RULE, None, now), was=None)


def known_by(review: Review, key: UUID) -> Review:
    """Note what changes a review, so that it does so once."""
    return replace(review, keys=(*review.keys, key)[-MOST_KEYS:])


def told(before: Review | None, after: Review, *, came: bool, now: datetime) -> list[Announcement]:
    """Say what a change of a review is to others, each fact once.

    Args:
        before: the review as it was, if it was.
        after: as it is to be.
        came: whether a text came with it that nobody has told of.
        now: the time.
    """
    was_shown = before is not None and before.state is State.APPROVED
    is_shown = after.state is State.APPROVED
    is_gone = before is not None and before.stands and not after.stands
    names = [RECEIVED] if came else []
    if is_gone or (was_shown and not is_shown):
        names.append(REMOVED)
    if is_shown and not was_shown:
        names.append(APPROVED)
    cause = f"{after.id}/{after.state}/{after.rev + 1}"
    return [Announcement(it, after.profile_id, cause, now, _properties(after)) for it in names]


def _moved(before: Review, state: State, by: By, reason: str | None, now: datetime) -> Review:
    watched = state is not State.APPROVED if by is By.STAFF else before.watched
    return replace(before, state=state, by=by, reason=reason, changed_at=now, watched=watched)


def _properties(review: Review) -> dict[str, Any]:
    """Say what it is about. The stars are for journeys that answer a customer; no points may depend on them."""
    return {
        "review_id": str(review.id),
        "product_id": review.product_id,
        "order_source": review.purchase.source,
        "order_id": review.purchase.order_id,
        "line": review.purchase.line,
        "state": review.state.value,
        "by": review.by.value,
        "stars": review.said.stars,
        "photos": review.said.written.photos,
        "language": review.said.language,
        "consent_version": review.said.consent_version,
    }
