"""A provider is called no faster than it may be, by all workers together, and who waits for it holds nothing."""

import asyncio

import pytest

from hub.messaging.dispatch import Dispatcher
from hub.messaging.model import State
from hub.messaging.ports import Senders
from hub.messaging.rates import BucketDocument, Rates
from hub.profiles.model import Channel
from hub.settings import Settings
from tests.messaging import posting
from tests.messaging.posting import Blind, Clock, message, queued, stored

pytestmark = pytest.mark.usefixtures("database")


def rates(settings: Settings, **per_second: float) -> Rates:
    return Rates(settings.model_copy(update=per_second), posting.everywhere(Blind()))


async def age(seconds: float) -> None:
    """Let a bucket have been filled so long ago."""
    stages = [{"$set": {"at": {"$subtract": ["$at", int(seconds * 1000)]}}}]
    await BucketDocument.get_pymongo_collection().update_many({}, stages)


async def test_a_bucket_holds_a_second_and_is_filled_at_its_rate(settings: Settings) -> None:
    # A tenth of a token a second: what passes while the test runs fills nothing.
    limited = rates(settings, email_per_second=0.1)

    assert [await limited.take(Channel.EMAIL, 5), await limited.take(Channel.EMAIL, 5)] == [1, 0]

    await age(10)

    assert [await limited.take(Channel.EMAIL, 5), await limited.take(Channel.EMAIL, 5)] == [1, 0]

    await age(1_000)

    assert await limited.take(Channel.EMAIL, 5) == 1


async def test_all_workers_take_from_one_bucket(settings: Settings) -> None:
    workers = [rates(settings, email_per_second=20, sms_per_second=0.1) for _ in range(8)]

    granted = await asyncio.gather(*(it.take(Channel.SMS, 1) for it in workers))

    assert sum(granted) == 1


async def test_a_channel_without_a_limit_asks_nobody(settings: Settings) -> None:
    limited = rates(settings, sms_per_second=1)

    assert await limited.take(Channel.EMAIL, 1_000) == 1_000
    assert await BucketDocument.count() == 0


async def test_of_a_limited_channel_no_more_is_read_than_may_be_called_and_nothing_while_its_bucket_is_empty(
    settings: Settings,
) -> None:
    limited = rates(settings, sms_per_second=0.1, push_per_second=30)

    assert limited.lanes(200) == {Channel.EMAIL: 200, Channel.PUSH: 30, Channel.SMS: 1, Channel.INBOX: 200}

    await limited.take(Channel.SMS, 1)
    await limited.take(Channel.SMS, 1)

    assert limited.lanes(200) == {Channel.EMAIL: 200, Channel.PUSH: 30, Channel.INBOX: 200}


async def test_what_must_wait_for_the_provider_stays_queued_and_other_channels_go_on(
    settings: Settings, clock: Clock
) -> None:
    slow, quick = Blind(), Blind()
    senders = Senders(email=quick, push=quick, sms=slow)
    limited = settings.model_copy(update={"sms_per_second": 0.1})
    worker = Dispatcher(limited, senders, await posting.library(), clock)
    ada = await posting.ada(phone="+4917012345678")
    texts = [message(ada, channels=(Channel.SMS,)) for _ in range(3)]
    mails = [message(ada) for _ in range(3)]
    await queued(*texts, *mails)
    for _ in range(3):
        await worker.step()

    states = [(await stored(it)).state for it in [*texts, *mails]]
    assert (len(slow.calls), len(quick.calls)) == (1, 3)
    assert (states.count(State.SENT), states.count(State.QUEUED)) == (4, 2)
