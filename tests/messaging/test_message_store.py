import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
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


def lanes(most: int) -> dict[Channel, int]:
    return dict.fromkeys(Channel, most)


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

    assert [it.id for it in await store.queued(NOON, lanes(10))] == [early.id]
    assert [it.id for it in await store.queued(NOON + SECOND, lanes(10))] == [early.id, late.id]
    assert [it.id for it in await store.queued(NOON + SECOND, lanes(1))] == [early.id]


async def test_of_those_that_are_due_the_ones_that_matter_most_are_read_first() -> None:
    newsletter, code = message(ADA, priority=10), message(ADA, priority=100, created_at=NOON + SECOND)
    await store.queue([newsletter, code])

    assert [it.id for it in await store.queued(NOON + SECOND, lanes(10))] == [code.id, newsletter.id]
    assert [it.id for it in await store.queued(NOON + SECOND, lanes(1))] == [code.id]


async def test_as_many_are_read_of_each_channel_as_may_be() -> None:
    texts = [message(ADA, channels=(Channel.SMS,)) for _ in range(3)]
    mails = [message(ADA) for _ in range(3)]
    await store.queue([*texts, *mails])

    read = await store.queued(NOON, {Channel.EMAIL: 10, Channel.SMS: 2})

    assert [it.channel for it in read].count(Channel.SMS) == 2
    assert {it.id for it in read if it.channel is Channel.EMAIL} == {it.id for it in mails}
    assert await store.queued(NOON, {}) == []


async def test_a_message_from_before_there_were_lanes_is_found_once_it_has_one() -> None:
    old = await queued(message(ADA, channels=PUSH_EMAIL))
    collection = MessageDocument.get_pymongo_collection()
    await collection.update_one({"_id": old.id}, {"$set": {"place": 1}, "$unset": {"lane": "", "priority": ""}})

    assert await store.queued(NOON, lanes(1)) == []

    await store.put_in_lanes()

    assert [it.channel for it in await store.queued(NOON, {Channel.EMAIL: 1})] == [Channel.EMAIL]


def stages_of(plan: Mapping[str, Any]) -> set[tuple[str, str | None]]:
    """List the stages of a plan, each with the index that it reads."""
    below = [*plan.get("inputStages", ()), *filter(None, [plan.get("inputStage")])]
    return {(plan["stage"], plan.get("indexName")), *(it for part in below for it in stages_of(part))}


async def test_the_work_lists_are_read_from_their_indexes_in_their_order() -> None:
    await queued(message(ADA))
    collection = MessageDocument.get_pymongo_collection()
    waiting = {"state": {"$in": store.WAITING}, "lane": {"$in": ["email", "sms"]}, "due": {"$lte": NOON}}
    expired = {"state": State.SENDING, "due": {"$lte": NOON}}

    to_send = await collection.find(waiting).sort([("priority", -1), ("due", 1)]).limit(200).explain()
    to_settle = await collection.find(expired).sort("due", 1).limit(200).explain()

    assert stages_of(to_send["queryPlanner"]["winningPlan"]) == {
        ("LIMIT", None),
        ("FETCH", None),
        ("SORT_MERGE", None),
        ("IXSCAN", "lanes"),
    }
    assert stages_of(to_settle["queryPlanner"]["winningPlan"]) == {("LIMIT", None), ("FETCH", None), ("IXSCAN", "work")}


async def test_a_claim_is_exclusive() -> None:
    waiting = [message(ADA) for _ in range(20)]
    await store.queue(waiting)
    read = await store.queued(NOON, lanes(20))

    taken = await asyncio.gather(*(store.claim(read, token=ids.new_id(), until=NOON + LEASE) for _ in range(4)))

    assert sorted([id_ for mine in taken for id_ in mine]) == sorted(it.id for it in waiting)


async def test_a_claim_names_the_channel_before_the_call() -> None:
    await queued(message(ADA, channels=PUSH_EMAIL))
    [read] = await store.queued(NOON, lanes(1))

    assert await claimed(replace(read, place=1), ids.new_id())

    after = await stored(read)
    assert (after.state, after.channel, after.due) == (State.SENDING, Channel.EMAIL, NOON + LEASE)


async def test_who_read_a_message_before_it_went_to_another_channel_cannot_claim_it_any_more() -> None:
    await queued(message(ADA, channels=PUSH_EMAIL))
    [read] = await store.queued(NOON, lanes(1))
    token = ids.new_id()
    assert await claimed(read, token)
    moved = replace(read, state=State.QUEUED, place=1, due=NOON + SECOND)
    await store.settle([moved], {read.id: attempt(Outcome.REFUSED, Channel.PUSH)}, token=token)

    assert not await claimed(read, ids.new_id())

    assert (await stored(read)).channel is Channel.EMAIL


async def test_a_settlement_under_an_old_token_changes_nothing() -> None:
    await queued(message(ADA))
    [read] = await store.queued(NOON, lanes(1))
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
    [read] = await store.queued(NOON, lanes(1))
    token, accepted = ids.new_id(), replace(attempt(Outcome.ACCEPTED), provider_id="p-1")
    assert await claimed(read, token)

    await store.settle([replace(read, state=State.SENT, due=None)], {read.id: accepted}, token=token)

    assert await stored(read) == replace(read, state=State.SENT, due=None, attempts=(accepted,))
    assert await store.queued(NOON + LEASE * 9, lanes(9)) == await store.expired(NOON + LEASE * 9, 9) == []


async def test_of_those_settled_as_sent_together_each_keeps_the_answer_of_its_own_call() -> None:
    token, other = ids.new_id(), ids.new_id()
    mine = [message(ids.new_id()) for _ in range(3)]
    theirs = message(ids.new_id())
    await queued(*mine, theirs)
    read = [replace(it, due=NOON) for it in (*mine, theirs)]
    await store.claim(read[:3], token=token, until=NOON + LEASE)
    await store.claim(read[3:], token=other, until=NOON + LEASE)
    before = attempt(Outcome.NOT_SENT)
    await store.settle([replace(mine[0], state=State.SENDING, due=NOON + LEASE)], {mine[0].id: before}, token=token)
    await store.claim([replace(mine[0], state=State.SENDING, due=NOON + LEASE)], token=token, until=NOON + LEASE)
    answers = [replace(attempt(Outcome.ACCEPTED), provider_id=f"$id {place}") for place in range(4)]

    await store.settle_sent({it.id: made for it, made in zip((*mine, theirs), answers, strict=True)}, token=token)

    after = [await stored(it) for it in (*mine, theirs)]
    assert [(it.state, it.due) for it in after] == [(State.SENT, None)] * 3 + [(State.SENDING, NOON + LEASE)]
    assert [it.attempts for it in after] == [(before, answers[0]), (answers[1],), (answers[2],), ()]


async def test_a_claim_that_is_given_back_can_be_taken_again() -> None:
    await queued(message(ADA))
    [read] = await store.queued(NOON, lanes(1))
    token = ids.new_id()
    assert await claimed(read, token)

    await store.give_back(token, due=NOON + SECOND, message_ids=[read.id])

    [again] = await store.queued(NOON + SECOND, lanes(1))
    assert (again.attempts, again.place) == ((), 0)
    assert await claimed(again, ids.new_id())


async def test_only_messages_whose_lease_has_run_out_are_expired() -> None:
    await queued(message(ADA))
    [read] = await store.queued(NOON, lanes(1))
    assert await claimed(read, ids.new_id())

    assert await store.expired(NOON + LEASE - SECOND, 9) == []
    assert [it.id for it in await store.expired(NOON + LEASE, 9)] == [read.id]
