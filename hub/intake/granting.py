"""Granting: whoever has come to the points of a voucher that comes by itself gets it, a moment later."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from hub.commerce import reading
from hub.events.model import Event
from hub.profiles.model import Profile
from hub.vouchers import granting


async def project(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Look at everybody of whose orders something was told, or of whose points the hub has said something."""
    told = [it for it in events if it.name in reading.EVENTS or it.name.startswith("Points ")]
    heads = {head.id: head for it in told if it.profile_id and (head := profiles.get(it.profile_id))}
    if heads:
        await granting.look(heads, now=now)
