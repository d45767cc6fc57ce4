"""What providers report is stored before they are answered, and holds once a keeper has come by, whatever dies."""

from datetime import timedelta
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from hub.database import Database
from hub.kit import ids
from hub.messaging import feedback, reports_keeper, reports_waiting
from hub.messaging.model import MessageClass, State
from hub.messaging.ports import Ambiguous
from hub.messaging.reports import Fault, Report, ReportKind
from hub.messaging.reports_keeper import LEASE as TURN
from hub.messaging.reports_keeper import PUT_OFF
from hub.profiles.model import Channel
from hub.profiles.suppression import SuppressionReason, Suppressions
from hub.settings import Settings
from tests.killing import killed
from tests.messaging import posting
from tests.messaging.posting import LEASE, NOON, Blind, Clock, message, queued, stored

MINUTE = timedelta(minutes=1)
ADA = (Channel.EMAIL, "Ada@Example.com")
MOST = 24
"""More halves of writes than any of these has."""

pytestmark = pytest.mark.usefixtures("database")


class Reporting(Blind):
    """A sender whose provider reports within ten minutes."""

    grace_seconds = 600.0


@pytest.fixture
def suppressions(settings: Settings) -> Suppressions:
    return Suppressions(settings)


def report(key: UUID, kind: ReportKind, *, fault: Fault | None = None) -> Report:
    return Report(key, kind, Channel.EMAIL, "sendgrid", f"{key} {kind}", NOON, ADA[1], fault, "sg-1")


async def waiting(database: Database) -> int:
    return await database["reports"].count_documents({})


async def test_what_was_told_holds_once_a_keeper_has_come_by(suppressions: Suppressions, database: Database) -> None:
    one = await queued(message(await posting.ada(), state=State.SENT))

    await feedback.take_note([report(one.id, ReportKind.DELIVERED)], suppressions, now=NOON)

    assert (await stored(one)).state is State.SENT
    assert await reports_waiting.any_wait()
    assert await reports_keeper.step(suppressions, now=NOON) == 1
    after = await stored(one)
    assert (after.state, after.delivered_at) == (State.DELIVERED, NOON)
    assert await database["events"].count_documents({"name": "Message Delivered"}) == 1
    assert not await reports_waiting.any_wait()
    assert (await waiting(database), await reports_keeper.step(suppressions, now=NOON)) == (0, 0)


async def test_what_is_told_again_is_stored_once_and_later_changes_nothing(
    suppressions: Suppressions, database: Database
) -> None:
    one = await queued(message(await posting.ada(), state=State.SENT))
    told = [report(one.id, ReportKind.TAKEN), report(one.id, ReportKind.OPENED)]

    for _ in range(2):
        await feedback.take_note(told, suppressions, now=NOON)
    assert await waiting(database) == 1
    await reports_keeper.step(suppressions, now=NOON)
    before = await stored(one)
    await feedback.take_note(told, suppressions, now=NOON + MINUTE)
    await reports_keeper.step(suppressions, now=NOON + MINUTE)

    assert await stored(one) == before
    assert await database["events"].count_documents({"name": "Message Opened"}) == 1


async def test_no_address_is_stored_and_a_dead_one_is_suppressed(
    suppressions: Suppressions, database: Database
) -> None:
    one = await queued(message(await posting.ada(), state=State.SENT))
    bounced = report(one.id, ReportKind.BOUNCED, fault=Fault.LASTING)

    await feedback.take_note([report(one.id, ReportKind.TAKEN), bounced], suppressions, now=NOON)

    row = await database["reports"].find_one({})
    assert "example.com" not in repr(row).lower()
    await reports_keeper.step(suppressions, now=NOON)
    assert await suppressions.among([ADA]) == {ADA: {"*": SuppressionReason.BOUNCED}}


async def test_whatever_write_it_dies_at_reports_hold_once(
    settings: Settings, suppressions: Suppressions, database: Database
) -> None:
    await suppressions.hash_of(ADA)  # the key of the list is there before anybody dies
    ada, died, now = await posting.ada(), 0, NOON
    for length in range(MOST):
        one = await queued(message(ada, state=State.SENT))
        address = f"{one.id}@a.eu"
        told = [
            Report(one.id, kind, Channel.EMAIL, "sendgrid", f"{one.id} {kind}", NOON, address, fault)
            for kind, fault in ((ReportKind.DELIVERED, None), (ReportKind.BOUNCED, Fault.PASSING))
        ]

        async def note_and_settle(told: list[Report] = told, now: timedelta = now) -> None:
            await feedback.take_note(told, suppressions, now=now)
            await reports_keeper.step(suppressions, now=now)

        dead = await killed(length, note_and_settle)
        # The provider had no answer, and tells it again; whoever held the reports is dead, and its turn is over.
        await feedback.take_note(told, suppressions, now=now)
        now += TURN
        await reports_keeper.step(Suppressions(settings), now=now)

        died += dead
        assert await waiting(database) == 0
        after = await stored(one)
        assert (after.state, after.reason, after.delivered_at) == (State.FAILED, "bounced", NOON)
        names = [it["name"] async for it in database["events"].find({"properties.message_id": str(one.id)})]
        assert sorted(names) == ["Message Bounced", "Message Delivered"]
        bounces = await database["soft_bounces"].find_one({"_id": await suppressions.hash_of((Channel.EMAIL, address))})
        assert bounces is not None
        assert len(bounces["bounces"]) == 1
        if not dead:
            break
    assert 12 <= died < MOST


