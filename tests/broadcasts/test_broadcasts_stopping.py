"""Who texts STOP while a broadcast runs hears nothing more of it, and the others hear all of it."""

from datetime import datetime
from uuid import UUID

import pytest

from hub.broadcasts import service, store
from hub.broadcasts.model import State
from hub.broadcasts.numbers import Numbers, of, tallies
from hub.decisions.store import DecisionDocument
from hub.kit import ids
from hub.messaging import inbound
from hub.messaging.inbound import InboundSms
from hub.messaging.ports import Accepted, Outgoing
from hub.profiles import identifier_store
from hub.profiles.keywords import Keyword
from hub.profiles.model import Channel, Identifier, IdentifierKind, Owned
from hub.profiles.suppression import Suppressions
from hub.settings import Settings
from tests.broadcasts.stage import SECOND, Stage
from tests.messaging.posting import Blind

SMS = (Channel.SMS,)


def number_of(place: int) -> str:
    return f"+49151000000{place:02}"


async def subscribers(stage: Stage, count: int) -> list[UUID]:
    """Make customers who are in the segment and have a phone."""
    made: list[UUID] = []
    for place in range(count):
        traits = {"vip": True, "phone": number_of(place)}
        [profile_id] = await stage.people(1, traits=traits)
        phone = Identifier(IdentifierKind.PHONE, number_of(place))
        await identifier_store.claim([Owned(phone, profile_id, verified=True)], at=stage.clock.now)
        made.append(profile_id)
    return made


async def stop(settings: Settings, place: int, now: datetime) -> None:
    sms = InboundSms("twilio", ids.new_id().hex, number_of(place), "+15005550006", "Stop, please! 🛑")
    assert await inbound.receive(sms, Suppressions(settings), now=now) is Keyword.STOP


async def numbers(broadcast_id: UUID) -> Numbers:
    return of(await store.find(broadcast_id), (await tallies([broadcast_id]))[broadcast_id])


async def why_not(profile_id: UUID) -> list[tuple[str, str]]:
    found = DecisionDocument.find({"profile_id": profile_id})
    return [(it.question, it.reason) async for it in found]


async def test_who_texts_stop_in_the_middle_gets_nothing_more_and_is_skipped_with_the_reason(stage: Stage) -> None:
    people = await subscribers(stage, 6)
    broadcast_id = await stage.create(channels=SMS, per_minute=60)
    for _ in range(3):
        stage.clock.forward(SECOND)
        await stage.advance(broadcast_id)
        await stage.send()
    heard = {it.to for it in stage.sender.calls}
    assert len(heard) == 2
    [first, *_] = sorted(heard)
    last = max({number_of(place) for place in range(6)} - heard)

    for number in (first, last):  # one who has it, and one whose turn has not come
        await stop(stage.settings, int(number[-2:]), stage.clock.now)
    await stage.to_its_end(broadcast_id)

    assert stage.told == {number_of(place): 1 for place in range(6) if number_of(place) != last}
    counted = await numbers(broadcast_id)
    assert (counted.recipients, counted.sent, counted.skipped) == (6, 5, {"suppressed": 1})
    assert await why_not(people[int(last[-2:])]) == [("send sale", "suppressed")]
    assert (await store.find(broadcast_id)).state is State.FINISHED
    again = await stage.create(channels=SMS)
    await stage.to_its_end(again)
    assert (await numbers(again)).skipped == {"suppressed": 2}


async def test_stop_reaches_what_waits_for_a_sender_and_what_a_pause_holds(stage: Stage) -> None:
    await subscribers(stage, 4)
    broadcast_id = await stage.create(channels=SMS)
    await stage.advance(broadcast_id)  # all are stored, and nobody has begun to send
    await stop(stage.settings, 0, stage.clock.now)
    await service.pause(broadcast_id, now=stage.clock.now)
    await stop(stage.settings, 1, stage.clock.now)
    await service.resume(broadcast_id, now=stage.clock.now)

    await stage.to_its_end(broadcast_id)

    assert stage.told == {number_of(2): 1, number_of(3): 1}
    assert (await numbers(broadcast_id)).skipped == {"suppressed": 2}


class Interrupted(Blind):
    """A sender during whose first call somebody says no."""

    def __init__(self, settings: Settings, place: int, now: datetime) -> None:
        super().__init__(at_once=1)
        self._stops = (settings, place, now)

    async def send(self, message: Outgoing, /) -> Accepted:
        if not self.calls:
            await stop(*self._stops)
        return await super().send(message)


@pytest.mark.parametrize("place", range(3))
async def test_stop_during_a_call_keeps_the_next_from_going_out_though_it_was_prepared(
    stage: Stage, place: int
) -> None:
    await subscribers(stage, 3)
    broadcast_id = await stage.create(channels=SMS)
    sender = stage.sender = Interrupted(stage.settings, place, stage.clock.now)
    await stage.to_its_end(broadcast_id)

    was_called = sender.calls[0].to == number_of(place)
    assert len(sender.calls) == (3 if was_called else 2)
    assert (await numbers(broadcast_id)).skipped == ({} if was_called else {"suppressed": 1})
