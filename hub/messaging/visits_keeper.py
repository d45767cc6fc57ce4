"""The keeper of visits: a loop that judges them when they are over, and takes those of persons in as reports.

A report's key is made of the message and the link: judging again announces nothing twice.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from hub.messaging import feedback, store, visits, visits_store
from hub.messaging.model import Message, Outcome
from hub.messaging.reports import Report, ReportKind
from hub.messaging.visits import OPENING, Visit
from hub.profiles.model import Channel
from hub.profiles.suppression import Suppressions

log = structlog.get_logger(__name__)

BATCH: Final = 200
EVERY_SECONDS: Final = 1.0
PROVIDER: Final = "hub"
"""Who reports what the hub has seen itself."""


async def keep(suppressions: Suppressions, clock: Callable[[], datetime]) -> None:
    """Judge until cancelled. A database that is away is waited for."""
    while True:
        try:
            count = await step(suppressions, now=clock())
        except PyMongoError as error:
            log.warning("visits_wait_for_database", error=type(error).__name__)
            count = 0
        if count < BATCH:
            await asyncio.sleep(EVERY_SECONDS)


async def step(suppressions: Suppressions, *, now: datetime) -> int:
    """Judge the visits of a few messages, and tell of how many."""
    found = await visits_store.due(now, BATCH)
    messages = await store.load([message_id for message_id, _, _ in found])
    reports = [
        _report(messages[message_id], visit)
        for message_id, _, visited in found
        if message_id in messages
        for visit in visits.of_persons(visited, sent_at=_sent_at(messages[message_id]))
    ]
    if reports:
        await feedback.take_in(reports, suppressions, now=now)
    await visits_store.judged([(message_id, at) for message_id, at, _ in found])
    return len(found)


def _sent_at(message: Message) -> datetime | None:
    accepted = (it.at for it in message.attempts if it.outcome in {Outcome.ACCEPTED, Outcome.FOUND})
    return min(accepted, default=None)


def _report(message: Message, visit: Visit) -> Report:
    return Report(
        key=message.id,
        kind=ReportKind.OPENED if visit.link == OPENING else ReportKind.CLICKED,
        channel=Channel.EMAIL,
        provider=PROVIDER,
        event_id=f"{message.id} {visit.link}",
        at=visit.at,
        link=visit.link or None,
        target=visit.target,
    )
