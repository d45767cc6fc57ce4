import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from hub.kit import ids
from hub.messaging import store
from hub.messaging.model import Message, Outcome, State
from hub.messaging.store import MessageDocument
from hub.profiles.model import Channel
from tests.messaging.posting import LEASE, NOON, PUSH_EMAIL, attempt, message, queued, stored

ADA = UUID(int=7)
SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.usefixtures("database")


async def claimed(which: Message, token: UUID) -> bool:
    return await store.claim([which], token=token, until=NOON + LEASE) == {which.id}


async def test_a_message_is_stored_once_under_its_key_and_stays_as_it_was_first() -> None:
    first = await queued(message(ADA))

    await store.queue([replace(first, template="other"), message(ADA)])

    assert await stored(first) == replace(first, due=NOON)
    assert await MessageDocument.count() == 2


async def test_queued_messages_are_read_when_they_are_due_the_longest_due_first() -> None:
    late, early = message(ADA, created_at=NOON + SECOND), message(ADA)
    await store.queue([late, early])

    assert [it.id for it in await store.queued(NOON, 10)] == [early.id]
    assert [it.id for it in await store.queued(NOON + SECOND, 10)] == [early.id, late.id]
    assert [it.id for it in await store.queued(NOON + SECOND, 1)] == [early.id]


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING])
async def test_the_work_list_is_read_from_its_index_however_many_messages_are_settled(state: State) -> None:
    await queued(message(ADA))
    plan = (
        await MessageDocument.get_pymongo_collection()
        .find({"state": state, "due": {"$lte": NOON}})
        .sort("due", 1)
        .limit(200)
        .explain()
    )

    stage = plan["queryPlanner"]["winningPlan"]["inputStage"]["inputStage"]
    assert (stage["stage"], stage["indexName"]) == ("IXSCAN", "work")


async def test_a_claim_is_exclusive() -> None:
    waiting = [message(ADA) for _ in range(20)]
    await store.queue(waiting)
    read = await store.queued(NOON, 20)

    taken = await asyncio.gather(*(store.claim(read, token=ids.new_id(), until=NOON + LEASE) for _ in range(4)))

    assert sorted([id_ for mine in taken for id_ in mine]) == sorted(it.id for it in waiting)


async def test_a_claim_names_the_channel_before_the_call() -> None:
    await queued(message(ADA, channels=PUSH_EMAIL))
    [read] = await store.queued(NOON, 1)

    assert await claimed(replace(read, place=1), ids.new_id())

    after = await stored(read)
    assert (after.state, after.channel, after.due) == (State.SENDING, Channel.EMAIL, NOON + LEASE)


async def test_who_read_a_message_before_it_went_to_another_channel_cannot_claim_it_any_more() -> None:
    await queued(message(ADA, channels=PUSH_EMAIL))
    [read] = await store.queued(NOON, 1)
    token = ids.new_id()
    assert await claimed(read, token)
    moved = replace(read, state=State.QUEUED, place=1, due=NOON + SECOND)
    await store.settle([moved], {read.id: attempt(Outcome.REFUSED, Channel.PUSH)}, token=token)

    assert not await claimed(read, ids.new_id())

    assert (await stored(read)).channel is Channel.EMAIL


async def test_a_settlement_under_an_old_token_changes_nothing() -> None:
    await queued(message(ADA))
    [read] = await store.queued(NOON, 1)
    old, new = ids.new_id(), ids.new_id()
    assert await claimed(read, old)
    [expired] = await store.expired(NOON + LEASE, 1)
    assert await store.claim([expired], token=new, until=NOON + LEASE * 2) == {read.id}
    before = await stored(read)

    sent = replace(read, state=State.SENT, due=None)
    await store.settle([sent], {read.id: attempt(Outcome.ACCEPTED)}, token=old)
    await store.give_back(old, due=NOON, message_ids=[read.id])

    assert await stored(read) == before
    assert before.due == NOON + LEASE * 2


async def test_a_settlement_keeps_the_attempt_and_takes_the_message_off_the_work_list() -> None:
    await queued(message(ADA))
    [read] = await store.queued(NOON, 1)
    token, accepted = ids.new_id(), replace(attempt(Outcome.ACCEPTED), provider_id="p-1")
    assert await claimed(read, token)

    await store.settle([replace(read, state=State.SENT, due=None)], {read.id: accepted}, token=token)

    assert await stored(read) == replace(read, state=State.SENT, due=None, attempts=(accepted,))
    assert await store.queued(NOON + LEASE * 9, 9) == await store.expired(NOON + LEASE * 9, 9) == []


async def test_a_claim_that_is_given_back_can_be_taken_again() -> None:
    await queued(message(ADA))
    [read] = await store.queued(NOON, 1)
    token = ids.new_id()
    assert await claimed(read, token)

    await store.give_back(token, due=NOON + SECOND, message_ids=[read.id])

    [again] = await store.queued(NOON + SECOND, 1)
    assert (again.attempts, again.place) == ((), 0)
    assert await claimed(again, ids.new_id())


async def test_only_messages_whose_lease_has_run_out_are_expired() -> None:
    await queued(message(ADA))
    [read] = await store.queued(NOON, 1)
    assert await claimed(read, ids.new_id())

    assert await store.expired(NOON + LEASE - SECOND, 9) == []
    assert [it.id for it in await store.expired(NOON + LEASE, 9)] == [read.id]
