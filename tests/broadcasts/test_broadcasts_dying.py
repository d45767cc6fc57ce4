"""A broadcast whose process dies at any write tells everybody once all the same."""

from collections import Counter
from itertools import product

import pytest

from hub.broadcasts import recipients, service, store
from hub.broadcasts.advance import Advancer
from hub.broadcasts.model import State
from hub.messaging.store import MessageDocument
from tests.broadcasts.stage import HOUR, Stage, everyone_once, states
from tests.killing import killed

PEOPLE = 7


async def told_in_the_end(stage: Stage) -> Counter[str]:
    told = Counter(stage.told)
    stage.sender.calls.clear()
    return told


async def test_whatever_write_it_dies_at_nobody_is_left_out_and_nobody_told_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "PAGE", 3)
    monkeypatch.setattr("hub.broadcasts.advance.BATCH", 2)
    await stage.people(PEOPLE)
    length, died = 0, True
    while died:
        broadcast_id = await stage.create()

        # Each attempt is another process, which knows nothing of the one before.
        died = await killed(length, lambda it=broadcast_id: stage.advance(it, by=Advancer()))  # type: ignore[misc]
        await killed(length // 2, lambda it=broadcast_id: stage.advance(it, by=Advancer()))  # type: ignore[misc]
        ended = await stage.to_its_end(broadcast_id)

        assert await told_in_the_end(stage) == everyone_once(PEOPLE), length
        assert (ended.state, ended.recipients, ended.queued, ended.left_out) == (State.FINISHED, PEOPLE, PEOPLE, 0)
        length += 1
    assert length > 20


async def test_a_pause_a_resumption_or_a_cancellation_that_dies_at_any_write_is_made_good_by_the_next_look(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.broadcasts.advance.AHEAD", 4)
    await stage.people(PEOPLE)
    for first, second in product(range(5), range(5)):
        broadcast_id = await stage.create()
        await stage.advance(broadcast_id)

        await killed(first, lambda it=broadcast_id: service.pause(it, now=stage.clock.now))  # type: ignore[misc]
        paused = (await store.find(broadcast_id)).state is State.PAUSED
        await stage.advance(broadcast_id)
        assert (await states(broadcast_id)).keys() == ({"held"} if paused else {"queued"}), first
        await killed(second, lambda it=broadcast_id: service.resume(it, now=stage.clock.now))  # type: ignore[misc]
        await service.resume(broadcast_id, now=stage.clock.now)
        await stage.to_its_end(broadcast_id)
        assert await told_in_the_end(stage) == everyone_once(PEOPLE), (first, second)

    for length in range(5):
        broadcast_id = await stage.create()
        await stage.advance(broadcast_id)
        await killed(length, lambda it=broadcast_id: service.cancel(it, now=stage.clock.now))  # type: ignore[misc]
        await service.cancel(broadcast_id, now=stage.clock.now)
        await stage.to_its_end(broadcast_id)
        assert await states(broadcast_id) == {"cancelled": 4}
        assert await told_in_the_end(stage) == Counter()


async def test_who_looks_after_a_broadcast_leaves_word_when_somebody_else_is_to_look(stage: Stage) -> None:
    await stage.people(PEOPLE)
    broadcast_id = await stage.create(at=stage.clock.now + HOUR)

    await killed(1, lambda: stage.advance(broadcast_id))
    assert await store.due(stage.clock.now) == []
    assert await store.due(stage.clock.now + HOUR / 2) == [(broadcast_id, 1)]
    await stage.advance(broadcast_id)

    assert await store.due(stage.clock.now + HOUR / 2) == []
    assert await store.due(stage.clock.now + HOUR * 2) == [(broadcast_id, 1)]


async def test_the_index_of_broadcasts_is_used_to_count_and_to_hold(stage: Stage) -> None:
    await stage.people(PEOPLE)
    broadcast_id = await stage.create()
    await stage.advance(broadcast_id)
    rows = MessageDocument.get_pymongo_collection()

    for where in (
        {"broadcast_id": broadcast_id, "state": {"$in": ["queued", "sending"]}},
        {"broadcast_id": {"$in": [broadcast_id]}},
    ):
        plan = await rows.find(where).explain()
        assert "broadcast" in str(plan["queryPlanner"]["winningPlan"]), plan["queryPlanner"]["winningPlan"]
