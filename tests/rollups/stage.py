"""Definitions, events and profiles for the tests of rollups."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from hub.database import Database
from hub.definitions import Version
from hub.events.model import Event, Kind, Source, Trust
from hub.events.store import EventDocument
from hub.intake import backfill, keeper, parts
from hub.intake.accept import accept
from hub.intake.parts import RouterDocument
from hub.intake.ringer import Ringer
from hub.intake.router import Router
from hub.intake.standing import Definitions
from hub.kit import ids
from hub.profiles.model import Profile
from hub.profiles.store import profile_of
from hub.rollups import language, service
from hub.rollups.catalogue import Catalogue
from hub.rollups.model import Rollup
from tests.intake.inflow import SHOP, Silence

NOON: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY: Final = timedelta(days=1)
SPEND: Final = """\
rollup: spend
event: Order Completed
where: properties.currency = "EUR"
value: properties.total
windows: [lifetime, 7d, 30d]
"""
VISITS: Final = """\
rollup: visits
event: [Page Viewed, Screen Viewed]
"""


def rollup(source: str = SPEND) -> Rollup:
    definition = language.read(source, rollups=())
    assert isinstance(definition, Rollup)
    return definition


def event(name: str, *, days_ago: float = 0, trust: Trust = Trust.SERVER, **properties: Any) -> Event:
    """Something that happened so many days before NOON."""
    at = NOON - days_ago * DAY
    return Event(
        id=ids.new_id(),
        source="shop",
        trust=trust,
        kind=Kind.TRACK,
        name=name,
        user_id="ada",
        anonymous_id=None,
        properties=properties,
        traits={},
        context={},
        at=at,
        accepted_at=at,
    )


def order(total: object = 10, *, days_ago: float = 0, currency: str = "EUR", **properties: Any) -> Event:
    return event("Order Completed", days_ago=days_ago, total=total, currency=currency, **properties)


def catalogue(*sources: str) -> Catalogue:
    """A catalogue of these definitions, each the first version of its name."""
    names = [line.split(": ")[1] for source in sources for line in source.splitlines() if line.startswith("rollup: ")]
    read = [language.read(source, rollups=names) for source in sources]
    return Catalogue.of([(Version(it.name, 1), it) for it in read], edition=len(sources))


class Shop:
    """A shop at a time that a test chooses, its events routed by a router without a bell."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOON - 400 * DAY
        self.said = 0
        self.router = self.another_router("first")

    def another_router(self, name: str) -> Router:
        return Router(name, Ringer(Silence()), lambda: self.now)

    async def say(self, name: str, *, user: str = "ada", source: Source = SHOP, **fields: Any) -> None:
        """Accept a call about something that happens now."""
        await self._accept(source, {"type": "track", "event": name, "userId": user, **fields})

    async def identify(self, *, user: str | None = "ada", source: Source = SHOP, **fields: Any) -> None:
        """Accept a call that says who somebody is."""
        self.now += timedelta(seconds=1)
        await self._accept(source, {"type": "identify", "userId": user, **fields})

    async def _accept(self, source: Source, call: Mapping[str, Any]) -> None:
        self.said += 1
        said = msgspec.json.encode({**call, "messageId": f"m{self.said}"})
        receipt = await accept(source, [said], now=self.now)
        assert not receipt.refused

    async def order(self, total: object = 10, *, user: str = "ada", **properties: Any) -> None:
        self.now += timedelta(seconds=1)
        about = {"order_id": f"{user}-{self.said}", "total": total, "currency": "EUR", **properties}
        await self.say("Order Completed", user=user, properties=about)

    async def route(self) -> None:
        """Route until nothing is left, as the only router."""
        await RouterDocument.get_pymongo_collection().delete_many({})
        last = self.another_router("last")
        while await last.step():
            pass
        await parts.give_back("last")

    async def bought(self, *totals: object, user: str = "ada") -> None:
        """Orders that are routed one after the other."""
        for total in totals:
            await self.order(total, user=user)
            await self.route()

    async def day(self, days: float) -> None:
        """Let time pass, and have the keeper and the router do what is due."""
        self.now += days * DAY
        await self.kept()

    async def kept(self) -> None:
        defined = await Definitions().current()
        while await keeper.move(defined, now=self.now):
            pass
        await self.route()

    async def filled(self) -> None:
        defined = await Definitions().current()
        while await backfill.step(defined, now=self.now):
            pass

    async def publish(self, *sources: str) -> None:
        for source in sources:
            await service.publish(source, by="test", key=source, now=self.now)

    async def profile(self, user: str = "ada") -> Profile:
        owner = await self.database["identifiers"].find_one({"kind": "user", "value": user})
        assert owner is not None
        row = await self.database["profiles"].find_one({"_id": owner["profile_id"]})
        assert row is not None
        return profile_of(row)

    async def announced(self, user: str = "ada") -> list[tuple[str | None, str | None]]:
        """The stages from and to which this customer was said to have passed, in their order."""
        about = (await self.profile(user)).id
        found = EventDocument.get_pymongo_collection().find({"name": "Stage Changed", "about": about}).sort("at", 1)
        return [(row["properties"]["from"], row["properties"]["to"]) async for row in found]


async def together(*work: Any) -> None:
    await asyncio.gather(*work)
