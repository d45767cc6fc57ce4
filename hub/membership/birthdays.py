"""Birthdays of members: one event a year, on their own date, to which programs and journeys give something.

A day is remembered for each member, with the last time that it was told. Two times are 365 days apart at least, so that
changing the birthday brings no second one. It is decided first and announced after: who dies in between is found by the
next look.
"""

import asyncio
import calendar
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from pymongo import IndexModel, UpdateOne
from pymongo.errors import PyMongoError

from hub.database import Keyed, Row
from hub.events.announcing import Announcement, announce
from hub.events.model import Event
from hub.kit import ids, local_time
from hub.membership import store
from hub.profiles import fields
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.seal import Personal
from hub.settings import LeapDay

log = structlog.get_logger(__name__)

BIRTHDAY: Final = "Member Birthday"
APART: Final = timedelta(days=365)
LATEST: Final = timedelta(days=7)
"""A hub that stood still tells of a birthday so much later, and of an earlier one no more."""
BATCH: Final = 500
EVERY_SECONDS: Final = 60.0
_FEBRUARY_29: Final = (2, 29)


class BirthdayDocument(Keyed):
    """When to look at a member again. `last` is the day that was told last, `telling` that which is being told."""

    profile_id: UUID
    due: datetime
    last: str | None
    telling: str | None

    class Settings:
        """Where they lie and how those are found that are due."""

        name = "birthdays"
        personal = Personal("profile_id", ("last",))
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("due", 1)], name="due"),
            IndexModel([("profile_id", 1)], name="profile"),
        ]


async def note(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Look soon at whose birthday is told, or who has joined: the rest is decided there. It may be repeated."""
    heads = {
        head.id
        for event in events
        if event.profile_id and (head := profiles.get(event.profile_id)) and fields.BIRTHDAY in head.traits
        if fields.BIRTHDAY in event.traits or (event.about and event.name in _TELLING)
    }
    updates = [
        UpdateOne(
            {"_id": _key(it)},
            {"$set": {"due": now}, "$setOnInsert": {"profile_id": it, "last": None, "telling": None}},
            upsert=True,
        )
        for it in heads
    ]
    if updates:
        await BirthdayDocument.get_pymongo_collection().bulk_write(updates, ordered=False)


_TELLING: Final = frozenset({fields.CHANGED, "Member Joined", "Profile Merged"})


async def step(leap: LeapDay, *, now: datetime) -> int:
    """Tell of the birthdays of those who are due, and say when to look at them again. Tells how many were due."""
    found = BirthdayDocument.get_pymongo_collection().find({"due": {"$lte": now}})
    rows = await found.sort("due", 1).limit(BATCH).to_list()
    heads = await profiles_store.heads([row["profile_id"] for row in rows])
    for row in rows:
        head = heads.get(row["profile_id"])
        if head is None or head.id != row["profile_id"]:
            # Erased, or part of somebody else, who has a row of their own. What it told last is remembered.
            await _write(row, {"due": _NEVER})
            if head is not None:
                await note_head(head.id, now=now)
        else:
            await _look(row, head, leap, now)
    return len(rows)


async def note_head(profile_id: UUID, *, now: datetime) -> None:
    """Have a row for somebody who has absorbed a member."""
    await BirthdayDocument.get_pymongo_collection().update_one(
        {"_id": _key(profile_id)},
        {"$setOnInsert": {"profile_id": profile_id, "due": now, "last": None, "telling": None}},
        upsert=True,
    )


async def _look(row: Row, head: Profile, leap: LeapDay, now: datetime) -> None:
    zone = local_time.zone_of(head.zone or "") or ZoneInfo("UTC")
    if row["telling"] is None:
        today, since = (it.astimezone(zone).date() for it in (now, row["due"]))
        day = await _to_tell(head, leap, today, since)
        if day is not None:
            if not await _write(row, {"last": day, "telling": day}):
                return  # somebody else is at it
            row = {**row, "last": day, "telling": day}
    if row["telling"] is not None:
        await _tell(head, row["telling"], now)
    due = next_due(born(head), leap, after=now, zone=zone)
    await _write(row, {"due": due or _NEVER, "telling": None})


async def _to_tell(head: Profile, leap: LeapDay, today: date, since: date) -> str | None:
    """Give the birthday that is to be told now, as its date; None where there is none, or was one within 365 days.

    One that is over is told only where it was to be looked at `since` then: nobody has a birthday yesterday.
    """
    day = last_birthday(born(head), leap, today)
    if day is None or today - day > LATEST or since > day or not await store.of([head.own_ids]):
        return None
    rows = BirthdayDocument.get_pymongo_collection().find({"profile_id": {"$in": list(head.own_ids)}}, {"last": 1})
    told = [date.fromisoformat(row["last"]) async for row in rows if row["last"]]
    return day.isoformat() if all(day - it >= APART for it in told) else None


async def _tell(head: Profile, day: str, now: datetime) -> None:
    enrolled = (await store.of([head.own_ids])).get(head.own_ids, [])
    properties = {"day": day, "programs": [it.program for it in enrolled]}
    await announce([Announcement(BIRTHDAY, head.id, f"birthday {day}", now, properties)], now=now)


def born(profile: Profile) -> date | None:
    """Tell when somebody was born, by what their profile says; None where it says no day."""
    said = profile.traits.get(fields.BIRTHDAY)
    try:
        return date.fromisoformat(said[:10]) if isinstance(said, str) else None
    except ValueError:
        return None


def last_birthday(day: date | None, leap: LeapDay, today: date) -> date | None:
    """Give the last birthday up to a date, that date included; the day of birth itself is none."""
    if day is None:
        return None
    found = [it for year in (today.year, today.year - 1) if day < (it := _in(day, year, leap)) <= today]
    return max(found, default=None)


def next_due(day: date | None, leap: LeapDay, *, after: datetime, zone: ZoneInfo) -> datetime | None:
    """Give the midnight, where the member is, at which their next birthday begins."""
    if day is None:
        return None
    year = after.astimezone(zone).year
    midnights = [local_time.instant(_in(day, it, leap), 0, zone) for it in (year, year + 1)]
    return min(it.astimezone(UTC) for it in midnights if it > after)


def _in(day: date, year: int, leap: LeapDay) -> date:
    if (day.month, day.day) == _FEBRUARY_29 and not calendar.isleap(year):
        return date(year, 2, 28) if leap is LeapDay.FEBRUARY_28 else date(year, 3, 1)
    return day.replace(year=year)


async def keep(leap: LeapDay, clock: Callable[[], datetime]) -> None:
    """Do it until cancelled. A database that is away is waited for."""
    while True:
        try:
            worked = await step(leap, now=clock())
        except PyMongoError as error:
            log.warning("birthdays_wait_for_database", error=type(error).__name__)
            worked = 0
        if worked < BATCH:
            await asyncio.sleep(EVERY_SECONDS)


_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


async def _write(row: Row, changes: Mapping[str, Any]) -> bool:
    """Change a row that is still as it was read."""
    as_read = {name: row[name] for name in ("due", "last", "telling")}
    done = await BirthdayDocument.get_pymongo_collection().update_one(
        {"_id": row["_id"], **as_read}, {"$set": dict(changes)}
    )
    return done.matched_count == 1


def _key(profile_id: UUID) -> UUID:
    return ids.key_of("birthday", profile_id)
