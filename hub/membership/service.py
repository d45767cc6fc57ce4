"""Use cases of membership: join a program once and for ever, and be announced once.

The enrolment is stored first, then announced, then marked as announced; a sweep finishes what a process has left
behind between. Merging links and moves nothing: a head is a member where one of those it absorbed is.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from pymongo.errors import PyMongoError

from hub.access.model import Caller
from hub.commerce import posters_store
from hub.commerce.posters import OtherPurpose, Poster, Purpose, Wanted
from hub.definitions import Version
from hub.events.announcing import Announcement, announce
from hub.membership import draws, store
from hub.membership.model import Enrolment, Joined, Joining, Way
from hub.profiles.model import Profile
from hub.programs import service as programs
from hub.programs.model import Program
from hub.programs.service import NoSuchProgram

log = structlog.get_logger(__name__)

JOINED: Final = "Member Joined"
EVERY_SECONDS: Final = 15.0
LATE: Final = timedelta(seconds=15)
BATCH: Final = 500


async def program_of(name: str) -> Program:
    """Give a program that one can join, as it is now.

    Raises:
        NoSuchProgram: none of this name is active.
    """
    current = await programs.current()
    version = current.newest(name)
    if version is None:
        raise NoSuchProgram(Version(name, 0), {it.name for it in current.programs})
    return current.programs[version]


async def join(
    profile: Profile,
    program: str,
    joining: Joining,
    *,
    cause: UUID,
    at: datetime,
    now: datetime,
    quietly: bool = False,
) -> Joined:
    """Make somebody a member, unless they are one already: then their enrolment stays as it is.

    Args:
        profile: a head.
        program: the name of the program.
        joining: how they join.
        cause: the key of the wish. Repeating it joins once, and gives the same answer.
        at: when they joined. What a till tells late lies in the past.
        now: the time.
        quietly: tell nobody: it is history.

    Raises:
        NoSuchProgram: none of this name is active.
    """
    await program_of(program)
    standing = await enrolment_of(profile, program)
    if standing is None:
        id_ = store.id_of(program, profile.id)
        standing = await store.insert(Enrolment(id_, program, profile.id, min(at, now), joining, cause))
    is_new = standing.cause == cause
    if is_new and quietly:
        await store.close([standing.id])
    elif is_new:
        await _tell([standing], now=now)
    return Joined(standing, is_new)


def by_poster(poster: Poster, program: str | None, consent_version: str | None, *, now: datetime) -> Joining:
    """Say how somebody joins who has scanned the code of a poster: they bring its store and campaign along.

    Args:
        poster: whose code it is.
        program: what they want to join; None for that of the poster.
        consent_version: the text of the terms that they agreed to; None for that which it shows.
        now: the time.

    Raises:
        PosterRefused: it is not in use, or not for this.
    """
    about = poster.check(Purpose.JOIN, now=now).about
    if program not in {None, about.program}:
        raise OtherPurpose
    version = consent_version or about.consent_version
    return Joining(Way.QR, about.store_id, about.campaign, consent_version=version)


async def make_poster(caller: Caller, wanted: Wanted, *, cause: UUID, now: datetime) -> Poster:
    """Make a poster of a program; see `posters_store.make`.

    Raises:
        NoSuchProgram: none of this name is active.
    """
    await program_of(wanted.program)
    return await posters_store.make(caller, wanted, cause=cause, now=now)


async def enrolment_of(profile: Profile, program: str) -> Enrolment | None:
    """Read how somebody is a member of a program; None where they are not."""
    found = (await store.of([profile.own_ids])).get(profile.own_ids, [])
    return next((it for it in found if it.program == program), None)


async def sweep(now: datetime) -> int:
    """Announce what a process has stored and not announced, and tell how many that were."""
    left = await store.left_open(before=now - LATE, limit=BATCH)
    await _tell(left, now=now)
    return len(left)


async def keep_sweeping(clock: Callable[[], datetime]) -> None:
    """Sweep until cancelled. A database that is away is waited for."""
    while True:
        try:
            await sweep(clock())
            await draws.sweep(clock())
        except PyMongoError as error:
            log.warning("membership_waits_for_database", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


async def _tell(enrolments: Sequence[Enrolment], *, now: datetime) -> None:
    if enrolments:
        await announce([announcement(it) for it in enrolments], now=now)
        await store.close([it.id for it in enrolments])


def announcement(enrolment: Enrolment) -> Announcement:
    """Say that somebody has joined, as journeys hear of it."""
    joining = enrolment.joining
    properties = {
        "program": enrolment.program,
        "way": joining.way.value,
        "store_id": joining.store_id,
        "campaign": joining.campaign,
        "associate_id": joining.associate_id,
        "consent_version": joining.consent_version,
    }
    told = {name: value for name, value in properties.items() if value is not None}
    return Announcement(JOINED, enrolment.profile_id, str(enrolment.id), enrolment.joined_at, told)
