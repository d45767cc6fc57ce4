"""Messages in doubt are counted and listed: those that may not have arrived, and those that went out twice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from hub.kit.pages import Span
from hub.messaging import doubts, feedback, store
from hub.messaging.doubts import Doubt
from hub.messaging.model import Message, State
from hub.messaging.ports import Accepted
from hub.messaging.reports import Report, ReportKind
from hub.messaging.store import MessageDocument
from hub.profiles.model import Channel
from hub.profiles.suppression import Suppressions
from hub.settings import Settings
from tests.messaging import posting
from tests.messaging.posting import NOON, Blind, Clock, message, queued, stored, to_rest

pytestmark = pytest.mark.usefixtures("database")


def delivered(one: Message, provider_id: str | None, event_id: str = "e", provider: str = "blind") -> Report:
    kind, at = ReportKind.DELIVERED, NOON + timedelta(minutes=1)
    return Report(one.id, kind, Channel.EMAIL, provider, event_id, at, provider_id=provider_id)


async def listed(doubt: Doubt, brands: Sequence[str] = ()) -> list[UUID]:
    page = await doubts.page(doubt, Span(10), brands=brands)
    return [row.id for _, row in page.rows]


@pytest.mark.parametrize(
    ("told", "twice"),
    [
        ("a-1", False),
        ("a-1.filter0001.16648", False),  # as SendGrid adds to it
        (None, False),
        ("a-2", True),
        ("a-12", True),
    ],
)
async def test_a_report_of_another_message_under_the_same_key_tells_that_it_went_out_twice(
    settings: Settings,
    clock: Clock,
    told: str | None,
    twice: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    one = await posting.queued_for_ada()
    await to_rest(await posting.dispatcher(settings, Blind([Accepted("a-1")]), clock))
    for _ in range(2):
        await feedback.take_in([delivered(one, told)], Suppressions(settings), now=NOON)

    after = await stored(one)
    assert (after.state, after.duplicated_at) == (State.DELIVERED, NOON + timedelta(minutes=1) if twice else None)
    assert await listed(Doubt.DUPLICATE) == ([one.id] if twice else [])


async def test_what_another_provider_calls_the_message_says_nothing(settings: Settings, clock: Clock) -> None:
    one = await posting.queued_for_ada()
    await to_rest(await posting.dispatcher(settings, Blind([Accepted("a-1")]), clock))
    await feedback.take_in([delivered(one, "b-1", provider="other")], Suppressions(settings), now=NOON)

    assert (await stored(one)).duplicated_at is None


async def test_doubts_are_counted_of_a_million_and_listed_by_brand_the_newest_first() -> None:
    fine = [message(UUID(int=1)) for _ in range(6)]
    old, new, acme = (message(UUID(int=1), created_at=NOON + timedelta(hours=it)) for it in range(3))
    acme = replace(acme, brand="acme")
    await queued(*fine, old, new, acme)
    lost = {"state": State.UNKNOWN.value}
    await MessageDocument.get_pymongo_collection().update_many(
        {"_id": {"$in": [it.id for it in (old, new, acme)]}}, {"$set": lost}
    )

    numbers = await doubts.numbers()

    assert (numbers.messages, numbers.unknown, numbers.duplicates) == (9, 3, 0)
    assert (round(numbers.unknown_per_million), numbers.duplicates_per_million) == (333_333, 0)
    assert await doubts.numbers(["acme"]) == doubts.Numbers(1, 1, 0)
    assert await doubts.numbers(["acme", "default"]) == doubts.Numbers(9, 3, 0)
    assert await doubts.numbers(["nobody"]) == doubts.Numbers(0, 0, 0)
    assert await listed(Doubt.UNKNOWN) == [acme.id, new.id, old.id]
    assert await listed(Doubt.UNKNOWN, ["default"]) == [new.id, old.id]
    assert doubts.Numbers(0, 0, 0).unknown_per_million == 0


@pytest.mark.parametrize(("doubt", "index"), [(Doubt.UNKNOWN, "unknown"), (Doubt.DUPLICATE, "duplicates")])
async def test_doubts_are_found_by_an_index_that_holds_nothing_else(doubt: Doubt, index: str) -> None:
    await store.queue([message(UUID(int=1))])
    plan = await (
        MessageDocument.get_pymongo_collection()
        .find(doubts._WHERE[doubt])
        .sort([("created_at", -1), ("_id", -1)])
        .limit(20)
        .explain()
    )

    assert f"'indexName': '{index}'" in str(plan["queryPlanner"]["winningPlan"])
