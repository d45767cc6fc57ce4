"""What events say of membership: who joins, what they say of themselves, and whether they have paid."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.decisions import store as decisions
from hub.decisions.model import Decision, Reason
from hub.events import store as events_store
from hub.events.model import Event, Kind, Trust
from hub.membership import completing, service, subscriptions, texting
from hub.membership.model import Joining, Way
from hub.profiles.model import Profile
from hub.programs.service import NoSuchProgram

REQUESTED: Final = "Join Requested"
_TRUSTED: Final = subscriptions.TOLD_BY_SERVERS | {REQUESTED}
LONGEST: Final = 255


async def project(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Let those join of whom applied events say so, each once.

    What only a client says lets nobody join: its key can be read by anybody, and the program may reward who joins. What
    stood in a file is history: nobody is told of it.
    """
    for event in events:
        profile = profiles.get(event.profile_id) if event.profile_id else None
        if event.kind is not Kind.TRACK or profile is None:
            continue
        if event.name not in _TRUSTED:
            await completing.credit(event, profile, now=now)
            await texting.joined_by(event, profile, now=now)
        elif event.trust is not Trust.SERVER:
            await decisions.record([_not_believed(event, profile.id, now)])
        elif event.name == REQUESTED:
            await _requested(event, profile, now)
        else:
            await subscriptions.taken_in(event, profile, now=now)


async def _requested(event: Event, profile: Profile, now: datetime) -> None:
    said = {
        name: value[:LONGEST]
        for name in ("program", "store_id", "campaign", "associate_id", "consent_version")
        if isinstance(value := event.properties.get(name), str) and value
    }
    way = Way.STORE if "store_id" in said else Way.STAFF if "associate_id" in said else Way.APP
    program = said.pop("program", "")
    joining = Joining(Way.IMPORT if event.is_history else way, **said)
    try:
        await service.join(profile, program, joining, cause=event.id, at=event.at, now=now, quietly=event.is_history)
    except NoSuchProgram as error:
        await events_store.set_aside([(event, "no_such_program", error.message)], now=now)


def _not_believed(event: Event, profile_id: UUID, now: datetime) -> Decision:
    question = "join" if event.name == REQUESTED else "pay for a plan"
    return Decision(profile_id, question, str(event.id), Reason.UNTRUSTED_SOURCE, now, {"source": event.source})
