"""A broadcast that bounces or is complained of too often pauses itself, and says so."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from hub.access.audit import EntryDocument
from hub.broadcasts import numbers, rules, service, store
from hub.broadcasts.advance import Advancer
from hub.broadcasts.model import Feedback, Limits, State
from hub.kit import ids
from hub.messaging import feedback
from hub.messaging.reports import Fault, Report, ReportKind
from hub.messaging.store import MessageDocument
from hub.profiles.model import Channel
from hub.profiles.suppression import Suppressions
from tests.broadcasts.stage import Stage, everyone_once, states

PEOPLE = 60
LATER = timedelta(seconds=6)


@pytest.mark.parametrize(
    ("feedback", "reason"),
    [
        (Feedback(out=1_000, bounced=49, complained=2), None),
        (Feedback(out=1_000, bounced=50, complained=2), "bounces"),
        (Feedback(out=1_000, bounced=0, complained=3), "complaints"),
        (Feedback(out=20, bounced=9, complained=2), None),  # so few say nothing
        (Feedback(out=20, bounced=10, complained=0), "bounces"),
        (Feedback(out=0, bounced=0, complained=0), None),
    ],
)
def test_a_share_at_the_limit_is_too_much_unless_they_are_few(feedback: Feedback, reason: str | None) -> None:
    assert rules.stumbles(Limits(), feedback) == reason
    assert rules.stumbles(Limits(bounces=0, complaints=0), replace(feedback, bounced=feedback.out)) is None


async def reported(stage: Stage, broadcast_id: UUID, kind: ReportKind, count: int) -> None:
    """Let a provider report something of so many messages that went out."""
    found = MessageDocument.get_pymongo_collection().find({"broadcast_id": broadcast_id, "state": "sent"}).limit(count)
    reports = [
        Report(row["_id"], kind, Channel.EMAIL, "test", ids.new_id().hex, stage.clock.now, fault=Fault.PASSING)
        async for row in found
    ]
    assert len(reports) == count
    await feedback.take_in(reports, Suppressions(stage.settings), now=stage.clock.now)


async def half_sent(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """Send half of a broadcast, the rest of which is not stored yet."""
    monkeypatch.setattr("hub.broadcasts.advance.AHEAD", PEOPLE // 2)
    await stage.people(PEOPLE)
    broadcast_id = await stage.create()
    await stage.advance(broadcast_id)
    await stage.send()
    assert stage.told.total() == PEOPLE // 2
    return broadcast_id


@pytest.mark.parametrize(
    ("kind", "count", "reason"), [(ReportKind.BOUNCED, 10, "bounces"), (ReportKind.COMPLAINED, 3, "complaints")]
)
async def test_a_broadcast_over_a_limit_pauses_itself_and_tells_why_in_the_audit_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, kind: ReportKind, count: int, reason: str
) -> None:
    broadcast_id = await half_sent(stage, monkeypatch)
    await reported(stage, broadcast_id, kind, count - 1)
    stage.clock.forward(LATER)
    await stage.advance(broadcast_id)
    assert (await store.find(broadcast_id)).state is State.RUNNING

    await reported(stage, broadcast_id, kind, 1)
    stage.clock.forward(LATER)
    assert await stage.advance(broadcast_id) is None

    paused = await store.find(broadcast_id)
    assert (paused.state, paused.reason) == (State.PAUSED, reason)
    assert (await states(broadcast_id))["held"] == PEOPLE // 2
    (entry,) = await EntryDocument.find({"what": "pause broadcast"}).to_list()
    assert (entry.actor["kind"], entry.subject, entry.after) == (
        "hub",
        str(broadcast_id),
        {"state": "paused", "reason": reason},
    )


async def test_who_resumes_it_has_seen_why_and_it_goes_on(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    broadcast_id = await half_sent(stage, monkeypatch)
    await reported(stage, broadcast_id, ReportKind.BOUNCED, 10)
    stage.clock.forward(LATER)
    await stage.advance(broadcast_id)

    await service.resume(broadcast_id, now=stage.clock.now)
    ended = await stage.to_its_end(broadcast_id)

    assert (ended.state, ended.reason, stage.told) == (State.FINISHED, None, everyone_once(PEOPLE))


async def test_a_broadcast_that_somebody_paused_is_still_watched_after_that(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast_id = await half_sent(stage, monkeypatch)
    await service.pause(broadcast_id, now=stage.clock.now)
    await service.resume(broadcast_id, now=stage.clock.now)
    await reported(stage, broadcast_id, ReportKind.BOUNCED, 10)
    stage.clock.forward(LATER)
    await stage.advance(broadcast_id)

    assert (await store.find(broadcast_id)).reason == "bounces"


async def test_where_its_process_died_before_it_told_the_audit_the_next_one_tells_it_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast_id = await half_sent(stage, monkeypatch)
    running = await store.find(broadcast_id)
    await store.save(running, rules.paused(running, now=stage.clock.now, reason="bounces"))
    paused = await store.find(broadcast_id)

    for _ in range(2):
        await store.look_again(broadcast_id, paused.rev, stage.clock.now)  # as if this one had died at its end too
        await stage.advance(broadcast_id, by=Advancer())

    assert await EntryDocument.find({"what": "pause broadcast"}).count() == 1


async def test_what_came_back_is_counted_beside_what_became_of_the_messages(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast_id = await half_sent(stage, monkeypatch)
    for kind, count in ((ReportKind.OPENED, 5), (ReportKind.CLICKED, 2), (ReportKind.BOUNCED, 1)):
        await reported(stage, broadcast_id, kind, count)

    found = numbers.of(await store.find(broadcast_id), (await numbers.tallies([broadcast_id]))[broadcast_id])

    assert (found.opened, found.clicked, found.bounced, found.complained) == (5, 2, 1, 0)
    assert (found.sent, found.delivered, found.failed) == (PEOPLE // 2 - 1, 7, 1)