async def test_what_one_keeper_holds_another_takes_when_its_turn_is_over_and_not_before(
    suppressions: Suppressions, database: Database
) -> None:
    told = [report(ids.new_id(), ReportKind.TAKEN)]
    await feedback.take_note(told, suppressions, now=NOON)
    slow, quick = ids.new_id(), ids.new_id()

    [held] = await reports_waiting.claim(9, token=slow, now=NOON, until=NOON + MINUTE)

    assert held.reports == [Report(**{**_fields(told[0]), "address": None})]
    assert await reports_waiting.claim(9, token=quick, now=NOON, until=NOON + MINUTE) == []
    assert await reports_waiting.claim(9, token=quick, now=NOON + MINUTE, until=NOON + MINUTE * 2) == [held]
    await reports_waiting.settled([held], token=slow)
    assert await waiting(database) == 1


def _fields(told: Report) -> dict[str, object]:
    return {name: getattr(told, name) for name in told.__dataclass_fields__}


async def test_so_many_are_taken_at_once_or_one_document_if_it_has_more(suppressions: Suppressions) -> None:
    for minute, count in enumerate((2, 2, 3, 9)):
        told = [report(ids.new_id(), ReportKind.TAKEN) for _ in range(count)]
        await feedback.take_note(told, suppressions, now=NOON + MINUTE * minute)

    taken = [
        [
            len(it.rows)
            for it in await reports_waiting.claim(4, token=ids.new_id(), now=NOON + LEASE * 9, until=NOON + LEASE * 99)
        ]
        for _ in range(4)
    ]

    assert taken == [[2, 2], [3], [9], []]


async def test_what_cannot_be_settled_spoils_no_neighbour_keeps_nobody_waiting_and_is_tried_again(
    suppressions: Suppressions, database: Database
) -> None:
    one = await queued(message(await posting.ada(), state=State.SENT))
    broken = [report(one.id, ReportKind.OPENED)]
    await feedback.take_note(broken, suppressions, now=NOON)
    await database["reports"].update_one({}, {"$set": {"reports.0.kind": "of tomorrow"}})
    await feedback.take_note([report(one.id, ReportKind.DELIVERED)], suppressions, now=NOON)

    with capture_logs() as logs:
        assert await reports_keeper.step(suppressions, now=NOON) == 2

    assert [it["error"] for it in logs if it["event"] == "reports_not_settled"] == ["ValueError"] * 2
    assert (await stored(one)).state is State.DELIVERED
    assert (await waiting(database), await reports_waiting.any_wait()) == (1, False)
    assert await reports_keeper.step(suppressions, now=NOON + PUT_OFF - MINUTE) == 0
    await database["reports"].update_one({}, {"$set": {"reports.0.kind": ReportKind.OPENED.value}})
    assert await reports_keeper.step(suppressions, now=NOON + PUT_OFF) == 1
    assert (await stored(one)).opened_at == NOON


@pytest.mark.parametrize("message_class", MessageClass)
async def test_nobody_is_given_up_while_what_was_told_in_time_waits(
    settings: Settings, clock: Clock, suppressions: Suppressions, message_class: MessageClass
) -> None:
    sender = Reporting([Ambiguous("No answer.")])
    one = await posting.queued_for_ada(message_class=message_class)
    worker = await posting.dispatcher(settings, sender, clock)
    await worker.step()
    clock.forward(LEASE + MINUTE)
    await worker.sweep()
    await feedback.take_note([report(one.id, ReportKind.TAKEN)], suppressions, now=clock.now)

    clock.forward(timedelta(minutes=20))
    await worker.sweep()
    assert (await stored(one)).state is State.SENDING
    await reports_keeper.step(suppressions, now=clock.now)
    clock.forward(LEASE + MINUTE)
    await posting.to_rest(worker)

    assert (await stored(one)).state is State.SENT
    assert len(sender.calls) == 1
