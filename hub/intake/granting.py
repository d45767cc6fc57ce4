"""Granting: whoever has come to the points of a voucher that comes by itself gets it, a moment later."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from hub.events.model import Event
from hub.profiles.model import Profile
from hub.vouchers import granting


async def project(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Look at everybody of whom something was heard. What the hub says of their points is an event too."""
    heads = {head.id: head for it in events if it.profile_id and (head := profiles.get(it.profile_id))}
    if heads:
        await granting.look(heads, now=now)
