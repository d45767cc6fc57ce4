"""What follows from how an attempt ended: pure decisions of a message, its attempt and a given time."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hub.messaging.model import Attempt, Message, MessageClass, Outcome, State
from hub.messaging.ports import Accepted
from hub.profiles import addresses
from hub.profiles.model import Channel, Profile

MOST_TRIES: Final = 10
FIRST_PAUSE: Final = timedelta(seconds=1)
UNANSWERED: Final = "unanswered"
"""The reason of a message that was called for, and nobody has said what became of it."""
LONGEST_PAUSE: Final = timedelta(minutes=10)


def address_of(profile: Profile, channel: Channel, *, region: str = "") -> str | None:
    """Tell where a channel reaches a customer, None where it does not.

    Args:
        profile: the customer.
        channel: the channel.
        region: the country of numbers that are written without one, where the customer's locale does not tell it.
    """
    match channel:
        case Channel.EMAIL:
            return profile.email
        case Channel.PUSH:
            return profile.device
        case Channel.INBOX:
            return str(profile.id)
        case Channel.SMS:
            written = profile.phone
            known = written and addresses.phone_form(written, addresses.region_of(profile.language) or region)
            return known or written


def reachable(message: Message, profile: Profile, channels: Collection[Channel]) -> list[int]:
    """List the places in the message's list, from where it is on, whose channels reach the customer.

    Args:
        message: what is to be sent.
        profile: to whom.
        channels: those that somebody sends on.
    """
    return [
        place
        for place in range(message.place, len(message.channels))
        if message.channels[place] in channels and address_of(profile, message.channels[place])
    ]


def settled(message: Message, attempt: Attempt, *, after: float | None = None) -> Message:
    """Give the message as it stands after an attempt.

    A retry or another channel follows only where the message certainly was not sent. An ambiguous one keeps its claim
    until the lease has run out; then it is looked up, or settled by its class (see `unsettled`).

    Args:
        message: as it was claimed.
        attempt: how it ended.
        after: seconds to wait before a retry, if the provider said so.
    """
    tries = 1 + sum(it.channel is attempt.channel for it in message.attempts)
    match attempt.outcome:
        case Outcome.ACCEPTED | Outcome.FOUND:
            return replace(message, state=State.SENT, due=None)
        case Outcome.AMBIGUOUS:
            return message
        case Outcome.REFUSED:
            return _next_channel(message, attempt)
        case Outcome.NOT_SENT | Outcome.NOT_FOUND if tries >= MOST_TRIES:
            return _next_channel(message, attempt)
        case Outcome.NOT_SENT:
            pause = timedelta(seconds=after) if after is not None else _pause(tries)
            return replace(message, state=State.QUEUED, due=attempt.at + min(pause, LONGEST_PAUSE))
        case Outcome.NOT_FOUND:
            return replace(message, state=State.QUEUED, due=attempt.at)


def has_left(message: Message, channel: Channel) -> bool:
    """Tell whether a message was certainly not sent on a channel that was tried, and will not be sent there."""
    return message.state is State.FAILED or (message.state is State.QUEUED and message.channel is not channel)


def unsettled(message: Message, *, now: datetime, grace: timedelta = timedelta()) -> Message:
    """Settle by its class a message of which nobody can tell whether it arrived, once it has waited for its grace.

    Args:
        message: as it was claimed for this, `sending` since its call; its `reason` says whether it has waited already.
        now: the time.
        grace: how long its provider may take to report it.
    """
    if grace and message.reason != UNANSWERED:
        return replace(message, due=now + grace, reason=UNANSWERED)
    if message.message_class is MessageClass.MUST_ARRIVE:
        return replace(message, state=State.QUEUED, due=now, reason=None)
    return replace(message, state=State.UNKNOWN, due=None, reason=UNANSWERED)


def skipped(message: Message, reason: str) -> Message:
    """Give the message as one that was decided not to be sent."""
    return replace(message, state=State.SKIPPED, due=None, reason=reason)


def deferred(message: Message, reason: str, *, until: datetime) -> Message:
    """Give the message as one that is looked at again at a later time."""
    return replace(message, state=State.DEFERRED, due=until, reason=reason)


def failed(message: Message, reason: str) -> Message:
    """Give the message as one that cannot be sent."""
    return replace(message, state=State.FAILED, due=None, reason=reason)


def found(accepted: Accepted | None) -> Outcome:
    """Name what a look-up after the lease found. A provider that does not know the key was never asked to send."""
    return Outcome.NOT_FOUND if accepted is None else Outcome.FOUND


def _next_channel(message: Message, attempt: Attempt) -> Message:
    if message.place + 1 < len(message.channels):
        return replace(message, state=State.QUEUED, place=message.place + 1, due=attempt.at)
    return failed(message, attempt.outcome.value)


def _pause(tries: int) -> timedelta:
    return FIRST_PAUSE * (1 << (tries - 1))
