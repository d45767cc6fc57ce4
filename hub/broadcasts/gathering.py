"""Gathering: profiles that turned out to be one person get one message of a broadcast, not one for each of them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from hub.decisions.model import Reason
from hub.messaging import broadcasting
from hub.messaging.model import State
from hub.messaging.store import UNSENT

REASON: Final = Reason.MERGED.value


async def gather(own_ids: Mapping[UUID, Collection[UUID]]) -> None:
    """Take back what waits for persons who have another message of the same broadcast. It may be repeated.

    Args:
        own_ids: by head, it and those it absorbed.
    """
    head_of = {own_id: head for head, members in own_ids.items() if len(members) > 1 for own_id in members}
    if not head_of:
        return
    of: defaultdict[tuple[UUID, UUID], list[tuple[UUID, State]]] = defaultdict(list)
    for broadcast_id, message_id, profile_id, state in await broadcasting.of_persons(head_of):
        if state is not State.CANCELLED:
            of[broadcast_id, head_of[profile_id]].append((message_id, state))
    for (broadcast_id, _), found in of.items():
        # The one that somebody has begun to send, else the first.
        first = next((it for it, state in found if state not in UNSENT), found[0][0])
        others = [it for it, state in found if it != first and state in UNSENT]
        if others:
            await broadcasting.take_back(broadcast_id, reason=REASON, message_ids=others)
