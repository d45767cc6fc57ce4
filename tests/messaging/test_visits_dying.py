"""Whoever judges visits may die at any write: each is announced once all the same."""

from datetime import timedelta

import pytest

from hub.events.store import EventDocument
from hub.messaging import visits_keeper, visits_store
from hub.messaging.model import Outcome, State
from hub.messaging.store import MessageDocument
from hub.messaging.visits import OPENING, Sign, Visit
from hub.messaging.visits_store import VisitsDocument
from hub.profiles.suppression import Suppressions
from hub.settings import Settings
from tests.killing import killed
from tests.messaging import posting
from tests.messaging.posting import NOON, message, stored

pytestmark = pytest.mark.usefixtures("database")

MINUTE = timedelta(minutes=1)


async def test_whatever_write_it_dies_at_a_click_and_an_opening_are_announced_once(settings: Settings) -> None:
    suppressions, length, died = Suppressions(settings), 0, True
    while died:
        one = await posting.queued(message(await posting.person(email="ada@example.com"), event_id=None))
        sent = {"state": State.SENT, "due": None, "attempts": [_accepted()]}
        await MessageDocument.get_pymongo_collection().update_one({"_id": one.id}, {"$set": sent})
        for link in (OPENING, 1, 1):
            await visits_store.add(one.id, Visit(link, NOON + MINUTE, Sign.PERSON, "https://a.example"))

        died = await killed(length, lambda: visits_keeper.step(suppressions, now=NOON + 2 * MINUTE))
        await killed(length // 2, lambda: visits_keeper.step(suppressions, now=NOON + 3 * MINUTE))
        await visits_keeper.step(suppressions, now=NOON + 4 * MINUTE)

        told = await EventDocument.find({"properties.message_id": str(one.id)}).to_list()
        assert sorted(it.name for it in told if it.name) == ["Message Clicked", "Message Opened"], length
        now = await stored(one)
        assert (now.state, now.clicked_at, now.opened_at) == (State.DELIVERED, NOON + MINUTE, NOON + MINUTE)
        length += 1
    assert length > 4
    assert await VisitsDocument.find({"due": {"$exists": True}}).count() == 0


def _accepted() -> dict[str, object]:
    at = {"channel": "email", "provider": "test", "at": NOON, "outcome": Outcome.ACCEPTED}
    return {**at, "provider_id": None, "detail": None}
