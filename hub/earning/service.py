"""Earning in the event path: what a batch of applied events puts into wallets, or takes out of them again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.decisions import store as decisions
from hub.earning import buying, doing, reviewing
from hub.earning.buying import Known
from hub.events.model import Event, Trust
from hub.profiles.model import Profile
from hub.programs import service as programs
from hub.programs.catalogue import NOTHING_ACTIVE, Catalogue


class _Kept:
    """What was prepared of the newest programs."""

    def __init__(self) -> None:
        self._of: Catalogue = NOTHING_ACTIVE
        self._known = Known.of(NOTHING_ACTIVE)

    def known(self, programs: Catalogue) -> Known:
        """Give it, prepared once for each activation."""
        if programs is not self._of:
            self._known, self._of = Known.of(programs), programs
        return self._known


_kept: Final = _Kept()


async def current() -> Known:
    """Give the programs that are active, and those that were, with what their rules ask: one small read."""
    return _kept.known(await programs.current())


def _is_anothers(event: Event) -> bool:
    return reviewing.is_meant(event) and not reviewing.is_believed(event)


async def earn(events: Sequence[Event], profiles: Mapping[UUID, Profile], known: Known, *, now: datetime) -> None:
    """Post what applied events earn in the programs that were active when it happened. Repeating it changes nothing.

    Only a server's word earns, as a till's, and of reviews only the hub's own. The same from others is a decision,
    `untrusted_source`. What stood in a file earns where the program says so.
    """
    doubtful = [it for it in events if it.trust is not Trust.SERVER or _is_anothers(it)]
    if refused := doing.untrusted(doubtful, known, now=now):
        await decisions.record(refused)
    await buying.earn(events, profiles, known, now=now)
    await reviewing.follow(events, profiles, known, now=now)
    await doing.earn([it for it in events if not reviewing.is_meant(it)], profiles, known, now=now)
