"""Project: applied events become what other rooms keep of them, such as orders and carts.

It happens between applying and routing: what is kept is there before a journey asks for it, and an event leaves the
work list only when all of it is written. Every write has a key, and all of it may be repeated.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from hub.commerce import carts_store, receipts, waiting
from hub.events.model import Event
from hub.intake import granting, loyalty, pickups, returns
from hub.intake.apply import Applied
from hub.membership import birthdays
from hub.membership import projecting as membership
from hub.profiles import cases, consents, devices
from hub.profiles.model import Profile
from hub.reviews import projecting as reviews
from hub.reviews import requesting


class Projection(Protocol):
    """Keeps what a batch of applied events, in order of seq, says of its subject."""

    async def __call__(self, events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
        """Write it, under keys. `profiles` are the heads of the events, as they now are, by their ids."""


KEEPING: Final[Sequence[Projection]] = (
    consents.project,
    devices.heard,
    cases.project,
    membership.project,
    birthdays.note,
    reviews.project,
    loyalty.project,
    returns.project,
    granting.project,
    receipts.project,
)
SETTING_OFF: Final[Sequence[Projection]] = (pickups.tell, carts_store.note, waiting.note, requesting.project)
"""Those by which somebody is told something, now or later: history does not come to them."""


async def project(applied: Applied, *, now: datetime) -> None:
    """Bring applied events to everybody who keeps something of them."""
    for projection in KEEPING:
        await projection(applied.events, applied.profiles, now=now)
    news = [it for it in applied.events if not it.is_history]
    for projection in SETTING_OFF if news else ():
        await projection(news, applied.profiles, now=now)
