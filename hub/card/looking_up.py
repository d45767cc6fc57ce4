"""Looking a customer up in the shop: by a name they give or a code they show.

Who asks for names that nobody has may be trying out who is a customer: each miss stands in the audit, and after some
misses within a minute nothing is looked up any more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.access import audit, rates
from hub.access.audit import Change
from hub.access.model import Caller
from hub.kit import ids
from hub.kit.errors import TryLater
from hub.profiles import identifier_store, store
from hub.profiles.model import Identifier, Profile

MOST_MISSES: Final = 10
WITHIN: Final = timedelta(minutes=1)
MISSED: Final = "look up nobody"
"""What the audit calls a look-up that found nobody."""


class TooManyMisses(TryLater):
    """Somebody asked too often for names that nobody has."""

    code = "RATE_LIMITED"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many look-ups found nobody. Try again in {retry_after} s.", retry_after=retry_after)


@dataclass(frozen=True, slots=True)
class Found:
    """A customer who was found, and whether somebody has vouched for the name they were found by."""

    profile: Profile
    verified: bool


async def look_up(caller: Caller, named: Identifier, *, now: datetime, request_id: str) -> Found | None:
    """Find the customer who has a name; None where nobody has.

    Args:
        caller: who asks.
        named: in its look-up form.
        now: the time.
        request_id: the request, for the audit.

    Raises:
        TooManyMisses: within a minute, this caller has missed too often.
    """
    misses = ids.key_of("missed look-ups", caller.kind, caller.subject)
    # Counted as a miss before anybody looks, so that many at once learn no more than one after the other.
    if wait := await rates.count(misses, most=MOST_MISSES, within=WITHIN, now=now):
        raise TooManyMisses(wait)
    owned = (await identifier_store.owners([named])).get(named)
    head = (await store.heads([owned.profile_id])).get(owned.profile_id) if owned else None
    if owned is None or head is None:
        await audit.record(caller, Change(MISSED, named.kind.value), request_id=request_id, at=now)
        return None
    await rates.take_back(misses)
    return Found(head, verified=owned.verified)
