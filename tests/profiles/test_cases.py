"""Cases: a helpdesk tells of them in whatever order, and while one is open nobody advertises."""

import itertools
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from hub.events.model import Event, Kind, Trust
from hub.kit import ids
from hub.messaging.model import Message, State
from hub.profiles import cases
from hub.profiles import store as profiles_store
from hub.profiles.cases import CLOSED, OPENED, CaseDocument
from hub.profiles.model import Profile
from hub.profiles.topics import ACCOUNT, MARKETING, SERVICE
from hub.settings import Settings
from tests.messaging import posting
from tests.messaging.posting import NOON, Blind, Clock, message, queued, stored, to_rest

pytestmark = pytest.mark.usefixtures("database")

MINUTE = timedelta(minutes=1)


def told(profile_id: UUID, name: str, minute: int, case_id: object = "c-1", trust: Trust = Trust.SERVER) -> Event:
    return Event(
        id=ids.new_id(),
        source="desk",
        trust=trust,
        kind=Kind.TRACK,
        name=name,
        user_id="ada",
        anonymous_id=None,
        properties={"case_id": case_id},
        traits={},
        context={},
        at=NOON + minute * MINUTE,
        accepted_at=NOON,
        profile_id=profile_id,
        seq=1,
    )


async def project(events: Sequence[Event]) -> None:
    await cases.project(events, {}, now=NOON)


async def is_open(profile_id: UUID) -> bool:
    return bool(await cases.with_open([Profile(profile_id)]))


async def test_a_case_is_open_if_it_was_opened_later_than_closed_whatever_is_heard_first() -> None:
    story = [(OPENED, 0), (CLOSED, 5), (OPENED, 9)]
    for length in range(1, len(story) + 1):
        for number, order in enumerate(itertools.permutations(story[:length])):
            ada = ids.new_id()
            for name, minute in [*order, order[0]]:  # and one of them twice
                await project([told(ada, name, minute, f"c-{length}-{number}")])

            assert await is_open(ada) is (length != 2), order


async def test_of_several_cases_one_that_is_open_is_enough() -> None:
    ada = ids.new_id()
    await project([told(ada, OPENED, 0, "a"), told(ada, OPENED, 0, "b"), told(ada, CLOSED, 1, "a")])
    assert await is_open(ada)

    await project([told(ada, CLOSED, 2, "b")])
    assert not await is_open(ada)


@pytest.mark.parametrize(
    "told_by", [{"trust": Trust.CLIENT}, {"case_id": 7}, {"case_id": ""}, {"case_id": "x" * 256}, {"case_id": None}]
)
async def test_a_client_and_a_case_without_an_id_open_nothing(told_by: dict[str, object]) -> None:
    ada = ids.new_id()
    await project([told(ada, OPENED, 0, **told_by)])  # type: ignore[arg-type]  # whatever a source may say

    assert await CaseDocument.count() == 0


async def test_while_a_persons_case_is_open_promotions_are_deferred_with_reason_open_case_receipts_and_codes_are_not(
    settings: Settings,
) -> None:
    clock = Clock()
    ada, absorbed = await posting.ada(), await posting.ada()
    profiles = profiles_store.ProfileDocument.get_pymongo_collection()
    await profiles.update_one({"_id": absorbed}, {"$set": {"absorbed_by": ada}})
    await profiles.update_one({"_id": ada}, {"$set": {"members": [absorbed]}})
    await project([told(absorbed, OPENED, 0)])
    worker = await posting.dispatcher(settings, Blind(), clock)
    promotion, receipt, code = (message(ada, topic=it) for it in (MARKETING, SERVICE, ACCOUNT))
    await queued(promotion, receipt, code)
    await to_rest(worker)

    assert await states(promotion, receipt, code) == [
        (State.DEFERRED, "open_case"),
        (State.SENT, None),
        (State.SENT, None),
    ]

    await project([told(absorbed, CLOSED, 30)])
    clock.forward(timedelta(hours=2))
    await to_rest(worker)

    assert await states(promotion) == [(State.SENT, None)]


async def states(*messages: Message) -> list[tuple[State, str | None]]:
    return [(it.state, it.reason) for it in [await stored(one) for one in messages]]
