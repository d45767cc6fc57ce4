"""What reports say of a message, in whatever order they come."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kit import ids
from hub.messaging import reports
from hub.messaging.model import Message, Outcome, State
from hub.messaging.reports import Fault, Report, ReportKind, reported
from hub.profiles.model import Channel
from hub.profiles.suppression import SuppressionReason
from tests.messaging.posting import NOON, attempt, message

MINUTE = timedelta(minutes=1)
UNSETTLED = [State.QUEUED, State.DEFERRED, State.SENDING, State.UNKNOWN]


def report(kind: ReportKind, minutes: int = 0, channel: Channel = Channel.EMAIL, fault: Fault | None = None) -> Report:
    at = NOON + MINUTE * minutes
    return Report(ids.new_id(), kind, channel, "sendgrid", f"{kind} {minutes}", at, "ada@example.com", fault, "sg-1")


def sent(**changed: object) -> Message:
    return replace(message(ids.new_id()), state=State.SENT, **changed)


def after(before: Message, *told: Report, now: datetime = NOON) -> Message:
    return reported(before, told, now=now)


@pytest.mark.parametrize("state", UNSETTLED)
@pytest.mark.parametrize("kind", [ReportKind.TAKEN, ReportKind.DELIVERED])
def test_any_report_proves_that_the_provider_took_the_message(state: State, kind: ReportKind) -> None:
    before = replace(message(ids.new_id()), state=state, due=NOON, reason="unanswered")

    settled = after(before, report(kind))

    assert settled.state is {ReportKind.TAKEN: State.SENT, ReportKind.DELIVERED: State.DELIVERED}[kind]
    assert (settled.due, settled.reason) == (None, None)
    (last,) = settled.attempts
    assert (last.outcome, last.provider, last.provider_id, last.channel) == (
        Outcome.FOUND,
        "sendgrid",
        "sg-1",
        Channel.EMAIL,
    )


def test_a_message_that_waits_for_its_next_channel_is_sent_on_the_one_that_was_reported() -> None:
    before = replace(message(ids.new_id(), channels=(Channel.EMAIL, Channel.SMS)), state=State.QUEUED, place=1)

    settled = after(before, report(ReportKind.TAKEN))

    assert (settled.state, settled.channel) == (State.SENT, Channel.EMAIL)


def test_a_message_that_is_being_sent_on_another_channel_is_left_to_who_sends_it() -> None:
    before = replace(message(ids.new_id(), channels=(Channel.EMAIL, Channel.SMS)), state=State.SENDING, place=1)

    told = after(before, report(ReportKind.DELIVERED, 3))

    assert (told.state, told.channel, told.attempts) == (State.SENDING, Channel.SMS, ())
    assert told.delivered_at == NOON + MINUTE * 3


def test_a_report_of_a_channel_that_the_message_never_had_settles_nothing() -> None:
    before = replace(message(ids.new_id()), state=State.SENDING)

    assert after(before, report(ReportKind.TAKEN, channel=Channel.SMS)) == before


@pytest.mark.parametrize(
    ("kind", "state", "reason"),
    [
        (ReportKind.TAKEN, State.SENT, None),
        (ReportKind.DELIVERED, State.DELIVERED, None),
        (ReportKind.OPENED, State.DELIVERED, None),
        (ReportKind.CLICKED, State.DELIVERED, None),
        (ReportKind.COMPLAINED, State.DELIVERED, None),
        (ReportKind.BOUNCED, State.FAILED, "bounced"),
        (ReportKind.DROPPED, State.FAILED, "dropped"),
    ],
)
def test_a_sent_message_stands_where_its_report_says(kind: ReportKind, state: State, reason: str | None) -> None:
    told = after(sent(), report(kind))

    assert (told.state, told.reason, told.attempts) == (state, reason, ())


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (ReportKind.DELIVERED, "delivered_at"),
        (ReportKind.OPENED, "opened_at"),
        (ReportKind.CLICKED, "clicked_at"),
        (ReportKind.BOUNCED, "bounced_at"),
        (ReportKind.COMPLAINED, "complained_at"),
    ],
)
def test_of_each_time_the_first_counts(kind: ReportKind, field: str) -> None:
    assert getattr(after(sent(), report(kind, 5), report(kind, 2), report(kind, 9)), field) == NOON + MINUTE * 2


@pytest.mark.parametrize("state", [State.SKIPPED, State.CANCELLED])
def test_a_message_that_was_not_to_be_sent_stays_what_it_is(state: State) -> None:
    before = replace(message(ids.new_id()), state=state, reason="no_consent")

    told = after(before, report(ReportKind.DELIVERED), report(ReportKind.BOUNCED))

    assert (told.state, told.reason) == (state, "no_consent")


def test_a_refused_message_stays_refused() -> None:
    before = replace(message(ids.new_id()), state=State.FAILED, reason="refused", attempts=(attempt(Outcome.REFUSED),))

    told = after(before, report(ReportKind.DELIVERED))

    assert (told.state, told.reason) == (State.FAILED, "refused")


def test_a_bounce_counts_more_than_a_delivery_in_any_order() -> None:
    told = [report(ReportKind.TAKEN), report(ReportKind.DELIVERED, 1), report(ReportKind.BOUNCED, 2)]

    assert {after(sent(), *order).state for order in permutations(told)} == {State.FAILED}


@given(
    kinds=st.lists(st.tuples(st.sampled_from(ReportKind), st.integers(0, 9)), max_size=12),
    state=st.sampled_from([*UNSETTLED, State.SENT]),
    seed=st.integers(),
)
def test_the_order_of_reports_and_their_repetition_change_nothing(
    kinds: list[tuple[ReportKind, int]], state: State, seed: int
) -> None:
    told = [report(kind, minutes) for kind, minutes in kinds]
    shuffled = [*told, *told]
    random.Random(seed).shuffle(shuffled)
    before = replace(message(ids.new_id()), state=state)

    once, again = after(before, *told), before
    for one in shuffled:
        again = after(again, one)

    assert again == once


def test_only_what_happened_to_the_customer_is_announced() -> None:
    before = sent()

    names = {kind: it.name if (it := reports.announced(before, report(kind))) else None for kind in ReportKind}

    assert names == {
        ReportKind.TAKEN: None,
        ReportKind.DELIVERED: "Message Delivered",
        ReportKind.BOUNCED: "Message Bounced",
        ReportKind.DROPPED: None,
        ReportKind.OPENED: "Message Opened",
        ReportKind.CLICKED: "Message Clicked",
        ReportKind.COMPLAINED: None,
    }


def test_an_announcement_is_known_by_its_report_and_names_no_address() -> None:
    before = sent()
    told = report(ReportKind.BOUNCED, 1, fault=Fault.LASTING)

    announced = reports.announced(before, told)

    assert announced is not None
    assert announced.cause == "sendgrid bounced 1"
    assert announced.properties == {
        "message_id": str(before.id),
        "template": "cart",
        "channel": "email",
        "brand": "default",
        "topic": "marketing",
        "journey": "cart",
        "step": "0",
        "lasting": True,
    }


def test_a_dead_address_and_an_unwilling_customer_are_suppressed_at_once() -> None:
    assert {fault: reports.suppressing(fault) for fault in Fault} == {
        Fault.LASTING: SuppressionReason.BOUNCED,
        Fault.UNWILLING: SuppressionReason.COMPLAINED,
        Fault.STOPPED: SuppressionReason.REQUESTED,
        Fault.PASSING: None,
    }


@pytest.mark.parametrize(
    ("days", "worn_out"),
    [
        ([0, 1, 2, 3], False),
        ([0, 1, 2, 3, 4], True),
        ([30, 10, 0, 20, 25], True),
        ([0, 10, 20, 25, 31], False),
        ([0, 40, 45, 50, 55, 60], True),
    ],
)
def test_five_passing_bounces_in_thirty_days_wear_an_address_out(days: list[int], worn_out: bool) -> None:  # noqa: FBT001
    assert reports.is_worn_out([NOON + timedelta(days=it) for it in days]) is worn_out
