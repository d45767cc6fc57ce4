"""What applied events do in the programs that are active: they earn, keep points alive, and move tiers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from hub.earning import service as earning
from hub.events.model import Event
from hub.profiles.model import Profile
from hub.tiers import idling
from hub.tiers import service as tiers


async def project(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Bring events into the programs, which are read once for all of it. Without any, that is all it costs."""
    known = await earning.current()
    if not known.programs.activations:
        return
    await earning.earn(events, profiles, known, now=now)
    await idling.keep_alive(events, profiles, known.programs, now=now)
    await tiers.follow(events, profiles, known.programs, now=now)
