"""Consents, used: a person's word is written to the log, taken into their profile and announced, in this order.

When `say` answers, the word holds: from then on no gate lets pass what it forbids.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from pymongo.errors import PyMongoError

from hub.decisions import store as decisions
from hub.decisions.model import Decision, Reason
from hub.events.announcing import Announcement, announce
from hub.events.model import IMPORT, Event, Kind, Trust
from hub.kit import ids
from hub.profiles import consent, consent_store
from hub.profiles.consent import ALL, DEFAULT_BRAND, BadConsent, Consent, ConsentState, How, Standing, Subject
from hub.profiles.model import Profile
from hub.profiles.topics import MARKETING

log = structlog.get_logger(__name__)

CHANGED: Final = "Consent Changed"
EVERY_SECONDS: Final = 15.0
LATE: Final = timedelta(seconds=15)
BATCH: Final = 500

_HEARD: Final = {"Consent Granted": ConsentState.GRANTED, "Consent Withdrawn": ConsentState.WITHDRAWN}
_TICK: Final = timedelta(milliseconds=1)
"""The least time that MongoDB tells apart."""


@dataclass(frozen=True, slots=True)
class Word:
    """What is said of a subject. `version` names the text agreed to, `address_key` the address it was sent to."""

    subject: Subject
    state: ConsentState
    version: str | None = None
    address_key: str | None = None


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who brings a word: the id of a source, key or page, and the way."""

    source: str
    how: How


async def say(
    profile: Profile, words: Sequence[Word], *, by: Speaker, cause: UUID | str, now: datetime
) -> list[Consent]:
    """Let words of a person hold, before this returns. Under the same cause they are said once.

    A word said here is the person's last: it counts more than all before it, even one with a time ahead of `now`, which
    a host whose clock is wrong has written.

    Args:
        profile: a head, as it is now.
        words: at most one for a subject.
        by: who brings them.
        cause: what makes the saying repeatable.
        now: the time.

    Raises:
        BadConsent: a word cannot be meant. None is said.
    """
    said = [
        Consent(
            id=ids.key_of("consent", profile.id, cause, word.subject.key),
            profile_id=profile.id,
            subject=consent.checked(word.subject, word.state),
            standing=Standing(word.state, _last_word(profile, word.subject, now), by.source, by.how, word.version),
            address_key=word.address_key,
        )
        for word in words
    ]
    return await record(said, now=now)


async def record(said: Sequence[Consent], *, now: datetime) -> list[Consent]:
    """Write words to the log, take them into their profiles and announce them. It may be repeated.

    Returns:
        The words that stand under their keys.
    """
    if not said:
        return []
    standing = await consent_store.append(said)
    await _take_in(standing, now)
    return standing


async def project(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Take in what applied events say of consent: `Consent Granted` and `Consent Withdrawn`.

    Anybody who holds a client key can name any address: its source may withdraw, and never grant.
    """
    del profiles  # each is read again where its consents are changed
    heard = [it for it in events if it.kind is Kind.TRACK and it.name in _HEARD and it.profile_id is not None]
    await decisions.record([_not_believed(it, now) for it in heard if not _believed(it)])
    await record([said for it in heard if _believed(it) and (said := _said_in(it)) is not None], now=now)


async def sweep(now: datetime) -> int:
    """Finish what a process has left behind between log and profile, and tell how many words it was."""
    left = await consent_store.left_open(before=now - LATE, limit=BATCH)
    await _take_in(left, now)
    return len(left)


async def keep_sweeping(clock: Callable[[], datetime]) -> None:
    """Sweep until cancelled. A database that is away is waited for."""
    while True:
        try:
            await sweep(clock())
        except PyMongoError as error:
            log.warning("consents_wait_for_database", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


async def _take_in(said: Sequence[Consent], now: datetime) -> None:
    by_profile: defaultdict[UUID, list[Consent]] = defaultdict(list)
    for it in said:
        by_profile[it.profile_id].append(it)
    for profile_id, words in by_profile.items():
        # What stood in a file is no news: nobody is told that it has changed, so that they are sorted anew by it.
        news = [it for it in words if it.standing.source != IMPORT.id]
        if await consent_store.take_in(profile_id, words, quietly=len(news) < len(words)):
            await announce([_announcement(it) for it in news], now=now)
    await consent_store.close([it.id for it in said])


def _last_word(profile: Profile, subject: Subject, now: datetime) -> datetime:
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    latest = consent.latest_of(profile.consents, subject)
    return now if latest is None else max(now, latest + _TICK)


def _believed(event: Event) -> bool:
    return event.trust is Trust.SERVER or _HEARD[event.name] is ConsentState.WITHDRAWN


def _said_in(event: Event) -> Consent | None:
    """Read a consent out of an event. What is left out is the usual of a grant, and all of a withdrawal."""
    if event.profile_id is None:
        return None
    state = _HEARD[event.name]
    usual = (ALL, ALL, ALL) if state is ConsentState.WITHDRAWN else (DEFAULT_BRAND, MARKETING, "")
    named = [
        _text(event.properties.get(name)) or left_out
        for name, left_out in zip(("brand", "topic", "channel"), usual, strict=True)
    ]
    try:
        subject = consent.checked(Subject(*named), state)
    except BadConsent:
        log.warning("consent_not_understood", event_id=str(event.id))
        return None
    how = How.SERVER if event.trust is Trust.SERVER else How.CLIENT
    standing = Standing(state, event.at, event.source, how, _text(event.properties.get("version")))
    return Consent(ids.key_of("consent", event.id, subject.key), event.profile_id, subject, standing)


def _text(value: object) -> str | None:
    return value[:200] if isinstance(value, str) and value else None


def _announcement(said: Consent) -> Announcement:
    return Announcement(
        name=CHANGED,
        profile_id=said.profile_id,
        cause=str(said.id),
        at=said.standing.at,
        properties={
            "brand": said.subject.brand,
            "topic": said.subject.topic,
            "channel": said.subject.channel,
            "state": said.standing.state.value,
            "how": said.standing.how.value,
        },
    )


def _not_believed(event: Event, now: datetime) -> Decision:
    if event.profile_id is None:
        raise ValueError(f"Event {event.id} has no profile.")
    return Decision(
        profile_id=event.profile_id,
        question="grant consent",
        cause=str(event.id),
        reason=Reason.UNTRUSTED_SOURCE,
        at=now,
        detail={"source": event.source},
    )
