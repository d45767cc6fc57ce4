"""Which nights are over: each program has one a day of its zone, and one that was missed is made up for."""

from datetime import date, datetime, timedelta
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from hub.database import Named
from hub.kit.local_time import instant
from hub.programs import service as programs
from hub.tiers import night

log = structlog.get_logger(__name__)

LONGEST_SLEEP: Final = timedelta(hours=1)
"""A program that is activated meanwhile waits no longer than that for its first night."""


class NightDocument(Named):
    """The last night of a program that is over. `_id` is its name, `day` the date in its zone."""

    day: str

    class Settings:
        """Where nights lie."""

        name = "nights"
        personal = None


async def spend(*, now: datetime) -> datetime:
    """Do the nights that are due, and tell when to look again. What fails is left for that, and stops no other."""
    again = now + LONGEST_SLEEP
    for program in (await programs.current()).newest_of_all():
        today = now.astimezone(program.zone).date()
        again = min(again, instant(today + timedelta(days=1), 0, program.zone))
        if await _is_over(program.name, today):
            continue
        try:
            report = await night.run(program, now=now)
        except PyMongoError:
            raise
        except Exception as error:
            log.exception("night_failed", program=program.name, error=type(error).__name__)
            continue
        log.info(
            "night_is_over",
            program=program.name,
            tiers=report.tiers,
            expired=report.expired,
            warned=report.warned,
            failed=len(report.failed),
        )
        await _note(program.name, today)
    return again


async def _is_over(program: str, day: date) -> bool:
    found = await NightDocument.find_one({"_id": program})
    return found is not None and found.day >= day.isoformat()


async def _note(program: str, day: date) -> None:
    await NightDocument.get_pymongo_collection().update_one(
        {"_id": program}, {"$max": {"day": day.isoformat()}}, upsert=True
    )
