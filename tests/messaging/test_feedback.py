"""Reports of providers in a real database: settled, announced and suppressing, once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from hub.database import Database
from hub.kit import ids
from hub.messaging import feedback, store
from hub.messaging.feedback import TakenIn
from hub.messaging.model import Message, MessageClass, Outcome, State
from hub.messaging.ports import Ambiguous
from hub.messaging.reports import SOFT_BOUNCES, Fault, Report, ReportKind
from hub.profiles.model import Channel
from hub.profiles.suppression import SuppressionReason, Suppressions
from hub.settings import Settings
from tests.messaging import posting
from tests.messaging.posting import LEASE, NOON, PUSH_EMAIL, Blind, Clock, Slow, message, queued, stored

MINUTE = timedelta(minutes=1)
ADA = (Channel.EMAIL, "Ada@Example.com")

pytestmark = pytest.mark.usefixtures("database")


class Reporting(Blind):
    """A sender whose provider reports within ten minutes."""

    grace_seconds = 600.0


@pytest.fixture
def suppressions(settings: Settings) -> Suppressions:
    return Suppressions(settings)


def report(key: UUID, kind: ReportKind, minutes: int = 1, *, fault: Fault | None = None, name: str = "") -> Report:
    at = NOON + MINUTE * minutes
    return Report(key, kind, Channel.EMAIL, "sendgrid", name or f"{key} {kind}", at, ADA[1], fault, "sg-1")


async def events(database: Database) -> list[str]:
    return [it["name"] async for it in database["events"].find({"name": {"$regex": "^Message "}}).sort("at", 1)]


async def sent(settings: Settings, clock: Clock) -> Message:
    one = await posting.queued_for_ada()
    await posting.to_rest(await posting.dispatcher(settings, Blind(), clock))
    return one


async def test_reports_say_when_and_what_happened_to_a_message(
    settings: Settings, clock: Clock, suppressions: Suppressions, database: Database
) -> None:
    one = await sent(settings, clock)
    told = [
        report(one.id, ReportKind.TAKEN, 0),
        report(one.id, ReportKind.DELIVERED, 1),
        report(one.id, ReportKind.OPENED, 2),
        report(one.id, ReportKind.CLICKED, 3),
    ]

    taken = await feedback.take_in(told, suppressions, now=NOON + MINUTE * 5)

    assert taken == TakenIn(known=4, unknown=0)
    after = await stored(one)
    assert after.state is State.DELIVERED
    assert (after.delivered_at, after.opened_at, after.clicked_at) == tuple(NOON + MINUTE * it for it in (1, 2, 3))
    assert [it.outcome for it in after.attempts] == [Outcome.ACCEPTED]
    assert await events(database) == ["Message Delivered", "Message Opened", "Message Clicked"]


async def test_what_is_told_twice_at_once_changes_nothing_more(
    settings: Settings, clock: Clock, suppressions: Suppressions, database: Database
) -> None:
    one = await sent(settings, clock)
    told = [
        report(one.id, ReportKind.BOUNCED, 2, fault=Fault.PASSING),
        report(one.id, ReportKind.DELIVERED, 1),
        report(one.id, ReportKind.OPENED, 3, name="first"),
        report(one.id, ReportKind.OPENED, 4, name="second"),
    ]

    await asyncio.gather(*(feedback.take_in(told, suppressions, now=NOON + MINUTE * 5) for _ in range(10)))
    await feedback.take_in([*told[::-1], *told], suppressions, now=NOON + MINUTE * 9)

    after = await stored(one)
    assert (after.state, after.reason, after.bounced_at) == (State.FAILED, "bounced", NOON + MINUTE * 2)
    assert await events(database) == ["Message Delivered", "Message Bounced", "Message Opened", "Message Opened"]
    bounces = await database["soft_bounces"].find_one({})
    assert bounces is not None
    assert len(bounces["bounces"]) == 1


async def test_reports_of_no_message_are_counted_and_ignored(suppressions: Suppressions, database: Database) -> None:
    told = [report(ids.new_id(), ReportKind.BOUNCED, fault=Fault.LASTING)]

    assert await feedback.take_in(told, suppressions, now=NOON) == TakenIn(known=0, unknown=1)

    assert await events(database) == []
    assert await suppressions.among([ADA]) == {}


@pytest.mark.parametrize("message_class", MessageClass)
async def test_a_report_within_the_grace_settles_an_unanswered_message_and_it_is_not_sent_again(
    settings: Settings, clock: Clock, suppressions: Suppressions, message_class: MessageClass
) -> None:
    sender = Reporting([Ambiguous("No answer.")])
    one = await posting.queued_for_ada(message_class=message_class)
    worker = await posting.dispatcher(settings, sender, clock)
    await worker.step()
    clock.forward(LEASE + MINUTE)
    await worker.sweep()

    await feedback.take_in([report(one.id, ReportKind.TAKEN)], suppressions, now=clock.now)
    clock.forward(timedelta(minutes=20))
    await posting.to_rest(worker)

    after = await stored(one)
    assert (after.state, after.due, after.reason) == (State.SENT, None, None)
    assert [it.outcome for it in after.attempts] == [Outcome.AMBIGUOUS, Outcome.FOUND]
    assert len(sender.calls) == 1


async def test_without_a_report_the_grace_ends_and_its_class_decides_and_a_late_one_still_tells_the_truth(
    settings: Settings, clock: Clock, suppressions: Suppressions
) -> None:
    sender = Reporting([Ambiguous("No answer.")])
    one = await posting.queued_for_ada()
    worker = await posting.dispatcher(settings, sender, clock)
    await worker.step()
    clock.forward(LEASE + MINUTE)
    await worker.sweep()
    clock.forward(timedelta(minutes=10))
    await worker.sweep()
    assert (await stored(one)).state is State.UNKNOWN

    await feedback.take_in([report(one.id, ReportKind.DELIVERED)], suppressions, now=clock.now)

    assert ((await stored(one)).state, (await stored(one)).reason) == (State.DELIVERED, None)
    assert len(sender.calls) == 1


async def test_a_report_that_overtakes_the_answer_of_the_call_is_not_undone_by_it(
    settings: Settings, clock: Clock, suppressions: Suppressions
) -> None:
    sender = Slow()
    one = await posting.queued_for_ada()
    worker = await posting.dispatcher(settings, sender, clock)
    sending = asyncio.create_task(worker.step())
    await sender.called.wait()

    await feedback.take_in([report(one.id, ReportKind.DELIVERED)], suppressions, now=clock.now)
    sender.go.set()
    await sending
    clock.forward(LEASE * 2)
    await posting.to_rest(worker)

    after = await stored(one)
    assert (after.state, after.delivered_at) == (State.DELIVERED, NOON + MINUTE)
    assert [it.outcome for it in after.attempts] == [Outcome.FOUND]
    assert len(sender.calls) == 1


async def test_a_report_of_the_first_channel_ends_the_way_to_the_next(
    settings: Settings, clock: Clock, suppressions: Suppressions
) -> None:
    sender = Blind()
    one = await queued(replace(message(await posting.ada(), channels=(Channel.EMAIL, Channel.PUSH)), place=1))

    await feedback.take_in([report(one.id, ReportKind.TAKEN)], suppressions, now=NOON)
    await posting.to_rest(await posting.dispatcher(settings, sender, clock))

    assert ((await stored(one)).state, (await stored(one)).channel) == (State.SENT, Channel.EMAIL)
    assert sender.calls == []


async def test_an_address_that_lastingly_bounces_is_not_written_to_again(
    settings: Settings, clock: Clock, suppressions: Suppressions
) -> None:
    one = await sent(settings, clock)

    await feedback.take_in([report(one.id, ReportKind.BOUNCED, fault=Fault.LASTING)], suppressions, now=clock.now)

    assert await suppressions.among([ADA]) == {ADA: {"*": SuppressionReason.BOUNCED}}
    sender = Blind()
    again = await queued(message(one.profile_id))
    await posting.to_rest(await posting.dispatcher(settings, sender, clock))
    assert ((await stored(again)).state, (await stored(again)).reason) == (State.SKIPPED, "suppressed")
    assert sender.calls == []


async def test_a_bounce_that_is_told_again_after_somebody_has_lifted_the_suppression_is_no_news(
    settings: Settings, clock: Clock, suppressions: Suppressions
) -> None:
    one = await sent(settings, clock)
    told = report(one.id, ReportKind.BOUNCED, fault=Fault.LASTING)
    await feedback.take_in([told], suppressions, now=clock.now)
    await suppressions.lift(ADA)

    await feedback.take_in([told], suppressions, now=clock.now + MINUTE)
    assert await suppressions.among([ADA]) == {}
    await feedback.take_in([replace(told, event_id="another one")], suppressions, now=clock.now + MINUTE * 2)

    assert await suppressions.among([ADA]) == {ADA: {"*": SuppressionReason.BOUNCED}}


async def test_who_complains_is_not_written_to_again(
    settings: Settings, clock: Clock, suppressions: Suppressions
) -> None:
    one = await sent(settings, clock)

    told = report(one.id, ReportKind.COMPLAINED, 4, fault=Fault.UNWILLING)
    await feedback.take_in([told], suppressions, now=clock.now)

    assert (await stored(one)).complained_at == NOON + MINUTE * 4
    assert await suppressions.among([ADA]) == {ADA: {"*": SuppressionReason.COMPLAINED}}


async def test_passing_bounces_suppress_an_address_at_the_fifth_and_each_counts_once(
    settings: Settings, clock: Clock, suppressions: Suppressions
) -> None:
    one = await sent(settings, clock)

    for count in range(1, SOFT_BOUNCES + 1):
        told = report(one.id, ReportKind.BOUNCED, count, fault=Fault.PASSING, name=f"bounce {count}")
        for _ in range(3):
            await feedback.take_in([told], suppressions, now=clock.now)
        banned = await suppressions.among([ADA])
        assert (ADA in banned) is (count == SOFT_BOUNCES)


async def test_no_row_tells_an_address(
    settings: Settings, clock: Clock, suppressions: Suppressions, database: Database
) -> None:
    one = await sent(settings, clock)
    told = [
        report(one.id, ReportKind.BOUNCED, 1, fault=Fault.PASSING),
        report(one.id, ReportKind.BOUNCED, 2, fault=Fault.LASTING, name="again"),
    ]

    await feedback.take_in(told, suppressions, now=clock.now)

    for name in ("messages", "events", "soft_bounces", "suppressions"):
        async for row in database[name].find():
            assert "ada@" not in str(row).lower()


async def test_many_messages_are_reported_of_at_once(suppressions: Suppressions, database: Database) -> None:
    ada = await posting.ada()
    many = [replace(message(ada, channels=PUSH_EMAIL), state=State.SENDING, place=1) for _ in range(300)]
    await store.queue(many)
    told = [report(it.id, kind) for it in many for kind in (ReportKind.TAKEN, ReportKind.DELIVERED)]

    await asyncio.gather(*(feedback.take_in(told[at::3], suppressions, now=NOON) for at in range(3)))

    assert await database["messages"].count_documents({"state": "delivered", "delivered_at": NOON + MINUTE}) == 300
    assert await database["events"].count_documents({"name": "Message Delivered"}) == 300
