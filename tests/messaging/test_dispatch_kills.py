"""A dispatcher that dies at any write leaves nothing unsettled and sends nothing twice."""

from itertools import product
from typing import Any
from uuid import UUID

import pytest
from pymongo.errors import AutoReconnect

from hub.decisions.store import DecisionDocument
from hub.messaging import store
from hub.messaging.dispatch import Dispatcher
from hub.messaging.model import State
from hub.messaging.ports import Senders
from hub.settings import Settings
from integrations.console.sender import ConsoleSender
from integrations.console.store import InboxDocument
from tests.killing import killed
from tests.messaging import posting
from tests.messaging.posting import LEASE, PUSH_EMAIL, Blind, Clock, Knowing, everywhere, message, stored

HALVES_OF_SENDING = 6
"""Claim, inbox, settlement: before and after each."""

pytestmark = pytest.mark.usefixtures("database")


async def work(dispatcher: Dispatcher) -> None:
    await dispatcher.sweep()
    await dispatcher.step()


async def test_whatever_write_it_dies_at_the_inbox_holds_the_message_once(settings: Settings) -> None:
    clock, inbox = Clock(), ConsoleSender(settings, InboxDocument.get_pymongo_collection())
    senders, library = Senders(inbox, inbox, inbox), await posting.library()
    profile_id = await posting.person(email="ada@example.com")
    for first, second in product(range(HALVES_OF_SENDING + 1), range(0, HALVES_OF_SENDING + 4, 2)):
        one = await posting.queued(message(profile_id, created_at=clock.now))

        # Each attempt is another process, which knows nothing of the one before.
        died = await killed(first, lambda: work(Dispatcher(settings, senders, library, clock)))
        clock.forward(LEASE)
        await killed(second, lambda: work(Dispatcher(settings, senders, library, clock)))
        clock.forward(LEASE)
        await work(Dispatcher(settings, senders, library, clock))

        rows = await InboxDocument.get_pymongo_collection().count_documents({"key": one.id})
        assert (died, rows) == (first < HALVES_OF_SENDING, 1), (first, second)
        assert (await stored(one)).state is State.SENT


@pytest.mark.parametrize(
    ("length", "state", "calls"), [(0, State.SENT, 1), (1, State.UNKNOWN, 0), (2, State.UNKNOWN, 1)]
)
async def test_where_the_provider_cannot_be_asked_what_may_have_been_sent_is_never_sent_again(
    settings: Settings, length: int, state: State, calls: int
) -> None:
    clock, sender = Clock(), Blind()
    library = await posting.library()
    one = await posting.queued(message(await posting.person(email="ada@example.com")))

    assert await killed(length, lambda: work(Dispatcher(settings, everywhere(sender), library, clock)))
    clock.forward(LEASE)
    await work(Dispatcher(settings, everywhere(sender), library, clock))

    assert ((await stored(one)).state, len(sender.calls)) == (state, calls)


async def test_who_is_not_reached_is_skipped_once_with_one_decision_whatever_write_it_dies_at(
    settings: Settings,
) -> None:
    clock, sender, library = Clock(), Knowing(), await posting.library()
    profile_id = await posting.person(phone="+4912345")
    for length in range(HALVES_OF_SENDING + 1):
        one = await posting.queued(message(profile_id, channels=PUSH_EMAIL, created_at=clock.now))

        died = await killed(length, lambda: work(Dispatcher(settings, everywhere(sender), library, clock)))
        clock.forward(LEASE)
        await work(Dispatcher(settings, everywhere(sender), library, clock))

        assert died == (length < HALVES_OF_SENDING)
        assert (await stored(one)).state is State.SKIPPED
        assert await DecisionDocument.find({"cause": str(one.id)}).count() == 1
    assert sender.calls == []


async def test_a_claim_of_which_the_database_did_not_say_whether_it_holds_is_given_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody was called under it: without this, one who cannot be asked would leave the message `unknown`."""
    clock, sender = Clock(), Blind()
    one = await posting.queued(message(await posting.person(email="ada@example.com")))
    dispatcher = Dispatcher(settings, everywhere(sender), await posting.library(), clock)
    claim = store.claim

    async def unanswered(*args: Any, **named: Any) -> set[UUID]:
        await claim(*args, **named)
        raise AutoReconnect("the line broke")

    with monkeypatch.context() as broken:
        broken.setattr(store, "claim", unanswered)
        with pytest.raises(AutoReconnect):
            await dispatcher.step()
    assert (await stored(one)).state is State.SENDING

    await dispatcher.step()

    assert ((await stored(one)).state, len(sender.calls)) == (State.SENT, 1)
