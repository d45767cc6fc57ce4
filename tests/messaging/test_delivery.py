from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.messaging import delivery
from hub.messaging.model import Message, MessageClass, Outcome, State
from hub.messaging.ports import Accepted
from hub.profiles.model import Channel, Profile
from tests.messaging.posting import NOON, PUSH_EMAIL, attempt, message

ADA = UUID(int=7)
SENDING = message(ADA, state=State.SENDING, due=NOON + timedelta(minutes=1), channels=PUSH_EMAIL)
PUSH = Channel.PUSH


def after_tries(number: int) -> Message:
    return replace(SENDING, attempts=(attempt(Outcome.NOT_SENT, PUSH),) * number)


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.FOUND])
def test_what_was_accepted_or_found_is_sent_for_good(outcome: Outcome) -> None:
    assert delivery.settled(SENDING, attempt(outcome, PUSH)) == replace(SENDING, state=State.SENT, due=None)


def test_an_ambiguous_message_keeps_its_claim() -> None:
    assert delivery.settled(SENDING, attempt(Outcome.AMBIGUOUS, PUSH)) == SENDING


def test_a_refused_message_goes_to_the_next_channel_at_once() -> None:
    assert delivery.settled(SENDING, attempt(Outcome.REFUSED, PUSH)) == replace(
        SENDING, state=State.QUEUED, place=1, due=NOON
    )


def test_a_message_refused_on_its_last_channel_has_failed() -> None:
    on_email = replace(SENDING, place=1)

    assert delivery.settled(on_email, attempt(Outcome.REFUSED)) == replace(
        on_email, state=State.FAILED, due=None, reason="refused"
    )


@pytest.mark.parametrize(("tries", "seconds"), [(0, 1), (1, 2), (2, 4), (5, 32), (8, 256)])
def test_a_message_that_was_not_sent_is_tried_again_on_its_channel_after_pauses_that_double(
    tries: int, seconds: int
) -> None:
    before = after_tries(tries)

    assert delivery.settled(before, attempt(Outcome.NOT_SENT, PUSH)) == replace(
        before, state=State.QUEUED, due=NOON + timedelta(seconds=seconds)
    )


@pytest.mark.parametrize(("after", "seconds"), [(0, 0), (7.5, 7.5), (86_400, 600)])
def test_a_provider_says_when_to_try_again_within_ten_minutes(after: float, seconds: float) -> None:
    again = delivery.settled(SENDING, attempt(Outcome.NOT_SENT, PUSH), after=after)

    assert (again.state, again.place, again.due) == (State.QUEUED, 0, NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize("outcome", [Outcome.NOT_SENT, Outcome.NOT_FOUND])
def test_the_tenth_try_on_a_channel_that_did_not_send_is_the_last_there(outcome: Outcome) -> None:
    moved = delivery.settled(after_tries(9), attempt(outcome, PUSH))

    assert (moved.state, moved.place, moved.due) == (State.QUEUED, 1, NOON)
    on_email = replace(moved, state=State.SENDING)
    assert delivery.settled(on_email, attempt(Outcome.NOT_SENT)).due == NOON + delivery.FIRST_PAUSE


def test_a_message_that_could_not_be_sent_on_its_last_channel_has_failed() -> None:
    only_push = replace(after_tries(9), channels=(PUSH,))

    failed = delivery.settled(only_push, attempt(Outcome.NOT_SENT, PUSH))

    assert (failed.state, failed.due, failed.reason) == (State.FAILED, None, "not_sent")


def test_what_the_provider_does_not_know_was_not_sent_and_is_queued_again_on_its_channel() -> None:
    assert delivery.found(None) is Outcome.NOT_FOUND
    assert delivery.found(Accepted()) is Outcome.FOUND
    assert delivery.settled(SENDING, attempt(Outcome.NOT_FOUND, PUSH)) == replace(SENDING, state=State.QUEUED, due=NOON)


def test_where_nobody_can_tell_a_message_that_must_never_come_twice_is_unknown() -> None:
    assert delivery.unsettled(SENDING, now=NOON) == replace(SENDING, state=State.UNKNOWN, due=None, reason="unanswered")


def test_where_nobody_can_tell_a_message_that_must_arrive_is_sent_again_on_its_channel() -> None:
    receipt = replace(SENDING, message_class=MessageClass.MUST_ARRIVE)

    assert delivery.unsettled(receipt, now=NOON) == replace(receipt, state=State.QUEUED, due=NOON)


def test_where_the_provider_may_still_report_it_an_unanswered_message_waits_once_for_that() -> None:
    grace = timedelta(minutes=10)

    waits = delivery.unsettled(SENDING, now=NOON, grace=grace)

    assert waits == replace(SENDING, due=NOON + grace, reason="unanswered")
    assert delivery.unsettled(waits, now=NOON + grace, grace=grace).state is State.UNKNOWN
    receipt = replace(waits, message_class=MessageClass.MUST_ARRIVE)
    again = delivery.unsettled(receipt, now=NOON + grace, grace=grace)
    assert (again.state, again.due, again.reason) == (State.QUEUED, NOON + grace, None)


@pytest.mark.parametrize(
    ("profile", "place", "expected"),
    [
        (Profile(ADA, traits={"email": "a@example.com"}, devices=("new",)), 0, [0, 1]),
        (Profile(ADA, devices=("old", "new")), 0, [0]),
        (Profile(ADA, traits={"email": "a@example.com"}), 0, [1]),
        (Profile(ADA, devices=("new",)), 1, []),
        (Profile(ADA, traits={"phone": "+4912345"}), 0, []),
        (Profile(ADA, traits={"email": ""}), 0, []),
        (Profile(ADA, traits={"email": 17}), 0, []),
    ],
)
def test_the_channels_from_where_the_message_is_on_that_reach_the_customer_are_taken_in_their_order(
    profile: Profile, place: int, expected: list[int]
) -> None:
    assert delivery.reachable(replace(SENDING, place=place), profile, set(Channel)) == expected


def test_a_channel_that_nobody_sends_on_reaches_nobody() -> None:
    profile = Profile(ADA, traits={"email": "a@example.com"}, devices=("new",))

    assert delivery.reachable(replace(SENDING, place=0), profile, {Channel.EMAIL}) == [1]


def test_every_channel_has_its_address() -> None:
    profile = Profile(ADA, traits={"email": "a@example.com", "phone": "+4912345"}, devices=("old", "new"))

    assert [delivery.address_of(profile, channel) for channel in (Channel.EMAIL, Channel.PUSH, Channel.SMS)] == [
        "a@example.com",
        "new",
        "+4912345",
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(list(Outcome)), max_size=40))
def test_a_message_leaves_a_channel_only_for_a_later_one_and_never_after_it_may_have_arrived(
    outcomes: list[Outcome],
) -> None:
    standing = SENDING
    may_have_arrived_at: set[int] = set()
    for outcome in outcomes:
        if standing.due is None:
            break
        made = attempt(outcome, standing.channel)
        after = delivery.settled(replace(standing, state=State.SENDING), made)
        if outcome is Outcome.AMBIGUOUS:
            may_have_arrived_at.add(standing.place)
            after = delivery.unsettled(after, now=NOON)
        assert standing.place <= after.place < len(after.channels)
        assert after.place == standing.place or standing.place not in may_have_arrived_at
        standing = replace(after, attempts=(*after.attempts, made))
    if standing.state is State.SENT:
        assert len(may_have_arrived_at) == 0
